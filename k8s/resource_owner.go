package k8s

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// ownerName is the name of the ConfigMap that owns what resource templates with setOwnerReference make in a run. It is
// empty: Kubernetes deletes with it what it owns.
func ownerName(r *executor.Run) string { return r.Name + "-owner" }

// own makes the run the owner of the object that is wanted.
func (r *resource) own(ctx context.Context, t *target) error {
	if t.namespace != r.x.namespace {
		return &finalError{fmt.Errorf("resource.setOwnerReference: a run in namespace %s owns only objects of that namespace", r.x.namespace)}
	}
	uid, err := r.x.owner(ctx, r.task.Run)
	if err != nil {
		return err
	}
	controls := true
	t.want = t.want.DeepCopy()
	t.want.SetOwnerReferences(append(t.want.GetOwnerReferences(), metav1.OwnerReference{
		APIVersion: "v1", Kind: "ConfigMap", Name: ownerName(r.task.Run), UID: uid, Controller: &controls,
	}))
	return nil
}

// owner is the UID of the run's owner, which is made if it is not there.
func (x *Executor) owner(ctx context.Context, r *executor.Run) (types.UID, error) {
	x.mu.Lock()
	uid := x.owners[r.UID]
	x.mu.Unlock()
	if uid != "" {
		return uid, nil
	}
	maps := x.client.ConfigMaps(x.namespace)
	want := &corev1.ConfigMap{}
	want.Name = ownerName(r)
	adopted := false
	if err := ensure(ctx, x, "ConfigMap", maps, want, r, &adopted); err != nil {
		return "", err
	}
	var is *corev1.ConfigMap
	err := x.persist(ctx, func(ctx context.Context) (err error) {
		is, err = maps.Get(ctx, want.Name, metav1.GetOptions{})
		return err
	})
	if err != nil {
		return "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.owners == nil {
		x.owners = map[string]types.UID{}
	}
	x.owners[r.UID] = is.UID
	return is.UID, nil
}

// disown deletes the run's owner, and Kubernetes with it what it owns: when the run has succeeded, and under a podGC of
// OnWorkflowCompletion when it has ended.
func (x *Executor) disown(ctx context.Context, r *executor.Run, phase spec.Phase) error {
	x.mu.Lock()
	known := x.owners[r.UID] != "" || slices.ContainsFunc(r.Workflow.Spec.Templates, func(t spec.Template) bool {
		return t.Resource != nil && t.Resource.SetOwnerReference
	})
	delete(x.owners, r.UID)
	x.mu.Unlock()
	if !known || phase != spec.Succeeded && x.strategy(r) != spec.PodGCOnWorkflowCompletion {
		return nil
	}
	maps := x.client.ConfigMaps(x.namespace)
	err := x.persist(ctx, func(ctx context.Context) error {
		is, err := maps.Get(ctx, ownerName(r), metav1.GetOptions{})
		if err == nil && is.Labels[LabelRunUID] == r.UID {
			err = maps.Delete(ctx, is.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(is.UID))})
		}
		if notFound(err) || apierrors.IsConflict(err) {
			return nil
		}
		return err
	})
	if err != nil && !errors.Is(err, errClosed) {
		return fmt.Errorf("k8s: delete ConfigMap %s, which owns what run %s made: %w", ownerName(r), r.Name, err)
	}
	return err
}
