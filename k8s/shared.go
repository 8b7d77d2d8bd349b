package k8s

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// objects is the client of one kind of objects.
type objects[T metav1.Object] interface {
	Create(ctx context.Context, o T, opts metav1.CreateOptions) (T, error)
	Get(ctx context.Context, name string, opts metav1.GetOptions) (T, error)
	DeleteCollection(ctx context.Context, opts metav1.DeleteOptions, list metav1.ListOptions) error
}

func (x *Executor) claims() typed.PersistentVolumeClaimInterface {
	return x.client.PersistentVolumeClaims(x.namespace)
}

// claimName is the name of the claim that a run makes from a template of this name.
func claimName(r *executor.Run, template string) string { return r.Name + "-" + template }

// claimVolumes are the run's claims as volumes, by the names of their templates.
func claimVolumes(r *executor.Run) []corev1.Volume {
	var volumes []corev1.Volume
	for i := range r.Workflow.Spec.VolumeClaimTemplates {
		name := r.Workflow.Spec.VolumeClaimTemplates[i].Name
		volumes = append(volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claimName(r, name)},
		}})
	}
	return volumes
}

// makeShared makes what the Pods of a run share, or finds what an earlier process made. If it fails, nothing stays that
// was not there before.
func (x *Executor) makeShared(ctx context.Context, r *executor.Run) error {
	adopted := false
	err := x.makeBudget(ctx, r, &adopted)
	for i := range r.Workflow.Spec.VolumeClaimTemplates {
		if err != nil {
			break
		}
		claim := r.Workflow.Spec.VolumeClaimTemplates[i].DeepCopy()
		claim.Name = claimName(r, claim.Name)
		err = ensure(ctx, x, "PersistentVolumeClaim", x.claims(), claim, r, &adopted)
	}
	if err == nil || adopted {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.waits.gone)
	defer cancel()
	return errors.Join(err, x.deleteBudget(ctx, r), x.deleteClaims(ctx, r))
}

func (x *Executor) makeBudget(ctx context.Context, r *executor.Run, adopted *bool) error {
	s := r.Workflow.Spec.PodDisruptionBudget
	if s == nil {
		return nil
	}
	budget := &policyv1.PodDisruptionBudget{Spec: *s.DeepCopy()}
	budget.Name = r.Name
	if budget.Spec.Selector == nil {
		budget.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{LabelRunUID: r.UID}}
	}
	return ensure(ctx, x, "PodDisruptionBudget", x.budgets, budget, r, adopted)
}

// ensure creates an object of a run unless it is there, and says so if an earlier process made it.
func ensure[T metav1.Object](ctx context.Context, x *Executor, kind string, c objects[T], want T, r *executor.Run, adopted *bool) error {
	labels := maps.Clone(want.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	if err := setRunLabels(labels, r); err != nil {
		return fmt.Errorf("k8s: %w", err)
	}
	want.SetNamespace(x.namespace)
	want.SetLabels(labels)
	unsure := false
	err := x.persist(ctx, func(ctx context.Context) error {
		_, err := c.Create(ctx, want, createOptions)
		if !apierrors.IsAlreadyExists(err) {
			unsure = unsure || err != nil && refused(err).unsure
			return err
		}
		there, err := c.Get(ctx, want.GetName(), metav1.GetOptions{})
		switch {
		case notFound(err):
			return apierrors.NewConflict(corev1.Resource(kind), want.GetName(), errors.New("it has just been deleted"))
		case err != nil:
			return err
		case there.GetLabels()[LabelRunUID] != r.UID:
			return &finalError{errors.New("it exists and does not belong to this run")}
		case there.GetDeletionTimestamp() != nil:
			return &finalError{errors.New("it is being deleted: it goes when no Pod of the run is left")}
		}
		*adopted = *adopted || !unsure
		return nil
	})
	if err != nil {
		return fmt.Errorf("k8s: create %s %s: %w", kind, want.GetName(), err)
	}
	return nil
}

// deleteShared deletes what the Pods of a run share, the claims as its volumeClaimGC says.
func (x *Executor) deleteShared(ctx context.Context, r *executor.Run, phase spec.Phase) error {
	err := x.deleteBudget(ctx, r)
	gc := r.Workflow.Spec.VolumeClaimGC
	if phase == spec.Succeeded || gc != nil && gc.Strategy == spec.VolumeClaimGCOnCompletion {
		err = errors.Join(err, x.deleteClaims(ctx, r))
	}
	return err
}

func (x *Executor) deleteBudget(ctx context.Context, r *executor.Run) error {
	if r.Workflow.Spec.PodDisruptionBudget == nil {
		return nil
	}
	return deleteOf(ctx, x, "PodDisruptionBudget", x.budgets, r)
}

func (x *Executor) deleteClaims(ctx context.Context, r *executor.Run) error {
	if len(r.Workflow.Spec.VolumeClaimTemplates) == 0 {
		return nil
	}
	return deleteOf(ctx, x, "PersistentVolumeClaims", x.claims(), r)
}

// deleteOf deletes all objects of one kind that a run made.
func deleteOf[T metav1.Object](ctx context.Context, x *Executor, kind string, c objects[T], r *executor.Run) error {
	err := x.persist(ctx, func(ctx context.Context) error {
		return c.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: LabelRunUID + "=" + r.UID})
	})
	if err != nil {
		return fmt.Errorf("k8s: delete the %s of run %s: %w", kind, r.Name, err)
	}
	return nil
}
