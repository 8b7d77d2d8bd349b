package k8s_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// agents are the ways in which the agent comes.
var agents = map[string]func(*k8s.Executor){"ImageVolume": (*k8s.Executor).AgentByVolume, "Copy": (*k8s.Executor).AgentByCopy}

// leaving is a shell script that leaves files that are output parameters named after them.
func leaving(script string, files ...string) spec.Template {
	t := shell(script)
	for _, f := range files {
		t.Outputs.Parameters = append(t.Outputs.Parameters, spec.Parameter{
			Name: f[strings.LastIndexByte(f, '/')+1:], ValueFrom: &spec.ValueFrom{Path: f},
		})
	}
	return t
}

// wanting is a task whose standard output is used.
func wanting(t spec.Template) *executor.Task {
	task := newTask(newRun(spec.WorkflowSpec{}), "a", t)
	task.WantResult = true
	return task
}

func TestHostileFiles(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	for name, tc := range map[string]struct {
		script string
		// want is the value, or err a part of the error.
		want, err string
	}{
		"symlink out":     {"ln -s /etc/passwd /out/v", "", "outputs.parameters[v]"},
		"symlink to dir":  {"mkdir /d && ln -s /d /out/v", "", "outputs.parameters[v]"},
		"FIFO":            {"mkfifo /out/v", "", "outputs.parameters[v]"},
		"device":          {"mknod /out/v c 1 5", "", "outputs.parameters[v]"},
		"directory":       {"mkdir /out/v", "", "outputs.parameters[v]"},
		"missing":         {"true", "", "outputs.parameters[v]"},
		"empty":           {": > /out/v", "", ""},
		"as long as may":  {"head -c 262144 /dev/zero | tr '\\0' x > /out/v", strings.Repeat("x", 256<<10), ""},
		"too long":        {"head -c 262145 /dev/zero | tr '\\0' x > /out/v", "", "outputs.parameters[v]"},
		"not UTF-8":       {"printf '\\377\\000\\376' > /out/v", "\xff\x00\xfe", ""},
		"does not shrink": {summed("190000") + " > /out/v", "=", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := newTask(newRun(spec.WorkflowSpec{}), "a", leaving(tc.script, "/out/v"))
			result, err := execute(t, x, task).end()
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.ErrorContains(t, err, "/out/v")
				var lost *executor.LostError
				assert.False(t, errors.As(err, &lost), "it is of no use to run it again")
				return
			}
			require.NoError(t, err)
			got, ok := result.Output("v")
			require.True(t, ok)
			if tc.want == "=" {
				requireSummed(t, got)
				return
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// summed is a shell command that prints text that does not shrink, of so many random bytes, and before it its digest.
func summed(bytes string) string {
	return "(head -c " + bytes + " /dev/urandom | base64 -w0 > /tmp/text; sha256sum < /tmp/text; cat /tmp/text)"
}

func requireSummed(t *testing.T, printed string) {
	digest, text, ok := strings.Cut(printed, "\n")
	require.True(t, ok)
	sum := sha256.Sum256([]byte(text))
	require.Equal(t, hex.EncodeToString(sum[:]), strings.Fields(digest)[0])
}

func TestHostilePrograms(t *testing.T) {
	c := newCluster(t, nil)
	for by, change := range agents {
		x := c.executor(k8s.Waits{}, withAgent(t)...)
		change(x)
		t.Run(by, func(t *testing.T) {
			t.Run("fork that keeps stdout", func(t *testing.T) {
				t.Parallel()
				result, err := execute(t, x, wanting(shell("sleep 10000 & echo hello"))).end()
				require.NoError(t, err)
				assert.Equal(t, "hello", *result.Result)
			})
			t.Run("own termination message", func(t *testing.T) {
				t.Parallel()
				result, err := execute(t, x, wanting(shell("echo spoilt > /dev/termination-log; echo hello; exit 3"))).end()
				require.NoError(t, err)
				assert.Equal(t, spec.Failed, result.Phase)
				assert.Equal(t, "main: Error (exit code 3)", result.Message)
				assert.Equal(t, "hello", *result.Result)
			})
			t.Run("no shell, no root, nothing to write to", func(t *testing.T) {
				t.Parallel()
				yes, user := true, int64(4321)
				result, err := execute(t, x, wanting(spec.Template{Container: &corev1.Container{
					Image: "registry.k8s.io/pause:3.10", Command: []string{"/busybox", "id", "-u"},
					SecurityContext: &corev1.SecurityContext{RunAsUser: &user, RunAsNonRoot: &yes, ReadOnlyRootFilesystem: &yes},
				}})).end()
				require.NoError(t, err)
				assert.Equal(t, "4321", *result.Result)
			})
			t.Run("little of everything for the whole Pod", func(t *testing.T) {
				t.Parallel()
				result, err := execute(t, x, wanting(with(shell("echo hello"), func(t *spec.Template) {
					t.PodResources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("60Mi"), "cpu": resource.MustParse("200m")}}
				}))).end()
				require.NoError(t, err)
				assert.Equal(t, "hello", *result.Result)
			})
			t.Run("no such command", func(t *testing.T) {
				t.Parallel()
				_, err := execute(t, x, wanting(spec.Template{Container: &corev1.Container{Image: image, Command: []string{"/no/such"}}})).end()
				require.ErrorContains(t, err, "/no/such")
			})
			t.Run("killed", func(t *testing.T) {
				t.Parallel()
				result, err := execute(t, x, wanting(shell("echo hello; kill -9 $$$$"))).end()
				require.NoError(t, err)
				assert.Equal(t, spec.Failed, result.Phase)
				assert.Equal(t, 137, *result.ExitCode)
				assert.Equal(t, "hello", *result.Result)
			})
		})
	}
}

func TestMuchOutput(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	result, err := execute(t, x, wanting(shell("yes 0123456789abcde | head -c 1000000000; echo end"))).end()
	require.NoError(t, err)
	require.NotNil(t, result.Result)
	assert.Len(t, *result.Result, 256<<10)
	assert.True(t, strings.HasSuffix(*result.Result, "\n0123456789abcde\nend"))
}

// A program that does not listen is killed when its Pod's grace period is nearly over, and what it left comes back.
func TestStubbornProgramIsKilled(t *testing.T) {
	c := newCluster(t, nil)
	x, err := k8s.FromConfig(c.config, c.namespace, withAgent(t)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.Close()) })
	stubborn := func() *executor.Task {
		return wanting(with(shell("trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"), func(t *spec.Template) {
			t.PodSpecPatch = "terminationGracePeriodSeconds: 4"
		}))
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		task := stubborn()
		call := execute(t, x, task)
		call.running()
		call.cancel(errors.New("enough"))
		_, err = call.end()
		require.EqualError(t, err, "enough")
		assert.Nil(t, c.pod(k8s.PodName(task, c.namespace)))
	})
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		template, err := stubborn().Template()
		require.NoError(t, err)
		template.ActiveDeadlineSeconds = new(intstr.FromInt32(20)) // it is to begin within them
		result, err := execute(t, x, wanting(*template)).end()
		require.NoError(t, err)
		assert.Equal(t, spec.Failed, result.Phase)
		assert.Contains(t, result.Message, "deadline")
		require.NotNil(t, result.ExitCode)
		assert.Equal(t, 137, *result.ExitCode)
		require.NotNil(t, result.Result)
		assert.Equal(t, "ready", *result.Result)
	})
}

// TestDeletedAsItEnds deletes Pods at about the time when they end: each gives its whole value, or is lost.
func TestDeletedAsItEnds(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	for i := range 6 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			task := wanting(shell(summed("100000") + "; sleep 1"))
			call := execute(t, x, task)
			call.running()
			timer := time.AfterFunc(time.Duration(900+100*i)*time.Millisecond, func() {
				_ = c.admin.CoreV1().Pods(c.namespace).Delete(c.ctx, k8s.PodName(task, c.namespace), metav1.DeleteOptions{})
			})
			defer timer.Stop()
			result, err := call.end()
			var lost *executor.LostError
			switch {
			case errors.As(err, &lost):
				t.Log(err)
			case err != nil:
				require.NoError(t, err)
			case result.Phase == spec.Succeeded:
				require.NotNil(t, result.Result)
				requireSummed(t, *result.Result)
			default:
				t.Log(result.Message)
			}
		})
	}
}

// TestValuesAreAdopted reads the values of a Pod that another process began, also if they are in the log.
func TestValuesAreAdopted(t *testing.T) {
	c := newCluster(t, nil)
	agent := withAgent(t)
	for name, size := range map[string]string{"in the status": "100", "in the log": "100000"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := wanting(shell("sleep 3; " + summed(size)))
			first := execute(t, c.executor(k8s.Waits{}, agent...), task)
			first.running()
			first.cancel(executor.ErrDetach)
			_, err := first.end()
			require.ErrorIs(t, err, executor.ErrDetach)
			results := map[string]bool{}
			for _, when := range []string{"while it runs", "after its end"} {
				result, err := execute(t, c.executor(k8s.Waits{}, agent...), task).end()
				require.NoError(t, err, when)
				requireSummed(t, *result.Result)
				results[*result.Result] = true
			}
			assert.Len(t, results, 1, "it ran once")
		})
	}
}

func TestImagesOwnCommand(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	task := wanting(spec.Template{Container: &corev1.Container{Image: "argoproj/argosay:v2", Args: []string{"echo", "$HOME is $$HOME"}}})
	result, err := execute(t, x, task).end()
	require.NoError(t, err)
	assert.Equal(t, "$HOME is $HOME", *result.Result, "args are expanded as without the agent")
	assert.Regexp(t, `^argoproj/argosay@sha256:[0-9a-f]{64}$`, c.pod(k8s.PodName(task, c.namespace)).Spec.Containers[0].Image)

	// It may not read the Secret, but everybody may have the image.
	task = wanting(spec.Template{Container: &corev1.Container{Image: "argoproj/argosay:v1", Args: []string{"echo", "hello"}}})
	task.Run.Workflow.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "my-registry"}}
	result, err = execute(t, x, task).end()
	require.NoError(t, err)
	assert.Equal(t, "hello", *result.Result)

	task = wanting(spec.Template{Container: &corev1.Container{Image: "nowhere.invalid/say"}})
	_, err = execute(t, x, task).end()
	require.ErrorContains(t, err, "name the command")
	assert.Nil(t, c.pod(k8s.PodName(task, c.namespace)))
}

// container is a node of a set that runs a shell script.
func node(name, script string, after ...string) spec.ContainerNode {
	return spec.ContainerNode{Dependencies: after,
		Container: corev1.Container{Name: name, Image: image, Command: []string{"sh", "-c", script}}}
}

func set(nodes ...spec.ContainerNode) spec.Template {
	return spec.Template{
		Volumes: []corev1.Volume{{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		ContainerSet: &spec.ContainerSet{Containers: nodes,
			VolumeMounts: []corev1.VolumeMount{{Name: "work", MountPath: "/work"}}},
	}
}

func TestContainerSets(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	file := []spec.Parameter{{Name: "v", ValueFrom: &spec.ValueFrom{Path: "/work/v"}}}
	for name, tc := range map[string]struct {
		template spec.Template
		phase    spec.Phase
		code     *int
		result   string
		message  string
		value    string
	}{
		"in order": {template: set(node("c", "cat /work/b | grep ab", "b"), node("a", "sleep 1; printf a > /work/a"),
			node("b", "(cat /work/a; printf b) > /work/b", "a")), phase: spec.Succeeded},
		"side by side": {template: set(node("a", "until [ -e /work/b ]; do sleep 0.1; done; : > /work/a"),
			node("b", ": > /work/b; until [ -e /work/a ]; do sleep 0.1; done")), phase: spec.Succeeded},
		"one fails": {template: set(node("a", "exit 3"), node("b", "exit 0"), node("main", "echo no", "a"), node("d", "exit 0", "main")),
			phase: spec.Failed, code: new(64), message: "a: Error (exit code 3)"},
		"values of main": {template: with(set(node("a", "sleep 2; echo a > /work/v"), node("main", "echo hello")),
			func(t *spec.Template) { t.Outputs.Parameters = file }), phase: spec.Succeeded, code: new(0), result: "hello", value: "a"},
		"runs again": {template: with(set(node("a", "echo x >> /work/v; test $(wc -l < /work/v) = 3"), node("main", "true", "a")),
			func(t *spec.Template) {
				t.ContainerSet.RetryStrategy = &spec.ContainerSetRetryStrategy{Retries: new(intstr.FromInt32(5)), Duration: "100ms"}
				t.Outputs.Parameters = file
			}), phase: spec.Succeeded, code: new(0), value: "x\nx\nx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := newTask(newRun(spec.WorkflowSpec{}), "a", tc.template)
			task.WantResult = tc.result != ""
			require.NoError(t, x.Check(task.Run.Workflow, []executor.Leaf{{Path: "templates[a]", Template: &tc.template, UsesResult: task.WantResult}}))
			result, err := execute(t, x, task).end()
			require.NoError(t, err)
			assert.Equal(t, tc.phase, result.Phase)
			assert.Equal(t, tc.code, result.ExitCode)
			assert.Equal(t, tc.message, result.Message)
			if tc.result != "" {
				assert.Equal(t, tc.result, *result.Result)
			}
			value, _ := result.Output("v")
			assert.Equal(t, tc.value, value)
		})
	}
}
