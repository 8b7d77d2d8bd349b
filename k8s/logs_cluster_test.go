package k8s_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// TestLogs follows from before the beginning, over connections that break.
func TestLogs(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var streams atomic.Int32
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && strings.HasSuffix(r.URL.Path, "/log") && resp.StatusCode == http.StatusOK {
			switch streams.Add(1) {
			case 1:
				resp.Body.Close()
				resp.Body = io.NopCloser(strings.NewReader("unable to retrieve container logs for containerd://x"))
			case 2:
				resp.Body = &cut{ReadCloser: resp.Body, left: 1500, err: errors.New("the connection broke")}
			case 3:
				resp.Body = &cut{ReadCloser: resp.Body, left: 2500, err: io.EOF}
			}
		}
		return resp, err
	})
	x := c.executor(k8s.Waits{})
	task := newTask(newRun(spec.WorkflowSpec{}), "talks", patched(
		shell("i=0; while test $i -lt 300; do echo line $i; i=$((i+1)); test $((i%100)) -gt 0 || sleep 1; done; printf end"),
		"schedulingGates: [{name: test/gate}]"))
	e := execute(t, x, task)
	e.pending("SchedulingGated")
	log, err := x.Logs(c.ctx, task)
	require.NoError(t, err)
	defer log.Close()
	name := k8s.PodName(task, c.namespace)
	_, err = c.admin.CoreV1().Pods(c.namespace).Patch(c.ctx, name, "application/json-patch+json",
		[]byte(`[{"op": "remove", "path": "/spec/schedulingGates"}]`), metav1.PatchOptions{})
	require.NoError(t, err)
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	var want strings.Builder
	for i := range 300 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	assert.Equal(t, want.String()+"end", string(text))
	assert.GreaterOrEqual(t, streams.Load(), int32(4))
	_, err = e.end()
	require.NoError(t, err)
}

// cut is a body that ends early.
type cut struct {
	io.ReadCloser
	left int
	err  error
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, c.err
	}
	n, err := c.ReadCloser.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func TestLogsOfLostPod(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{})
	r := newRun(spec.WorkflowSpec{})
	task := newTask(r, "gone", shell("echo hello"))
	_, err := x.Logs(c.ctx, task)
	require.ErrorIs(t, err, executor.ErrNoLog)
	_, err = execute(t, x, task).end()
	require.NoError(t, err)
	log, err := x.Logs(c.ctx, task)
	require.NoError(t, err)
	line, err := bufio.NewReader(log).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)
	require.NoError(t, log.Close())
	require.NoError(t, x.EndRun(c.ctx, r, spec.Succeeded))
	c.untilGone(k8s.PodName(task, c.namespace))
	_, err = x.Logs(c.ctx, task)
	require.ErrorIs(t, err, executor.ErrNoLog)
	assert.Zero(t, x.Followed())
}

// TestLogsOfNoStart reads the log of a Pod whose main never begins.
func TestLogsOfNoStart(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{})
	task := newTask(newRun(spec.WorkflowSpec{}), "never", with(shell("exit 0"), func(t *spec.Template) {
		t.InitContainers = []spec.UserContainer{{}}
		t.InitContainers[0].Name, t.InitContainers[0].Image = "prepare", image
		t.InitContainers[0].Command = []string{"sh", "-c", "exit 1"}
	}))
	_, err := execute(t, x, task).end()
	require.NoError(t, err)
	log, err := x.Logs(c.ctx, task)
	require.NoError(t, err)
	text, err := io.ReadAll(log)
	require.NoError(t, err)
	assert.Empty(t, text)
	require.NoError(t, log.Close())
}
