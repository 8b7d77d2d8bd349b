//go:build linux

package agent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// meddling is what a program may do to what is podflow's, in the directory that its container shares with others.
var meddling = map[string]string{
	"LogIsEnviron":       "ln -s /proc/self/environ main/log",
	"LogIsEndless":       "ln -s /dev/zero main/log",
	"LogIsAFile":         "ln -s $POD/tmp/secret main/log",
	"LogIsLinkInside":    "echo planted-secret >x; ln -s ../x main/log",
	"LogIsPipe":          "mkfifo main/log",
	"LogIsHuge":          "truncate -s 1T main/log",
	"LogIsText":          "echo planted-secret >main/log",
	"DirIsLink":          "mv main elsewhere; ln -s /proc/self main",
	"DirIsOther":         "mv main elsewhere; ln -s $POD/tmp main; ln -s secret main/log",
	"DirIsFile":          "rm -r main; : >main",
	"LockIsPipe":         "rm main/lock; mkfifo main/lock",
	"LockIsDir":          "rm main/lock; mkdir main/lock",
	"LockIsGone":         "rm main/lock",
	"EndIsDir":           "mkdir -p main/end/x",
	"EndIsPipe":          "mkfifo main/end",
	"DirIsGone":          "rm -r main",
	"AllIsGone":          "rm -r *",
	"AllIsMoved":         "mkdir x; mv main podflow-outputs x",
	"SocketIsPipe":       "rm podflow-outputs/socket; mkfifo podflow-outputs/socket",
	"NobodyMayUseSocket": "chmod 0 podflow-outputs/socket",
}

// What a program does there harms neither what it leaves nor the end of the containers, and prints nothing.
func TestProgramMeddles(t *testing.T) {
	for name, script := range meddling {
		t.Run(name, func(t *testing.T) {
			k := newKept(t)
			require.NoError(t, os.WriteFile(k.root+"/tmp/secret", []byte("planted-secret"), 0o644))
			a := k.artifact("x")
			in := &protocol.Instructions{Attempt: attempt, Outputs: &protocol.Outputs{Artifacts: []spec.Artifact{a}}}
			beside := k.start(nil, in, protocol.RoleOutputs)
			c := k.main(protocol.Run{WantResult: true, Artifacts: []spec.Artifact{a}},
				"until test -e $POD/podflow/run/podflow-outputs/socket; do :; done; echo one >$POD/tmp/x; echo result; cd $POD/podflow/run; "+script)
			r := c.end()
			assert.Zero(t, r.ExitCode)
			assert.Nil(t, r.Problem)
			assert.Equal(t, "result", r.Result.Data)
			require.Len(t, r.Artifacts, 1)
			assert.Empty(t, problem(r.Artifacts[0].Problem))
			assert.Zero(t, beside.wait(), "stderr: %s", &beside.stderr)
			assert.Empty(t, beside.stdout.String())
			assert.Empty(t, beside.stderr.String())
		})
	}
}

// A program that begins before the container beside it, and removes all, is noticed all the same.
func TestProgramMeddlesFirst(t *testing.T) {
	p := newPod(t)
	want := noise(t, p.root+"/tmp/noise", protocol.MaxValues-10)
	c := p.main(protocol.Run{Values: []protocol.File{{Name: "v", Path: p.root + "/tmp/noise"}}},
		"cd $POD/podflow/run; rm -r *; mkdir -p main/log; mkfifo main/lock podflow-outputs")
	code := c.wait()
	beside := p.outputs(protocol.Outputs{})
	require.Zero(t, beside.wait(), "stderr: %s", &beside.stderr)
	assert.True(t, string(want) == c.reportWithLog(code, beside.stdout.String()).Values[0].Data)
}

func TestProgramOfASetMeddles(t *testing.T) {
	for name, script := range map[string]string{
		"AllIsGone": "rm -r *",
		"Pipes":     "rm -r *; mkdir a b; mkfifo a/lock a/end b/lock b/end",
		"Empty":     ": >b/end",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPod(t)
			b := p.of("b", protocol.Run{After: []string{"a"}}, "exit 3")
			c := p.of("c", protocol.Run{After: []string{"b"}}, ":")
			a := p.of("a", protocol.Run{}, "cd $POD/podflow/run; until test -e b/lock && test -e c/lock; do :; done; "+script)
			assert.Zero(t, a.end().ExitCode)
			assert.Equal(t, 3, b.end().ExitCode)
			assert.Equal(t, "notRun: container b, which it waits for, ended with code 3", problem(c.end().Problem))
		})
	}
}

// Main does not wait for what is gone, whether it went before or in the middle.
func TestOutputsDies(t *testing.T) {
	t.Run("Before", func(t *testing.T) {
		k := newKept(t)
		a := k.artifact("x")
		beside := k.outputs(protocol.Outputs{Artifacts: []spec.Artifact{a}})
		k.dial().Close()
		require.NoError(t, beside.cmd.Process.Kill())
		assert.Equal(t, 137, beside.wait())
		r := k.main(protocol.Run{Artifacts: []spec.Artifact{a}}, "echo one >$POD/tmp/x").end()
		assert.Equal(t, "agent: outputs.artifacts[x]: waiting for container podflow-outputs: it has ended", problem(r.Problem))
		assert.Equal(t, protocol.ExitAgent, r.ExitCode)
	})
	t.Run("While", func(t *testing.T) {
		k := newKept(t)
		var beside *container
		asked := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			<-asked
			assert.NoError(t, beside.cmd.Process.Kill())
		}))
		defer server.Close()
		a := k.artifact("x")
		a.ArtifactLocation = spec.ArtifactLocation{HTTP: &spec.HTTPArtifact{URL: server.URL}}
		beside = k.outputs(protocol.Outputs{Artifacts: []spec.Artifact{a}})
		close(asked)
		r := k.main(protocol.Run{Artifacts: []spec.Artifact{a, k.artifact("y")}}, "cd $POD/tmp; echo one >x; echo two >y").end()
		assert.Equal(t, "agent: outputs.artifacts[x]: container podflow-outputs did not store it: it has ended", problem(r.Problem))
		assert.Equal(t, 137, beside.wait())
	})
}

// In a Pod whose containers share their processes, a program may be the user of those that have secrets.
func TestEnvironIsClosedToTheSameUser(t *testing.T) {
	p := newPod(t)
	if os.Getuid() == 0 { // root may read everybody's
		p.user = &syscall.Credential{Uid: 65532, Gid: 65532}
		require.NoError(t, filepath.WalkDir(p.root, func(path string, _ os.DirEntry, err error) error {
			require.NoError(t, err)
			return os.Chmod(path, 0o777)
		}))
	}
	read := func(c *container) string {
		cat := exec.Command("cat", fmt.Sprintf("/proc/%d/environ", c.cmd.Process.Pid))
		cat.SysProcAttr = &syscall.SysProcAttr{Credential: p.user}
		out, _ := cat.CombinedOutput()
		return string(out)
	}
	t.Run("Run", func(t *testing.T) {
		c := p.whenReady(protocol.Run{}, "echo ready; sleep 1000")
		assert.Contains(t, read(c), "PODFLOW_AGENT=", "it has no secrets, and shows that the test can read")
		require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
		c.wait()
	})
	t.Run("Outputs", func(t *testing.T) {
		p := *p
		p.root += "/2"
		require.NoError(t, os.MkdirAll(p.root+protocol.RunDir, 0o777))
		require.NoError(t, os.Chmod(p.root+protocol.RunDir, 0o777))
		require.NoError(t, os.Mkdir(p.root+"/dev", 0o777))
		c := p.outputs(protocol.Outputs{})
		p.dial().Close()
		assert.Contains(t, read(c), "ermission denied")
		require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
		assert.Zero(t, c.wait())
	})
	t.Run("Init", func(t *testing.T) {
		asked, seen := make(chan struct{}), make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(asked)
			<-seen
		}))
		defer server.Close()
		a := spec.Artifact{Name: "x", Path: "/x", ArtifactLocation: spec.ArtifactLocation{HTTP: &spec.HTTPArtifact{URL: server.URL}}}
		c := p.start(nil, &protocol.Instructions{Init: &protocol.Init{Artifacts: []executor.Artifact{{Artifact: a}}}}, protocol.RoleInit)
		<-asked
		assert.Contains(t, read(c), "ermission denied")
		close(seen)
		assert.Zero(t, c.wait(), "stderr: %s", &c.stderr)
	})
}
