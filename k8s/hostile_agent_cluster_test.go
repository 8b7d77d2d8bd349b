package k8s_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// leaving is a task whose script leaves the artifact /tmp/out.
func (c *cluster) leaving(l spec.ArtifactLocation, script string) *executor.Task {
	template := shell(script)
	template.Outputs.Artifacts = []spec.Artifact{atPath("out", "/tmp/out", artifact.WithKey(l, c.namespace+"/out"))}
	return newTask(newRun(spec.WorkflowSpec{}), "leave", template)
}

// A program that meddles with what podflow keeps in its Pod has its outputs all the same, its Pod ends, and the container
// with the credentials prints nothing.
func TestProgramMeddlesInItsPod(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	location := c.bucket()
	for by, change := range agents {
		x := c.executor(k8s.Waits{}, withAgent(t)...)
		change(x)
		for name, script := range map[string]string{
			"environ":   "ln -s /proc/self/environ main/log",
			"directory": "mv main x; ln -s /proc/self main",
			"pipe":      "mkfifo main/log",
			"lock":      "rm main/lock; mkfifo main/lock",
			"gone":      "rm -r main",
			"all gone":  "rm -r *",
		} {
			t.Run(by+"/"+name, func(t *testing.T) {
				t.Parallel()
				task := c.leaving(location, "cd /podflow/run; "+script+"; echo hello > /tmp/out; echo result")
				task.WantResult = true
				result, err := execute(t, x, task).end()
				require.NoError(t, err)
				assert.Equal(t, spec.Succeeded, result.Phase, result.Message)
				assert.Equal(t, "result", *result.Result)
				assert.Len(t, result.Artifacts, 1)
				p := c.untilPod(k8s.PodName(task, c.namespace), func(p *corev1.Pod) bool {
					return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
				})
				assert.Equal(t, corev1.PodSucceeded, p.Status.Phase)
				log, err := c.admin.CoreV1().Pods(c.namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: protocol.OutputsContainer}).DoRaw(c.ctx)
				require.NoError(t, err)
				assert.Empty(t, string(log))
			})
		}
	}
}

// inOneProcessSpace is a task whose containers share their processes.
func inOneProcessSpace(task *executor.Task, user *int64) *executor.Task {
	template, _ := task.Template()
	template.PodSpecPatch = "shareProcessNamespace: true"
	template.Container.SecurityContext = &corev1.SecurityContext{RunAsUser: user}
	return task
}

// outputsPID finds the process of the container that stores outputs, once it listens.
const outputsPID = "until test -S /podflow/run/podflow-outputs/socket; do sleep 0.1; done; " +
	"for p in /proc/[0-9]*; do grep -qz '^outputs$' $p/cmdline && pid=${p#/proc/}; done; "

func TestSecretsInSharedProcesses(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	location := c.bucket()
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	for name, user := range map[string]*int64{"root": nil, "the same user": new(int64(1234))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := inOneProcessSpace(c.leaving(location, outputsPID+"cat /proc/$pid/environ >/tmp/out; echo $? $(wc -c </tmp/out) $(grep -c PATH /proc/$$/environ)"), user)
			task.WantResult = true
			result, err := execute(t, x, task).end()
			require.NoError(t, err)
			assert.Equal(t, "1 0 1", *result.Result)
		})
	}
}

// Nobody waits for a container that cannot store the outputs any more.
func TestOutputsIsLost(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	location := c.bucket()
	for name, after := range map[string]string{"the program ends": "echo hello > /tmp/out", "the program goes on": goesOn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := c.executor(k8s.Waits{End: time.Second}, withAgent(t)...)
			_, err := execute(t, x, inOneProcessSpace(c.leaving(location, outputsPID+"kill -9 $pid; "+after), nil)).end()
			var lost *executor.LostError
			require.ErrorAs(t, err, &lost)
			assert.Equal(t, "OutputsLost", lost.Reason)
			assert.ErrorContains(t, err, "podflow-outputs: Error (exit code 137)")
		})
	}
}

// A store may hold tens of mebibytes of what passes through.
func TestOutputsHasMemoryForLargeArtifacts(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := c.leaving(c.bucket(), "head -c 200000000 /dev/urandom > /tmp/out")
	template, _ := task.Template()
	template.Outputs.Artifacts[0].Archive = &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}
	result, err := execute(t, c.executor(k8s.Waits{}, withAgent(t)...), task).end()
	require.NoError(t, err)
	require.Len(t, result.Artifacts, 1)
	assert.EqualValues(t, 200000000, result.Artifacts[0].Size)
}

// The kernel may kill the agent with its program, for memory. Here the program does it.
func TestKilledWithTheAgent(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	result, err := execute(t, x, inOneProcessSpace(wanting(shell("kill -9 $PPID; sleep 1000")), nil)).end()
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, result.Phase)
	assert.Equal(t, "main: Error (exit code 137)", result.Message)
}

func TestEndsOfContainers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	for name, tc := range map[string]struct {
		template spec.Template
		message  string
		want     []executor.ContainerEnd
	}{
		"in order": {
			template: set(node("main", "true", "b"), node("a", "true"), node("b", "exit 3", "a")), message: "b: Error (exit code 3)",
			want: []executor.ContainerEnd{
				{Name: "main", NotRun: true, Message: "container b, which it waits for, ended with code 3"}, {Name: "a"},
				{Name: "b", ExitCode: 3, Message: "b: Error (exit code 3)"},
			}},
		"without the agent": {
			template: set(node("a", "true"), node("b", "exit 3")), message: "b: Error (exit code 3)",
			want: []executor.ContainerEnd{{Name: "a"}, {Name: "b", ExitCode: 3, Message: "b: Error (exit code 3)"}}},
		"of a success": {
			template: set(node("a", "true"), node("main", "true", "a")), want: []executor.ContainerEnd{{Name: "a"}, {Name: "main"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "a", tc.template)).end()
			require.NoError(t, err)
			assert.Equal(t, tc.message, result.Message)
			assert.Equal(t, tc.want, result.Containers)
		})
	}
}
