package k8s_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// TestEndRunAwaitsLogs ends a run while a log of it is being read.
func TestEndRunAwaitsLogs(t *testing.T) {
	for name, tc := range map[string]struct {
		// end is what ends the wait, or nil for the time that it lasts at most.
		end func(t *testing.T, log io.ReadCloser, cancel func())
		gc  spec.PodGCStrategy
		// waits is for how long the run's end waits.
		waits time.Duration
		// deletes is how many requests delete the Pods.
		deletes int
	}{
		"ReadToTheEnd": {gc: spec.PodGCOnWorkflowSuccess, deletes: 1, end: func(t *testing.T, log io.ReadCloser, _ func()) {
			text, err := io.ReadAll(log)
			require.NoError(t, err)
			assert.Equal(t, "second\nthird", string(text))
		}},
		"Closed": {gc: spec.PodGCOnWorkflowSuccess, deletes: 1, end: func(t *testing.T, log io.ReadCloser, _ func()) {
			require.NoError(t, log.Close())
		}},
		"Stopped": {gc: spec.PodGCOnWorkflowSuccess, end: func(_ *testing.T, _ io.ReadCloser, cancel func()) {
			cancel()
		}},
		"NotRead": {gc: spec.PodGCOnWorkflowSuccess, deletes: 1, waits: 5 * time.Second},
		"Kept":    {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRun(spec.WorkflowSpec{})
				task := newTask(r, "talks", shell("exit 0"))
				pod, err := k8s.BuildPod(task, "default")
				require.NoError(t, err)
				pod.Status.Phase = corev1.PodSucceeded
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: k8s.MainContainer,
					State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}
				api := &memoryAPI{pod: *pod, log: "first\nsecond\nthird"}
				x := api.executor(t, k8s.WithPodGC(tc.gc))
				log, err := x.Logs(t.Context(), task)
				require.NoError(t, err)
				defer log.Close()
				_, err = io.ReadFull(log, make([]byte, len("first\n")))
				require.NoError(t, err)

				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				begun, ended := time.Now(), make(chan time.Time)
				go func() {
					_ = x.EndRun(ctx, r, spec.Succeeded)
					ended <- time.Now()
				}()
				if tc.end != nil {
					synctest.Wait()
					assert.Zero(t, api.count("DELETE", "pods"), "the log is being read")
					tc.end(t, log, cancel)
				}
				assert.Equal(t, tc.waits, (<-ended).Sub(begun).Truncate(time.Second), "but for a second look at the log's end")
				assert.Equal(t, tc.deletes, api.count("DELETE", "pods"))
			})
		})
	}
}
