package k8s_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// A podGC deletes the Pods that it is for, that its labels choose, and not before its delay is over.
func TestPodGCChooses(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var deleted atomic.Int64
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodDelete {
			deleted.CompareAndSwap(0, time.Now().UnixNano())
		}
		return next.RoundTrip(r)
	})
	for _, s := range []spec.PodGCStrategy{spec.PodGCOnPodCompletion, spec.PodGCOnPodSuccess, spec.PodGCOnWorkflowCompletion} {
		t.Run(string(s), func(t *testing.T) {
			x := c.executor(k8s.Waits{})
			run := newRun(spec.WorkflowSpec{PodGC: &spec.PodGC{Strategy: s, DeleteDelayDuration: "3",
				LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"go": "yes"}}}})
			require.NoError(t, x.Check(run.Workflow, nil))
			require.NoError(t, x.BeginRun(t.Context(), run))
			deleted.Store(0)
			var ended time.Time
			end := func(label, script string) *executor.Task {
				task := newTask(run, label, with(shell(script), func(t *spec.Template) { t.Metadata.Labels = map[string]string{"go": label} }))
				_, err := execute(t, x, task).end()
				require.NoError(t, err)
				p := c.pod(k8s.PodName(task, c.namespace))
				require.NotNil(t, p)
				ended = p.Status.ContainerStatuses[0].State.Terminated.FinishedAt.Time
				require.NoError(t, x.Release(t.Context(), task))
				return task
			}
			stays, goes := end("no", "exit 0"), end("yes", "exit 0")
			require.NoError(t, x.EndRun(t.Context(), run, spec.Succeeded))
			assert.GreaterOrEqual(t, time.Unix(0, deleted.Load()).Sub(ended), 3*time.Second, "which is more than the parts of a second that the end leaves out")
			c.untilGone(k8s.PodName(goes, c.namespace))
			assert.NotNil(t, c.pod(k8s.PodName(stays, c.namespace)))
		})
	}
}

func TestPodGCRefuses(t *testing.T) {
	x := unconnected(t)
	for delay, says := range map[string]string{"": "", "20": "", "2m": "", "0": "", "5m": "is not from 0 to 4m0s", "-1": "is not from 0", "soon": "expected seconds"} {
		err := x.Check(&spec.Workflow{Spec: spec.WorkflowSpec{PodGC: &spec.PodGC{DeleteDelayDuration: delay}}}, nil)
		if says == "" {
			assert.NoError(t, err, delay)
			continue
		}
		require.ErrorContains(t, err, "podGC.deleteDelayDuration: ", delay)
		assert.ErrorContains(t, err, says, delay)
	}
}
