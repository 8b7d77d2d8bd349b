package k8s

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// remains is a Pod whose attempt has ended.
type remains struct {
	name string
	uid  types.UID
	// due is when it is to be deleted; zero is at once.
	due time.Time
}

// Release deletes what an attempt left, if it is to be deleted before the run's end: a Pod that a container of others
// keeps running, or any Pod under a podGC of OnPodCompletion or OnPodSuccess. It returns when that is done, so a podGC's
// deleteDelayDuration is a time that the end of a run waits for.
func (x *Executor) Release(ctx context.Context, t *executor.Task) error {
	x.mu.Lock()
	var left remains
	if r := x.runs[t.ID.Run]; r != nil {
		left = r.remains[t.ID]
		delete(r.remains, t.ID)
	}
	x.mu.Unlock()
	if left.name == "" {
		return nil
	}
	if err := sleep(ctx, time.Until(left.due)); err != nil {
		return err
	}
	return x.delete(ctx, left)
}

// deletePods deletes the Pods of a run that has ended, all of them or what is left to be deleted.
func (x *Executor) deletePods(ctx context.Context, r *executor.Run, phase spec.Phase, left map[executor.ID]remains) error {
	s := x.strategy(r)
	all := s == spec.PodGCOnWorkflowCompletion || s == spec.PodGCOnWorkflowSuccess && phase == spec.Succeeded
	if !all && len(left) == 0 {
		return nil
	}
	x.awaitReaders(ctx, r.UID)
	var errs []error
	for left := range maps.Values(left) {
		errs = append(errs, x.delete(ctx, left))
	}
	if all {
		errs = append(errs, sleep(ctx, gcDelay(r)), x.deleteRun(ctx, r))
	}
	return errors.Join(errs...)
}

// strategy says when the Pods of a run are deleted.
func (x *Executor) strategy(r *executor.Run) spec.PodGCStrategy {
	if gc := r.Workflow.Spec.PodGC; gc != nil {
		return gc.Strategy
	}
	return x.gc
}

// gcSelector chooses the Pods of a run that its podGC is for. Check has looked at it.
func gcSelector(r *executor.Run) labels.Selector {
	gc := r.Workflow.Spec.PodGC
	if gc == nil || gc.LabelSelector == nil {
		return labels.Everything()
	}
	s, err := metav1.LabelSelectorAsSelector(gc.LabelSelector)
	if err != nil {
		return labels.Nothing()
	}
	return s
}

// gcDelay is how long after its end a Pod of a run, or the run itself, is to be deleted. Check has looked at it.
func gcDelay(r *executor.Run) time.Duration {
	gc := r.Workflow.Spec.PodGC
	if gc == nil || gc.DeleteDelayDuration == "" {
		return 0
	}
	d, _ := readDelay(gc.DeleteDelayDuration)
	return d
}

// maxDelay keeps a delay within the time that an executor has after a run.
const maxDelay = 4 * time.Minute

func readDelay(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if n, whole := strconv.Atoi(text); whole == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil {
		return 0, fmt.Errorf("expected seconds as 30, or a duration as 30s or 2m: %w", err)
	}
	if d < 0 || d > maxDelay {
		return 0, fmt.Errorf("%v is not from 0 to %v: the end of the run waits for it", d, maxDelay)
	}
	return d, nil
}

// podGC refuses what a podGC cannot be.
func (p *problems) podGC(gc *spec.PodGC) {
	if gc == nil {
		return
	}
	strategy(p, "podGC.strategy", gc.Strategy, spec.PodGCOnPodCompletion, spec.PodGCOnPodSuccess,
		spec.PodGCOnWorkflowCompletion, spec.PodGCOnWorkflowSuccess)
	if _, err := metav1.LabelSelectorAsSelector(gc.LabelSelector); err != nil {
		p.add("podGC.labelSelector", "%w", err)
	}
	if gc.DeleteDelayDuration != "" {
		if _, err := readDelay(gc.DeleteDelayDuration); err != nil {
			p.add("podGC.deleteDelayDuration", "%w", err)
		}
	}
}

// remember keeps the Pod of an ended attempt in mind if it is to be deleted before all others.
func (x *Executor) remember(a *attempt) {
	o := &a.seen
	if o.gone {
		return
	}
	left := remains{name: a.pod.name, uid: o.uid}
	s := x.strategy(a.task.Run)
	collected := a.collected && (s == spec.PodGCOnPodCompletion || s == spec.PodGCOnPodSuccess && o.kind == succeeded)
	switch {
	case o.leftover:
	case collected:
		left.due = time.Now().Add(gcDelay(a.task.Run))
	default:
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return
	}
	r := x.run(a.task.ID.Run)
	if r.remains == nil {
		r.remains = map[executor.ID]remains{}
	}
	r.remains[a.task.ID] = left
}
