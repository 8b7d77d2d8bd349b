package k8s_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// TestEventsOfMany has a hundred Pods that wait on their nodes, and one of them has an event that says why.
func TestEventsOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(spec.WorkflowSpec{})
		tasks := make([]*executor.Task, 100)
		for i := range tasks {
			tasks[i] = newTask(r, fmt.Sprintf("n%d", i), shell("exit 0"))
		}
		without := k8s.PodName(tasks[7], "default")
		api := &memoryAPI{events: []corev1.Event{{
			Reason: "FailedMount", Message: "no such secret", LastTimestamp: metav1.Now(),
			InvolvedObject: corev1.ObjectReference{Name: without, UID: types.UID("uid-" + without)},
		}}}
		api.pod.Spec.NodeName = "busy"
		api.pod.Status.Phase = corev1.PodPending
		x := api.executor(t)
		begun := time.Now()
		calls := make([]*call, len(tasks))
		for i, task := range tasks {
			calls[i] = execute(t, x, task)
		}
		calls[7].pending("FailedMount: no such secret")
		assert.Equal(t, 30*time.Second, time.Since(begun))
		time.Sleep(70 * time.Second)
		assert.Equal(t, 3, api.count("GET", "events"), "one look every 30 seconds serves all")
		for _, c := range calls {
			c.cancel(executor.ErrDetach)
			<-c.done
		}
	})
}
