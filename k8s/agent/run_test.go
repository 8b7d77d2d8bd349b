//go:build linux

package agent_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

func TestProgramEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		code   int
		signal syscall.Signal
	}{
		"Well":                {script: "exit 0"},
		"WithACode":           {script: "exit 3", code: 3},
		"WithACodeOf137":      {script: "exit 137", code: 137},
		"BySignal":            {script: "kill -KILL $$", code: 137, signal: syscall.SIGKILL},
		"BySegmentationFault": {script: "kill -SEGV $$", code: 139, signal: syscall.SIGSEGV},
		"WithALateChild":      {script: "sleep 1000 & exit 4", code: 4},
		"WithADaemon":         {script: "setsid sh -c 'trap \"\" TERM HUP; sleep 1000' & exit 5", code: 5},
		"WithItsPipeOpen":     {script: "(trap '' TERM; exec sleep 1000) & echo out; exit 6", code: 6},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, p *pod) {
				r := p.main(protocol.Run{WantResult: true}, tc.script).end()
				assert.Equal(t, tc.code, r.ExitCode)
				assert.Equal(t, int(tc.signal), r.Signal)
				assert.Nil(t, r.Problem)
			})
		})
	}
}

func TestOutputIsUnchanged(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pod) {
		c := p.main(protocol.Run{WantResult: true}, `printf 'a\r\n\377\000b\n\n'; printf err >&2`)
		r := c.end()
		assert.Equal(t, "a\r\n\xff\x00b\n\n", c.stdout.String())
		assert.Equal(t, "err", c.stderr.String())
		assert.Equal(t, "a\r\n\xff\x00b\n", r.Result.Data)
	})
	t.Run("NotWanted", func(t *testing.T) {
		c := newPod(t).main(protocol.Run{}, "echo hello")
		assert.Nil(t, c.end().Result)
		assert.Equal(t, "hello\n", c.stdout.String())
	})
}

func TestMuchOutput(t *testing.T) {
	const size = 256 << 20
	p := newPod(t)
	p.measured = true
	counted := &counter{}
	c := p.run(counted, protocol.Run{WantResult: true, MessageLimit: 4096}, "sh", "-c", "yes 0123456789abcde | head -c 268435456")
	r := c.end()
	assert.EqualValues(t, size, counted.n)
	require.Len(t, r.Result.Data, protocol.MaxValues)
	assert.True(t, strings.HasSuffix(strings.Repeat("0123456789abcde\n", 1<<15), r.Result.Data+"\n"))
	assertSmall(t, c)
}

func TestEnvironment(t *testing.T) {
	const look = "env; echo; ls /proc/self/fd"
	r := newPod(t).main(protocol.Run{WantResult: true}, look).end()
	environ, files, _ := strings.Cut(r.Result.Data, "\n\n")
	assert.NotContains(t, environ, "PODFLOW_AGENT")
	assert.Contains(t, environ, "POD=")
	plain, err := exec.Command("sh", "-c", look).Output()
	require.NoError(t, err)
	_, want, _ := strings.Cut(strings.TrimSpace(string(plain)), "\n\n")
	assert.Equal(t, want, files, "the program has no files of the agent")
}

func TestSignalsReachTheProgram(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		send   []syscall.Signal
		grace  time.Duration
		code   int
		signal syscall.Signal
	}{
		"Hangup":         {script: "trap 'exit 4' HUP", send: []syscall.Signal{syscall.SIGHUP}, code: 4},
		"Terminate":      {script: "trap 'exit 5' TERM", send: []syscall.Signal{syscall.SIGTERM}, grace: time.Minute, code: 5},
		"Unhandled":      {script: ":", send: []syscall.Signal{syscall.SIGTERM}, grace: time.Minute, code: 143, signal: syscall.SIGTERM},
		"IgnoredTillEnd": {script: "trap '' TERM", send: []syscall.Signal{syscall.SIGTERM}, grace: 10 * time.Millisecond, code: 137, signal: syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, p *pod) {
				c := p.whenReady(protocol.Run{Grace: tc.grace, Values: []protocol.File{{Name: "left", Path: p.root + "/tmp/left"}}},
					"printf half >$POD/tmp/left; "+tc.script+"; echo ready; while :; do sleep 0.01; done")
				for _, s := range tc.send {
					require.NoError(t, c.cmd.Process.Signal(s))
				}
				r := c.end()
				assert.Equal(t, tc.code, r.ExitCode)
				assert.Equal(t, int(tc.signal), r.Signal)
				assert.Equal(t, "half", r.Values[0].Data, "what it left before it was stopped comes back")
			})
		})
	}
}

func TestOrphansAreReaped(t *testing.T) {
	p := newPod(t)
	c := p.main(protocol.Run{WantResult: true}, `for i in 1 2 3 4 5 6 7 8 9; do (sh -c 'exit 0' &); done
		until test "$(cat /proc/$PPID/task/*/children | wc -w)" = 1; do :; done; echo clean`)
	assert.Equal(t, "clean", c.end().Result.Data)
}

func TestProgramThatCannotStart(t *testing.T) {
	p := newPod(t)
	plain := filepath.Join(p.root, "plain")
	require.NoError(t, os.WriteFile(plain, []byte("no program"), 0o644))
	broken := filepath.Join(p.root, "broken")
	require.NoError(t, os.WriteFile(broken, []byte("no program"), 0o755))
	for name, tc := range map[string]struct {
		command string
		code    int
		text    string
	}{
		"NotInPath":     {"no-such-program", protocol.ExitNotFound, `notStarted: cannot start "no-such-program": executable file not found in $PATH`},
		"NoFile":        {"/no/such", protocol.ExitNotFound, "no such file or directory"},
		"NotExecutable": {plain, protocol.ExitCannotRun, "permission denied"},
		"Directory":     {p.root, protocol.ExitCannotRun, p.root},
		"NoProgram":     {broken, protocol.ExitCannotRun, "exec format error"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newPod(t).run(nil, protocol.Run{}, tc.command).end()
			assert.Equal(t, tc.code, r.ExitCode)
			assert.Contains(t, problem(r.Problem), tc.text)
		})
	}
}

func TestDirectoriesOfOutputsAreThere(t *testing.T) {
	k := newKept(t)
	a := k.artifact("notmade/tree")
	beside := k.outputs(protocol.Outputs{Artifacts: []spec.Artifact{a}})
	r := k.main(protocol.Run{
		Values:    []protocol.File{{Name: "v", Path: k.root + "/new/deep/v"}, {Name: "none", Path: "/proc/none/v"}},
		Artifacts: []spec.Artifact{a},
	}, "echo 1 >$POD/new/deep/v && mkdir $POD/tmp/notmade && mkdir $POD/tmp/notmade/tree").end()
	require.Zero(t, beside.wait())
	assert.Zero(t, r.ExitCode)
	assert.Equal(t, "1", r.Values[0].Data)
	assert.Equal(t, protocol.Missing, r.Values[1].Problem.Kind, "a directory that cannot be made is no problem of its own")
	assert.Nil(t, r.Artifacts[0].Problem)
}

func TestSecondRunIsRefused(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pod) {
		assert.Nil(t, p.main(protocol.Run{}, "echo x >>$POD/tmp/ran").end().Problem)
		r := p.main(protocol.Run{}, "echo x >>$POD/tmp/ran").end()
		assert.Equal(t, protocol.Again, r.Problem.Kind)
		ran, err := os.ReadFile(p.root + "/tmp/ran")
		require.NoError(t, err)
		assert.Equal(t, "x\n", string(ran))
	})
}

func TestWrongUse(t *testing.T) {
	for name, tc := range map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"NoRole":         {want: "expected a role"},
		"UnknownRole":    {environ: valid(t), args: []string{"sing"}, want: `unknown role "sing"`},
		"NoInstructions": {args: []string{"run", "--", "true"}, want: "started by podflow"},
		"NoCommand":      {environ: valid(t), args: []string{"run", "--"}, want: "expected run -- COMMAND"},
		"AnotherRole":    {environ: valid(t), args: []string{"outputs"}, want: "nothing for outputs"},
		"AnotherVersion": {environ: []string{"PODFLOW_AGENT=0.9 x"}, args: []string{"run", "--", "true"}, want: protocol.PushCommand},
	} {
		t.Run(name, func(t *testing.T) {
			c := newPod(t).startWith(nil, tc.environ, tc.args...)
			assert.Equal(t, protocol.ExitAgent, c.wait())
			assert.Contains(t, c.stderr.String(), tc.want)
			if len(tc.args) > 1 {
				message, err := os.ReadFile(c.report)
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(string(message), "podflow-agent "+protocol.Version+" "), "a library of another version can see this one's")
			}
		})
	}
}

// valid is an environment with instructions to run.
func valid(t *testing.T) []string {
	vars, err := (&protocol.Instructions{Run: &protocol.Run{Container: "main"}}).Env()
	require.NoError(t, err)
	return []string{vars[0].Name + "=" + vars[0].Value}
}

// whenReady starts a program and waits for a line of its output.
func (p *pod) whenReady(run protocol.Run, script string) *container {
	r, w, err := os.Pipe()
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = r.Close() })
	c := p.run(w, run, "sh", "-c", script)
	_ = w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(p.t, err)
	require.Equal(p.t, "ready\n", line)
	return c
}
