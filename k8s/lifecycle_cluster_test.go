package k8s_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

func TestAdopt(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := newTask(newRun(spec.WorkflowSpec{}), "adopted", shell(goesOn))

	// An earlier process began it and let go of it.
	before := execute(t, c.executor(k8s.Waits{}), task)
	before.running()
	before.cancel(executor.ErrDetach)
	_, err := before.end()
	require.ErrorIs(t, err, executor.ErrDetach)
	uid := c.pod(k8s.PodName(task, c.namespace)).UID

	// Another one goes on, with a template that has changed.
	changed := *task
	template := shell("exit 1")
	changed.Template = func() (*spec.Template, error) { return &template, nil }
	after := execute(t, c.executor(k8s.Waits{}), &changed)
	after.running()
	pods := c.admin.CoreV1().Pods(c.namespace)
	list, err := pods.List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	assert.Equal(t, uid, list.Items[0].UID)
	after.cancel(errors.New("stopped"))
	_, err = after.end()
	require.EqualError(t, err, "stopped")
	assert.Nil(t, c.pod(list.Items[0].Name), "a stopped Pod is waited for until it is gone")
}

func TestAdoptRefusesOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := newTask(newRun(spec.WorkflowSpec{}), "wanted", shell("exit 0"))
	other := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        k8s.PodName(task, c.namespace),
			Labels:      map[string]string{k8s.LabelRunUID: "other-run", k8s.LabelAttempt: "7"},
			Annotations: map[string]string{k8s.AnnotationNode: "other.node"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	_, err := c.admin.CoreV1().Pods(c.namespace).Create(c.ctx, other, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = execute(t, c.executor(k8s.Waits{}), task).end()
	require.ErrorContains(t, err, `node "other.node", attempt 7 of run other-run`)
	require.ErrorContains(t, err, `node "`+task.ID.Node+`", attempt 0 of run `+task.ID.Run)
}

func TestAdoptWaitsForTerminating(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := newTask(newRun(spec.WorkflowSpec{}), "again", shell("trap '' TERM; sleep 1000"))
	x := c.executor(k8s.Waits{})
	first := execute(t, x, task)
	first.running()
	first.cancel(executor.ErrDetach)
	_, _ = first.end()
	name := k8s.PodName(task, c.namespace)
	uid := c.pod(name).UID
	require.NoError(t, c.admin.CoreV1().Pods(c.namespace).Delete(c.ctx, name, *metav1.NewDeleteOptions(600)))

	second := execute(t, x, task)
	second.pending("until the Pod of an earlier try is gone")
	require.NoError(t, c.admin.CoreV1().Pods(c.namespace).Delete(c.ctx, name, *metav1.NewDeleteOptions(0)))
	second.running()
	p := c.pod(name)
	require.NotNil(t, p)
	assert.NotEqual(t, uid, p.UID)
}

// TestAnswerLost loses the answers of requests that were carried out, and gets answers of a busy server.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var posts, gets atomic.Int32
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case r.Method == http.MethodPost && posts.Add(1) == 1:
			return answer(r, http.StatusTooManyRequests, "1"), nil
		case r.Method == http.MethodPost && posts.Load() == 2:
			if resp, err := next.RoundTrip(r); assert.NoError(t, err) {
				resp.Body.Close()
			}
			return nil, errors.New("the connection broke")
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/pods/") && gets.Add(1) == 1:
			return answer(r, http.StatusServiceUnavailable, ""), nil
		}
		return next.RoundTrip(r)
	})
	begun := time.Now()
	_, err := execute(t, c.executor(k8s.Waits{}), newTask(newRun(spec.WorkflowSpec{}), "lost", shell("exit 0"))).end()
	require.NoError(t, err)
	assert.EqualValues(t, 2, posts.Load(), "the Pod that the lost answer was about is found, not created again")
	assert.GreaterOrEqual(t, time.Since(begun), time.Second, "Retry-After is obeyed")
}

// answer is an answer that the API server did not give.
func answer(r *http.Request, code int, retryAfter string) *http.Response {
	h := http.Header{"Content-Type": {"text/plain"}}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return &http.Response{StatusCode: code, Status: http.StatusText(code), Header: h, Body: http.NoBody, Request: r}
}

// TestRequests counts every request of a run.
func TestRequests(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	counts := c.count()
	x := c.executor(k8s.Waits{})
	r := newRun(spec.WorkflowSpec{})
	require.NoError(t, x.BeginRun(c.ctx, r))
	var calls []*call
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		calls = append(calls, execute(t, x, newTask(r, name, shell("sleep 1"))))
	}
	for _, e := range calls {
		result, err := e.end()
		require.NoError(t, err)
		require.Equal(t, spec.Succeeded, result.Phase)
	}
	require.NoError(t, x.EndRun(c.ctx, r, spec.Succeeded))
	assert.Equal(t, map[string]int{"POST pods": 5, "DELETE pods": 1}, counts.all())
	list, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for _, p := range list.Items {
		assert.NotNil(t, p.DeletionTimestamp)
	}
}

func TestPodGC(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	for name, tc := range map[string]struct {
		option   []k8s.Option
		gc       *spec.PodGC
		phase    spec.Phase
		released bool
		ended    bool
	}{
		"Default/Succeeded":     {phase: spec.Succeeded, ended: true},
		"Default/Failed":        {phase: spec.Failed},
		"Option/Completion":     {option: []k8s.Option{k8s.WithPodGC(spec.PodGCOnWorkflowCompletion)}, phase: spec.Failed, ended: true},
		"Option/Keep":           {option: []k8s.Option{k8s.WithPodGC("")}, phase: spec.Succeeded},
		"Spec/Success":          {gc: &spec.PodGC{Strategy: spec.PodGCOnWorkflowSuccess}, phase: spec.Failed},
		"Spec/Completion":       {gc: &spec.PodGC{Strategy: spec.PodGCOnWorkflowCompletion}, phase: spec.Failed, ended: true},
		"Spec/Keep":             {gc: &spec.PodGC{}, phase: spec.Succeeded},
		"Spec/PodCompletion":    {gc: &spec.PodGC{Strategy: spec.PodGCOnPodCompletion}, phase: spec.Failed, released: true},
		"Spec/PodSuccess":       {gc: &spec.PodGC{Strategy: spec.PodGCOnPodSuccess}, phase: spec.Succeeded, released: true},
		"Spec/PodSuccessFailed": {gc: &spec.PodGC{Strategy: spec.PodGCOnPodSuccess}, phase: spec.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := c.executor(k8s.Waits{}, tc.option...)
			r := newRun(spec.WorkflowSpec{PodGC: tc.gc})
			task := newTask(r, "one", shell("exit 0"))
			if tc.phase == spec.Failed {
				task = newTask(r, "one", shell("exit 1"))
			}
			require.NoError(t, x.BeginRun(c.ctx, r))
			_, err := execute(t, x, task).end()
			require.NoError(t, err)
			there := func() bool {
				p := c.pod(k8s.PodName(task, c.namespace))
				return p != nil && p.DeletionTimestamp == nil
			}
			require.True(t, there(), "nothing is deleted before its result is recorded")
			require.NoError(t, x.Release(c.ctx, task))
			require.Equal(t, !tc.released, there(), "after Release")
			require.NoError(t, x.EndRun(c.ctx, r, tc.phase))
			require.Equal(t, !tc.released && !tc.ended, there(), "after EndRun")
		})
	}
}

// TestInjected adds a container to the Pod as an admission webhook would.
func TestInjected(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{})
	r := newRun(spec.WorkflowSpec{})
	task := newTask(r, "meshed", patched(shell("sleep 1; exit 2"),
		`containers: [{name: mesh, image: "`+image+`", command: [sh, -c, "trap 'exit 0' TERM; sleep 1000 & wait"]}]`))
	require.NoError(t, x.BeginRun(c.ctx, r))
	result, err := execute(t, x, task).end()
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, result.Phase, "the node ends with main, though the Pod goes on")
	assert.Equal(t, 2, *result.ExitCode)
	name := k8s.PodName(task, c.namespace)
	c.untilPod(name, func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
	require.NoError(t, x.EndRun(c.ctx, r, spec.Failed))
	p := c.pod(name)
	assert.True(t, p == nil || p.DeletionTimestamp != nil, "what others injected is ended")
}

func TestSidecarEndsWithMain(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := newTask(newRun(spec.WorkflowSpec{}), "both", with(shell("sleep 1"), func(t *spec.Template) {
		t.Sidecars = []spec.UserContainer{{Container: corev1.Container{
			Name: "aside", Image: image, Command: []string{"sh", "-c", goesOn}}}}
	}))
	result, err := execute(t, c.executor(k8s.Waits{}), task).end()
	require.NoError(t, err)
	assert.Equal(t, spec.Succeeded, result.Phase)
	c.untilPod(k8s.PodName(task, c.namespace), func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodSucceeded })
}

// TestWatchExpires has a watch that lasts a second, and one that begins from a version that is too old.
func TestWatchExpires(t *testing.T) {
	t.Parallel()
	for name, listOnly := range map[string]bool{"WatchList": false, "List": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, nil)
			var watches, lists atomic.Int32
			c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case r.URL.Query().Get("watch") == "":
					if r.Method == http.MethodGet {
						lists.Add(1)
					}
				case watches.Add(1) == 2:
					q := r.URL.Query()
					q.Set("resourceVersion", "1") // compacted long ago, or an error that says so
					q.Del("sendInitialEvents")
					q.Del("resourceVersionMatch")
					r = r.Clone(r.Context())
					r.URL.RawQuery = q.Encode()
				}
				return next.RoundTrip(r)
			})
			x := c.executor(k8s.Waits{Watch: time.Second})
			if listOnly {
				x.ListOnly()
			}
			_, err := execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "long", shell("sleep 6"))).end()
			require.NoError(t, err)
			assert.Greater(t, watches.Load(), int32(2))
			if !listOnly {
				assert.Zero(t, lists.Load(), "a server that streams what is there is not asked to list it")
			}
			assert.Zero(t, x.Followed())
		})
	}
}

// TestGoneUnseen deletes a Pod while nobody watches.
func TestGoneUnseen(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var cut atomic.Bool
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.URL.Query().Get("watch") != "" {
			if cut.Load() {
				return nil, errors.New("no way through")
			}
			if r.URL.Query().Get("resourceVersion") != "" {
				return answer(r, http.StatusGone, ""), nil
			}
		}
		return next.RoundTrip(r)
	})
	x := c.executor(k8s.Waits{Watch: time.Second, Most: 100 * time.Millisecond})
	task := newTask(newRun(spec.WorkflowSpec{}), "gone", shell(goesOn))
	e := execute(t, x, task)
	e.running()
	cut.Store(true)
	zero := int64(0)
	require.NoError(t, c.admin.CoreV1().Pods(c.namespace).Delete(c.ctx, k8s.PodName(task, c.namespace),
		metav1.DeleteOptions{GracePeriodSeconds: &zero}))
	cut.Store(false)
	_, err := e.end()
	var loss *executor.LostError
	require.ErrorAs(t, err, &loss)
	assert.Contains(t, []string{"PodGone", "Deleted"}, loss.Reason)
}

// TestServerRestarts ends the API server for ten seconds in the middle of a run: one Pod ends while it is away, one after
// it is back, and one is to begin meanwhile. It is not parallel: other tests need the server.
func TestServerRestarts(t *testing.T) {
	program := os.Getenv("PODFLOW_CLUSTER")
	if program == "" {
		t.Skip("PODFLOW_CLUSTER is not set: set it to the program that manages the test cluster")
	}
	c := newCluster(t, nil)
	var refused atomic.Int32
	met := make(chan struct{})
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if errors.Is(err, syscall.ECONNREFUSED) && refused.Add(1) == 1 {
			close(met)
		}
		return resp, err
	})
	seconds := workflow.Param[int]("seconds")
	pod := workflow.Script("pod", image, "sh", `sleep "$FOR"`).Inputs(seconds).Env("FOR", seconds.Ref())
	d := dag.New("diamond")
	first := d.Task("A", pod, seconds.Set(0))
	during := d.Task("B", pod, seconds.Set(5)).Dependencies(first)
	after := d.Task("C", pod, seconds.Set(20)).Dependencies(first)
	d.Task("D", pod, seconds.Set(0)).Dependencies(during, after)
	away := d.Task("away", workflow.Suspend("away"))
	d.Task("begun", pod, seconds.Set(0)).Dependencies(away)
	wf, err := workflow.New("diamond-", d)
	require.NoError(t, err)

	runner := workflow.NewRunner(c.executor(k8s.Waits{}))
	defer func() { require.NoError(t, runner.Close()) }()
	run, err := runner.Start(t.Context(), wf)
	require.NoError(t, err)
	started := map[string]bool{}
	for e := range run.Events(t.Context()) {
		require.False(t, e.Node.Phase.FailedOrErrored(), "%s: %s", e.Node.Path, e.Node.Message)
		if e.Node.Phase == spec.Running {
			started[e.Node.Path] = true
		}
		if started["B"] && started["C"] {
			break
		}
	}
	restart := exec.Command(program, "restart", "apiserver", "10") // without a context: it must not leave the server away
	restart.Stderr = os.Stderr
	require.NoError(t, restart.Start())
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		assert.NoError(t, restart.Wait())
	}()
	t.Cleanup(func() { <-restarted })
	select {
	case <-met:
	case <-restarted:
	}
	require.NoError(t, run.Resume(t.Context(), "away"))
	<-restarted
	assert.Positive(t, refused.Load(), "no request met the outage")
	require.NoError(t, run.Wait(t.Context()))
	tree := map[string]int{}
	for n := range run.Nodes() {
		assert.Equal(t, spec.Succeeded, n.Phase, n.Path)
		if tree[n.Path] = -1; n.ExitCode != nil {
			tree[n.Path] = *n.ExitCode
		}
	}
	assert.Equal(t, map[string]int{"": -1, "A": 0, "B": 0, "C": 0, "D": 0, "away": -1, "begun": 0}, tree)
}

func TestNoRights(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	config := rest.CopyConfig(c.as("nobody"))
	x, err := k8s.FromConfig(config, c.namespace)
	require.NoError(t, err)
	x.Hasten(k8s.Waits{Auth: time.Second})
	_, err = execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "no", shell("exit 0"))).end()
	require.ErrorContains(t, err, "cannot")
	require.ErrorContains(t, err, `"pods"`)
}
