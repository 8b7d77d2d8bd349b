//go:build linux

package agent_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/agent/image"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// agent is the program, as it is in the image, and measure the one that measures what it starts.
var agent, measure string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "agent")
	if err == nil {
		agent = filepath.Join(dir, "podflow-agent")
		err = os.Chmod(dir, 0o755) // for other users
	}
	if err == nil {
		err = image.Compile(context.Background(), "", agent, runtime.GOARCH)
	}
	if err == nil {
		measure = filepath.Join(dir, "measure")
		err = exec.Command("go", "build", "-o", measure, "./testdata/measure").Run()
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

const attempt = "uid/run.node/0"

// pod is where the containers of a Pod run: processes that share directories.
type pod struct {
	t    *testing.T
	root string
	// pid1 makes each the process 1 of a PID namespace.
	pid1 bool
	// measured says that the peak of the memory of each is wanted, for assertSmall.
	measured bool
	// user, unless it is nil, is who runs the containers.
	user *syscall.Credential
}

// eachWay runs a test with the agent as process 1, and as a process among others, as in a Pod whose containers share
// their processes.
func eachWay(t *testing.T, test func(t *testing.T, p *pod)) {
	t.Run("Process1", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root may make a PID namespace")
		}
		p := newPod(t)
		p.pid1 = true
		test(t, p)
	})
	t.Run("OneOfMany", func(t *testing.T) { test(t, newPod(t)) })
}

func newPod(t *testing.T) *pod {
	root, err := os.MkdirTemp("", "pod") // short, since a socket will be in it
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(root)) })
	for _, dir := range []string{protocol.RunDir, protocol.BinaryDir, protocol.InputsDir, "/dev", "/tmp"} {
		require.NoError(t, os.MkdirAll(root+dir, 0o777))
	}
	return &pod{t: t, root: root}
}

// container is a running container.
type container struct {
	pod            *pod
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	report         string // where its termination message is
	peak           string // where the peak of its memory is, if it is measured
}

// start starts the agent with instructions. Its standard output is kept unless it is to go elsewhere.
func (p *pod) start(stdout io.Writer, in *protocol.Instructions, args ...string) *container {
	p.t.Helper()
	vars, err := in.Env()
	require.NoError(p.t, err)
	var environ []string
	for _, v := range vars {
		environ = append(environ, v.Name+"="+v.Value)
	}
	return p.startWith(stdout, environ, args...)
}

func (p *pod) startWith(stdout io.Writer, environ []string, args ...string) *container {
	p.t.Helper()
	c := &container{pod: p, report: p.root + protocol.ReportPath}
	command := append([]string{agent, "-root", p.root}, args...)
	if p.measured {
		c.peak = filepath.Join(p.t.TempDir(), "peak")
		command = append([]string{measure, c.peak}, command...)
	}
	c.cmd = exec.Command(command[0], command[1:]...)
	c.cmd.Env = append(environ, "PATH="+os.Getenv("PATH"), "POD="+p.root, "TMPDIR=/not/there") // the root of a container may be read-only
	c.cmd.Stdout, c.cmd.Stderr = stdout, &c.stderr
	if stdout == nil {
		c.cmd.Stdout = &c.stdout
	}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: p.user}
	if p.pid1 {
		c.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	}
	require.NoError(p.t, c.cmd.Start())
	return c
}

// main starts a shell command as the program of container main.
func (p *pod) main(run protocol.Run, script string) *container {
	p.t.Helper()
	return p.run(nil, run, "sh", "-c", script)
}

// run starts a program as that of a container, main unless the instructions say another.
func (p *pod) run(stdout io.Writer, run protocol.Run, command ...string) *container {
	p.t.Helper()
	if run.Container == "" {
		run.Container = protocol.MainContainer
	}
	if run.MessageLimit == 0 {
		run.MessageLimit = protocol.MessageLimit(2)
	}
	return p.start(stdout, &protocol.Instructions{Attempt: attempt, Run: &run}, append([]string{protocol.RoleRun, "--"}, command...)...)
}

// outputs starts the container beside main.
func (p *pod) outputs(o protocol.Outputs) *container {
	p.t.Helper()
	c := p.start(nil, &protocol.Instructions{Attempt: attempt, Outputs: &o}, protocol.RoleOutputs)
	c.report = ""
	return c
}

// wait waits for the end of a container and gives its exit code.
func (c *container) wait() int {
	c.pod.t.Helper()
	err := c.cmd.Wait()
	if _, exited := err.(*exec.ExitError); !exited {
		require.NoError(c.pod.t, err)
	}
	if c.cmd.ProcessState.ExitCode() == -1 {
		return 128 + int(c.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
	return c.cmd.ProcessState.ExitCode()
}

// end waits for the end and gives the report, which must agree with the exit code.
func (c *container) end() *protocol.Report {
	c.pod.t.Helper()
	return c.reportWithLog(c.wait(), "")
}

// reportWithLog is the report of a container that has ended, with the log of the one beside it.
func (c *container) reportWithLog(code int, log string) *protocol.Report {
	c.pod.t.Helper()
	message, err := os.ReadFile(c.report)
	require.NoError(c.pod.t, err, "stderr: %s", &c.stderr)
	report, err := protocol.Decode(attempt, string(message), func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(log)), nil
	})
	require.NoError(c.pod.t, err)
	assert.Equal(c.pod.t, report.ExitCode, code)
	return report
}

// problem is the kind and text of a problem, or empty.
func problem(p *protocol.Problem) string {
	if p == nil {
		return ""
	}
	return string(p.Kind) + ": " + p.Text
}

// counter counts what is written to it, and reads slowly.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

func (c *counter) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{r}, make([]byte, 1<<10))
}

// assertSmall asserts that a container that was measured and has ended never had much memory.
func assertSmall(t *testing.T, c *container) {
	t.Helper()
	text, err := os.ReadFile(c.peak)
	require.NoError(t, err)
	peak, err := strconv.ParseInt(string(text), 10, 64)
	require.NoError(t, err)
	t.Logf("peak of resident memory: %d MiB", peak>>20)
	assert.Less(t, peak, int64(64<<20))
}
