package k8s

import (
	"context"
	"fmt"

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
	made := x.owners[r.UID] != ""
	delete(x.owners, r.UID)
	x.mu.Unlock()
	w := &r.Workflow.Spec
	if !made && !mayOwn(w) || phase != spec.Succeeded && x.strategy(r) != spec.PodGCOnWorkflowCompletion {
		return nil
	}
	maps := x.client.ConfigMaps(x.namespace)
	err := x.persist(ctx, func(ctx context.Context) error {
		is, err := maps.Get(ctx, ownerName(r), metav1.GetOptions{})
		if err == nil && is.Labels[LabelRunUID] == r.UID {
			err = maps.Delete(ctx, is.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(is.UID))})
		}
		if notFound(err) || apierrors.IsConflict(err) || !made && apierrors.IsForbidden(err) {
			return nil // who may not look at it has made none
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("k8s: delete ConfigMap %s, which owns what run %s made: %w", ownerName(r), r.Name, err)
	}
	return nil
}

// mayOwn says that an earlier process may have made the owner of a run: a template says so, or may do so because it is
// none of the workflow's own.
func mayOwn(w *spec.WorkflowSpec) bool {
	owns := func(t *spec.Template) bool { return t != nil && t.Resource != nil && t.Resource.SetOwnerReference }
	if w.WorkflowTemplateRef != nil {
		return true
	}
	for i := range w.Templates {
		t := &w.Templates[i]
		if owns(t) {
			return true
		}
		if t.DAG != nil {
			for j := range t.DAG.Tasks {
				if k := &t.DAG.Tasks[j]; k.TemplateRef != nil || owns(k.Inline) {
					return true
				}
			}
		}
		for _, group := range t.Steps {
			for j := range group {
				if k := &group[j]; k.TemplateRef != nil || owns(k.Inline) {
					return true
				}
			}
		}
	}
	return false
}
