//go:build linux

package agent_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

// container is a pod with another root, which shares what the containers of a Pod share.
func (p *pod) container() *pod {
	other := newPod(p.t)
	other.pid1 = p.pid1
	for _, dir := range []string{protocol.RunDir, "/tmp"} {
		require.NoError(p.t, os.Remove(other.root+dir))
		require.NoError(p.t, os.Symlink(p.root+dir, other.root+dir))
	}
	return other
}

// of starts a shell command as the program of a container of a set.
func (p *pod) of(name string, run protocol.Run, script string) *container {
	run.Container = name
	return p.container().main(run, script)
}

func TestSetInOrder(t *testing.T) {
	p := newPod(t)
	d := p.of("d", protocol.Run{After: []string{"b", "c"}}, "echo d >>$POD/tmp/order")
	c := p.of("c", protocol.Run{After: []string{"a"}}, "echo c >>$POD/tmp/order")
	b := p.of("b", protocol.Run{After: []string{"a"}}, "until grep -q c $POD/tmp/order; do :; done; echo b >>$POD/tmp/order")
	a := p.of("a", protocol.Run{}, "echo a >>$POD/tmp/order")
	for _, c := range []*container{a, b, c, d} {
		assert.Zero(t, c.end().ExitCode)
	}
	order, err := os.ReadFile(p.root + "/tmp/order")
	require.NoError(t, err)
	assert.Equal(t, "a\nc\nb\nd\n", string(order))
}

func TestSetAfterAFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		code   string
	}{"Code": {"exit 3", "3"}, "Signal": {"kill -KILL $$", "137"}} {
		t.Run(name, func(t *testing.T) {
			p := newPod(t)
			a := p.of("a", protocol.Run{}, tc.script)
			b := p.of("b", protocol.Run{After: []string{"a"}}, "echo ran")
			c := p.of("c", protocol.Run{After: []string{"b"}}, "echo ran")
			assert.Nil(t, a.end().Problem)
			r := b.end()
			assert.Equal(t, "notRun: container a, which it waits for, ended with code "+tc.code, problem(r.Problem))
			assert.Equal(t, protocol.ExitAgent, r.ExitCode)
			assert.Equal(t, "notRun: container b, which it waits for, ended with code 64", problem(c.end().Problem))
			assert.Empty(t, b.stdout.String()+c.stdout.String())
		})
	}
	t.Run("AgentKilled", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root may make a PID namespace")
		}
		p := newPod(t)
		p.pid1 = true
		a := p.container().whenReady(protocol.Run{Container: "a"}, "echo ready; sleep 1000")
		b := p.of("b", protocol.Run{After: []string{"a"}}, ":")
		require.NoError(t, a.cmd.Process.Kill())
		assert.Equal(t, 137, a.wait())
		assert.Equal(t, "notRun: container a, which it waits for, ended with code 137", problem(b.end().Problem))
	})
}

func TestSetIsStoppedWhileItWaits(t *testing.T) {
	p := newPod(t)
	b := p.of("b", protocol.Run{After: []string{"a"}}, ":")
	for { // until it has begun, and so hears signals
		if _, err := os.Stat(p.root + protocol.RunDir + "/b/lock"); err == nil {
			break
		}
	}
	require.NoError(t, b.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, "stopped: told to end while waiting for container a", problem(b.end().Problem))
}

func TestSetTriesAgain(t *testing.T) {
	const script = "echo $0 >>$POD/tmp/tries; wc -l <$POD/tmp/tries; test $(wc -l <$POD/tmp/tries) = 3"
	for name, tc := range map[string]struct {
		retries, code int
		result        string
	}{"Enough": {2, 0, "3"}, "More": {5, 0, "3"}, "TooFew": {1, 1, "2"}} {
		t.Run(name, func(t *testing.T) {
			p := newPod(t)
			r := p.main(protocol.Run{Retries: tc.retries, RetryWait: time.Millisecond, WantResult: true}, script).end()
			assert.Equal(t, tc.code, r.ExitCode)
			assert.Equal(t, tc.result, r.Result.Data, "the result is that of the last try")
		})
	}
	t.Run("NotAfterItWasStopped", func(t *testing.T) {
		eachWay(t, func(t *testing.T, p *pod) {
			c := p.whenReady(protocol.Run{Retries: 5, Grace: time.Minute}, "echo x >>$POD/tmp/tries; echo ready; sleep 1000")
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
			r := c.end()
			assert.Equal(t, int(syscall.SIGTERM), r.Signal)
			tries, err := os.ReadFile(p.root + "/tmp/tries")
			require.NoError(t, err)
			assert.Equal(t, "x\n", string(tries))
		})
	})
}

func TestMainOfASetReadsWhatOthersLeft(t *testing.T) {
	p := newPod(t)
	main := p.of("main", protocol.Run{Others: []string{"a", "b"}, WantResult: true, Values: []protocol.File{{Name: "v", Path: p.root + "/tmp/v"}}}, "echo main")
	a := p.of("a", protocol.Run{After: []string{"main"}}, "echo later >$POD/tmp/v; exit 2")
	b := p.of("b", protocol.Run{}, ":")
	assert.Equal(t, 2, a.end().ExitCode)
	assert.Zero(t, b.end().ExitCode)
	r := main.end()
	assert.Zero(t, r.ExitCode)
	assert.Equal(t, "main", r.Result.Data)
	assert.Equal(t, "later", r.Values[0].Data)
}
