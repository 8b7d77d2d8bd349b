package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow/spec"
)

// bench is an executor with a run that has begun, in a temporary directory of the test.
type bench struct {
	*testing.T
	*local.Executor
	run *executor.Run
	n   int
}

func begin(t *testing.T) *bench {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	b := &bench{T: t, Executor: local.New(), run: &executor.Run{Name: "wf", UID: "uid"}}
	require.NoError(t, b.BeginRun(t.Context(), b.run))
	t.Cleanup(func() {
		assert.NoError(t, b.EndRun(context.Background(), b.run, spec.Succeeded))
		assert.Empty(t, left(t, nil))
	})
	return b
}

// task is a task whose result is wanted.
func (b *bench) task(template *spec.Template) *executor.Task {
	b.n++
	return &executor.Task{
		ID: executor.ID{Run: "uid", Node: fmt.Sprint("wf.", b.n)}, Run: b.run, WantResult: true,
		Template: func() (*spec.Template, error) { return template, nil },
	}
}

func (b *bench) execute(template *spec.Template) (executor.Result, error) {
	return b.Execute(b.Context(), b.task(template), func(executor.Update) {})
}

// result is the standard output of a template that succeeds.
func (b *bench) result(template *spec.Template) string {
	b.Helper()
	res, err := b.execute(template)
	require.NoError(b, err)
	require.Equal(b, spec.Succeeded, res.Phase, "%s", res.Message)
	return *res.Result
}

// running executes a task until its log has a line, and gives what stops it and waits for its error.
func (b *bench) running(t *executor.Task) (stop func(cause error) error) {
	ctx, cancel := context.WithCancelCause(b.Context())
	started, done := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := b.Execute(ctx, t, func(u executor.Update) {
			if u.Phase == spec.Running {
				close(started)
			}
		})
		done <- err
	}()
	<-started
	log, err := b.Logs(ctx, t)
	require.NoError(b, err)
	_, err = log.Read(make([]byte, 1))
	require.NoError(b, err)
	require.NoError(b, log.Close())
	return func(cause error) error { cancel(cause); return <-done }
}

func (b *bench) log(t *executor.Task) string {
	b.Helper()
	log, err := b.Logs(b.Context(), t)
	require.NoError(b, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	require.NoError(b, err)
	return string(text)
}

func sh(script string) *spec.Template {
	return &spec.Template{Container: &corev1.Container{Command: []string{"sh", "-c", strings.ReplaceAll(script, "$", "$$")}}}
}

func out(paths ...string) (ps []spec.Parameter) {
	for _, p := range paths {
		ps = append(ps, spec.Parameter{Name: filepath.Base(p), ValueFrom: &spec.ValueFrom{Path: p}})
	}
	return ps
}

// anonymous is a text with DIR for the directory of a node.
func anonymous(text string) string {
	return regexp.MustCompile(regexp.QuoteMeta(os.TempDir())+`/podflow-\d+/\d+/root`).ReplaceAllString(text, "DIR")
}

func TestPathsAreMapped(t *testing.T) {
	b := begin(t)
	for _, tc := range []struct{ text, want string }{
		{"/out/rows", "DIR/out/rows"},
		{"/out/rows.txt /out/other /out", "DIR/out/rows.txt DIR/out/other DIR/out"},
		{"--rows=/out/rows,/tmp/one;'/tmp/one'", "--rows=DIR/out/rows,DIR/tmp/one;'DIR/tmp/one'"},
		{"/tmp/one. /tmp/one... (/tmp/one)", "DIR/tmp/one. DIR/tmp/one... (DIR/tmp/one)"},
		{"/tmp/one.txt /tmp/oneself /tmp/one/more /tmp/two /tmp", "/tmp/one.txt /tmp/oneself /tmp/one/more /tmp/two /tmp"},
		{"/outer/rows /out-2 ./out/rows x/out/rows //out/rows }/out/rows é/out", "/outer/rows /out-2 ./out/rows x/out/rows //out/rows }/out/rows é/out"},
		{"/data/deep/a /data/deep /data /scratch", "DIR/data/deep/a DIR/data/deep /data DIR/scratch"},
		{"/work/src a:/work", "DIR/work/src a:DIR/work"},
		{"/etc/passwd http://host/out", "/etc/passwd http://host/out"},
		{`{"in": "/work/x", "é": ["/out/rows"]}`, `{"in": "DIR/work/x", "é": ["DIR/out/rows"]}`},
	} {
		declare := func(c *corev1.Container) {
			c.WorkingDir = "/work"
			c.VolumeMounts = []corev1.VolumeMount{{Name: "a", MountPath: "/scratch/"}, {Name: "b", MountPath: "/data/deep"}}
		}
		made := "; touch $PODFLOW_ROOT/out/rows $PODFLOW_ROOT/tmp/one"
		got := map[string]string{}

		arg := sh(`printf %s "$1"` + made)
		arg.Container.Args = []string{"sh", tc.text}
		declare(arg.Container)
		arg.Outputs.Parameters = out("/out/rows", "/tmp/one")
		got["argument"] = b.result(arg)

		env := sh(`printf %s "$TEXT"` + made)
		env.Container.Env = []corev1.EnvVar{{Name: "TEXT", Value: tc.text}}
		declare(env.Container)
		env.Outputs = arg.Outputs
		got["env"] = b.result(env)

		script := &spec.Template{Outputs: arg.Outputs, Script: &spec.Script{Source: "cat << 'END'" + made + "\n" + tc.text + "\nEND\n"}}
		script.Script.Command = []string{"sh"}
		declare(&script.Script.Container)
		got["source"] = b.result(script)

		for where, text := range got {
			assert.Equal(t, tc.want, anonymous(text), "%s in %s", tc.text, where)
		}
	}
}

func TestWorkingDirectory(t *testing.T) {
	b := begin(t)
	assert.Equal(t, "DIR", anonymous(b.result(sh("pwd"))))
	deep := sh("pwd; echo 4 > rows; echo 5 > /out/tens")
	deep.Container.WorkingDir = "/some/where"
	deep.Outputs.Parameters = out("/some/where/rows", "/out/tens")
	res, err := b.execute(deep)
	require.NoError(t, err)
	assert.Equal(t, "DIR/some/where", anonymous(*res.Result))
	assert.Equal(t, []executor.Value{{Name: "rows", Value: "4"}, {Name: "tens", Value: "5"}}, res.Outputs)
}

func TestEnv(t *testing.T) {
	b := begin(t)
	t.Setenv("PODFLOW_TEST_TOKEN", "secret")
	template := sh("env")
	template.Container.Env = []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "$(A)$(C) $$(A) $$$$ $"}, {Name: "HOME", Value: "/home/me"}}
	env := map[string]string{}
	for line := range strings.Lines(b.result(template) + "\n") {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = anonymous(value)
	}
	assert.Equal(t, "1$(C) $(A) $$ $", env["B"])
	assert.Equal(t, "/home/me", env["HOME"])
	assert.Equal(t, "DIR/tmp", env["TMPDIR"])
	assert.Equal(t, "DIR", env["PODFLOW_ROOT"])
	assert.Equal(t, os.Getenv("PATH"), env["PATH"])
	assert.NotContains(t, env, "PODFLOW_TEST_TOKEN")
}

func TestCommandIsLookedUp(t *testing.T) {
	b := begin(t)
	own := sh("mkdir -p $PODFLOW_ROOT/bin; printf '#!/bin/sh\necho own $1' > $PODFLOW_ROOT/bin/tool; chmod +x $PODFLOW_ROOT/bin/tool; exec bin/tool x")
	assert.Equal(t, "own x", b.result(own))
	for command, want := range map[string]string{
		"no-such-command":  `this machine has no command "no-such-command" in PATH`,
		"./no-such-file":   `start "./no-such-file"`,
		"/no/such/command": `start "/no/such/command"`,
	} {
		_, err := b.execute(&spec.Template{Container: &corev1.Container{Command: []string{command}}})
		require.ErrorContains(t, err, want)
		assert.ErrorIs(t, err, os.ErrNotExist)
	}
	_, err := b.execute(&spec.Template{Container: &corev1.Container{Image: "alpine"}})
	assert.ErrorContains(t, err, "no command")
}

func TestCheckKnowsTheMachine(t *testing.T) {
	w := &spec.Workflow{}
	w.Spec.PodSpecPatch = "{}"
	w.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	command := func(name string, edit func(*corev1.Container)) executor.Leaf {
		k := &corev1.Container{Image: "img", Command: []string{name}}
		if edit != nil {
			edit(k)
		}
		return executor.Leaf{Path: "templates[" + name + "]", Template: &spec.Template{Container: k}}
	}
	err := local.New().Check(w, []executor.Leaf{
		command("sh", nil),
		command("cowsay-of-no-machine", nil),
		command("{{inputs.parameters.tool}}", nil),
		command("/opt/tool", nil),
		command("own-path", func(k *corev1.Container) { k.Env = []corev1.EnvVar{{Name: "PATH", Value: "/opt"}} }),
		command("env", func(k *corev1.Container) {
			k.VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/a"}, {Name: "scratch", MountPath: "/b"}}
		}),
		{Path: "templates[func]", Func: true, Template: &spec.Template{Plugin: spec.Plugin{"func": nil}}},
	})
	require.EqualError(t, err, `spec.podSpecPatch: not on the local executor: there is no Pod to patch
templates[cowsay-of-no-machine].container.command: not on the local executor: this machine has no command "cowsay-of-no-machine" in its PATH, and image "img" is not run
templates[env].container.volumeMounts[scratch]: not on the local executor: the volume is mounted twice`)
}

func TestSignalsAndExitCodesAreToldApart(t *testing.T) {
	b := begin(t)
	for script, want := range map[string]string{
		"kill -9 $$":  "main: killed by signal 9, killed (exit code 137)",
		"kill -15 $$": "main: killed by signal 15, terminated (exit code 143)",
		"exit 137":    "main: Error (exit code 137)",
		"exit 1":      "main: Error (exit code 1)",
	} {
		res, err := b.execute(sh(script))
		require.NoError(t, err)
		assert.Equal(t, spec.Failed, res.Phase)
		assert.Equal(t, want, res.Message)
	}
}

func TestOutputFileTrouble(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"LinkOut":      {"ln -s /etc/passwd /out/rows", "escapes"},
		"RelativeOut":  {"ln -s ../../../../../../../../etc/passwd /out/rows", "escapes"},
		"DirectoryOut": {"rmdir /out; ln -s /etc $PODFLOW_ROOT/out", "escapes"},
		"Directory":    {"mkdir /out/rows", "expected a file"},
		"Pipe":         {"mkfifo /out/rows", "expected a file"},
		"Missing":      {"true", "no such file"},
		"TooLarge":     {"head -c 262145 /dev/zero > /out/rows", "has 262145 bytes, and an output parameter at most 262144"},
	} {
		t.Run(name, func(t *testing.T) {
			b := begin(t)
			template := sh(tc.script)
			template.Outputs.Parameters = out("/out/rows", "/other/one")
			_, err := b.execute(template)
			require.ErrorContains(t, err, "outputs.parameters[rows]: /out/rows: ")
			assert.ErrorContains(t, err, tc.want)
			assert.ErrorContains(t, err, "outputs.parameters[one]", "all that is wrong")
		})
	}
	b := begin(t)
	template := sh("head -c 262143 /dev/zero > /out/real; echo x >> /out/real; ln -s real /out/rows")
	template.Outputs.Parameters = out("/out/rows")
	res, err := b.execute(template)
	require.NoError(t, err)
	assert.Len(t, res.Outputs[0].Value, 256<<10, "a link within the directory to the largest value")
}

func TestNothingOutlivesTheProgram(t *testing.T) {
	t.Run("ItsEnd", func(t *testing.T) {
		b := begin(t)
		assert.Equal(t, "started", b.result(sh("sleep 1000 & (sleep 1000; sleep 1000) & echo started")))
		assert.Empty(t, processes())
	})
	t.Run("Cancel", func(t *testing.T) {
		b := begin(t)
		stop := b.running(b.task(sh("sleep 1000 & (sleep 1000; sleep 1000) & echo started; sleep 1000")))
		require.ErrorIs(t, stop(context.Canceled), context.Canceled)
		assert.Empty(t, processes())
	})
	t.Run("SignalIgnored", func(t *testing.T) {
		b := begin(t)
		b.Grace = time.Millisecond
		stop := b.running(b.task(sh(`trap "" TERM; echo started; while :; do sleep 1000; done`)))
		require.ErrorIs(t, stop(context.Canceled), context.Canceled)
		assert.Empty(t, processes())
	})
	t.Run("SignalHandled", func(t *testing.T) {
		b := begin(t)
		b.Grace = time.Hour
		// A shell that gets the signal as it begins a command hears it only when that has ended.
		task := b.task(sh(`trap "echo bye; exit 0" TERM; echo started; while :; do sleep 0.01; done`))
		stop := b.running(task)
		require.ErrorIs(t, stop(context.Canceled), context.Canceled)
		assert.Contains(t, b.log(task), "bye\n")
	})
	t.Run("EndOfTheRun", func(t *testing.T) {
		b := begin(t)
		stop := b.running(b.task(sh("echo started; sleep 1000")))
		require.ErrorIs(t, stop(executor.ErrDetach), executor.ErrDetach)
		require.NoError(t, b.EndRun(t.Context(), b.run, spec.Failed))
		assert.Empty(t, processes())
	})
}

func TestOutputHeldOpenElsewhere(t *testing.T) {
	b := begin(t)
	if _, err := os.Stat("/usr/bin/setsid"); err != nil {
		t.Skip("there is no setsid")
	}
	template := sh(`setsid sh -c 'echo $$ > /out/pid; exec sleep 1000' & while ! test -s /out/pid; do :; done; echo started`)
	template.Outputs.Parameters = out("/out/pid")
	res, err := b.execute(template)
	require.NoError(t, err)
	assert.Equal(t, "started", *res.Result)
	pid, err := strconv.Atoi(res.Outputs[0].Value)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

func TestDeadline(t *testing.T) {
	b := begin(t)
	template := sh("echo started; sleep 1000")
	template.ActiveDeadlineSeconds = new(intstr.FromString("1"))
	res, err := b.execute(template)
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, res.Phase)
	assert.Equal(t, "main: ran longer than its activeDeadlineSeconds, 1s", res.Message)
	assert.Equal(t, "started", *res.Result)

	template.ActiveDeadlineSeconds = new(intstr.FromString("soon"))
	_, err = b.execute(template)
	assert.EqualError(t, err, `activeDeadlineSeconds: "soon" is not a number of seconds above 0`)
}

func TestProcessesAreBounded(t *testing.T) {
	b := begin(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	waits := make(chan string, 1000)
	var wg sync.WaitGroup
	errs := make([]error, 300)
	for i := range errs {
		task := b.task(sh("sleep 1000"))
		task.WantResult = i%2 == 0
		wg.Go(func() {
			_, errs[i] = b.Execute(ctx, task, func(u executor.Update) {
				if u.Phase == spec.Pending {
					waits <- u.Message
				}
			})
		})
	}
	for range len(errs) - 256 {
		assert.Equal(t, "waits for one of 256 processes to end", <-waits)
	}
	cause := errors.New("enough")
	cancel(cause)
	wg.Wait()
	assert.False(t, slices.ContainsFunc(errs, func(err error) bool { return !errors.Is(err, cause) }))
	assert.Empty(t, processes())
}

func TestRemains(t *testing.T) {
	b := begin(t)
	task := b.task(sh("echo hello; mkdir -p locked/in; chmod 000 locked"))
	_, err := b.Execute(t.Context(), task, func(executor.Update) {})
	require.NoError(t, err)
	dir := filepath.Join(os.TempDir(), "podflow-*", "*", "*")
	kept, err := filepath.Glob(dir)
	require.NoError(t, err)
	assert.Len(t, kept, 2, "the directory and the log")

	require.NoError(t, b.Release(t.Context(), task))
	kept, err = filepath.Glob(dir)
	require.NoError(t, err)
	require.Len(t, kept, 1)
	assert.Equal(t, "log", filepath.Base(kept[0]))
	assert.Equal(t, "hello\n", b.log(task))

	require.NoError(t, b.EndRun(t.Context(), b.run, spec.Succeeded))
	assert.Empty(t, left(t, nil))
	assert.Equal(t, "hello\n", b.log(task), "the log of an ended run")
	_, err = b.Execute(t.Context(), task, func(executor.Update) {})
	assert.ErrorContains(t, err, "its run has not begun, or has ended")
}

func TestTemporaryDirectoryThatAShellWouldSplit(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "two words")
	require.NoError(t, os.Mkdir(odd, 0o700))
	t.Setenv("TMPDIR", odd)
	err := local.New().BeginRun(t.Context(), &executor.Run{UID: "uid"})
	require.ErrorContains(t, err, `has " " in its name`)
	assert.Empty(t, left(t, nil))
}

func TestZeroValue(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	b := &bench{T: t, Executor: &local.Executor{}, run: &executor.Run{Name: "wf", UID: "uid"}}
	require.NoError(t, b.EndRun(t.Context(), b.run, spec.Succeeded), "of a run that never began")
	_, err := b.execute(sh("true"))
	require.ErrorContains(t, err, "its run has not begun")
	require.NoError(t, b.BeginRun(t.Context(), b.run))
	assert.Equal(t, "text", b.result(sh("echo text")))
	require.NoError(t, b.EndRun(t.Context(), b.run, spec.Succeeded))
}

func TestVolumeOfNoSuchName(t *testing.T) {
	template := sh("true")
	template.Container.VolumeMounts = []corev1.VolumeMount{{Name: "scrach", MountPath: "/a"}, {Name: "scratch", MountPath: "/b"}, {Name: "claim", MountPath: "/c"}}
	template.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	w := &spec.Workflow{}
	w.Spec.Volumes = []corev1.Volume{{Name: "claim", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}}}
	err := local.New().Check(w, []executor.Leaf{{Path: "templates[x]", Template: template}})
	require.EqualError(t, err, `templates[x].container.volumeMounts[scrach]: no volume "scrach" in the template or the workflow; did you mean "scratch"?
templates[x].container.volumeMounts[claim]: not on the local executor: expected an emptyDir volume`)
}
