package k8s

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// act does once, with the target that has this place among all, what is to be done.
func (r *resource) act(ctx context.Context, t *target, place int) error {
	do := map[string]func(context.Context, *target) error{
		"get": r.get, "apply": r.apply, "replace": r.replace, "patch": r.patch, "delete": r.delete,
		"create": func(ctx context.Context, t *target) error { return r.create(ctx, t, place) },
	}[r.order.action]
	if r.order.owned {
		if err := r.own(ctx, t); err != nil {
			return err
		}
	}
	if err := r.persist(ctx, func(ctx context.Context) error { return do(ctx, t) }); err != nil {
		return err
	}
	if r.order.action == "delete" && r.order.wait && len(r.order.dryRun) == 0 {
		return r.untilGone(ctx, t)
	}
	return nil
}

func (r *resource) get(ctx context.Context, t *target) (err error) {
	if t.is != nil {
		return nil // it was chosen by its labels
	}
	is, err := t.client.Get(ctx, t.name, metav1.GetOptions{}, r.order.subresource...)
	if notFound(err) && r.order.missing {
		return nil
	}
	if err == nil {
		t.is = is
	}
	return err
}

// create creates the object, or finds that an earlier process did.
func (r *resource) create(ctx context.Context, t *target, place int) error {
	want := t.want.DeepCopy()
	want.SetName(t.name)
	want.SetGenerateName("")
	mark := marks(r.task, place)
	notes := want.GetAnnotations()
	if key, found := ours(notes, want.GetLabels()); found {
		return &finalError{fmt.Errorf("%q begins with %s, which is podflow's own", key, prefix)}
	}
	if notes == nil {
		notes = map[string]string{}
	}
	for k, v := range mark {
		notes[k] = v
	}
	want.SetAnnotations(notes)
	is, err := t.client.Create(ctx, want, metav1.CreateOptions{
		FieldManager: r.order.manager, FieldValidation: r.order.validation, DryRun: r.order.dryRun,
	}, r.order.subresource...)
	if apierrors.IsAlreadyExists(err) {
		there, other := t.client.Get(ctx, t.name, metav1.GetOptions{})
		if notFound(other) {
			return apierrors.NewConflict(corev1.Resource(t.kind), t.name, errors.New("it has just been deleted"))
		}
		if other != nil {
			return fmt.Errorf("%w; and to see whose it is: %w", err, other)
		}
		for k, v := range mark {
			if there.GetAnnotations()[k] != v {
				return err
			}
		}
		is, err = there, nil
	}
	if err == nil {
		t.is = is
	}
	return err
}

// The annotations of an object that a resource template created, besides [AnnotationNode]. They are no labels: what has
// those of a run is deleted with it.
const (
	annotationRun = LabelRunUID
	// annotationPlace has the attempt and the place of the object in the manifest.
	annotationPlace = prefix + "place"
)

// marks say which attempt created an object.
func marks(t *executor.Task, place int) map[string]string {
	return map[string]string{
		annotationRun: t.ID.Run, AnnotationNode: t.ID.Node, annotationPlace: fmt.Sprintf("%d/%d", t.ID.Attempt, place),
	}
}

// madeName is the name of an object that only has the beginning of one: the same one each time that it is asked for, so
// that a create that was not answered is not done twice.
func madeName(t *executor.Task, beginning string, place int) string {
	end := t.ID.Hash()
	if place > 0 {
		end += "-" + strconv.Itoa(place)
	}
	return beginning[:min(len(beginning), maxLabel-len(end))] + end
}

// apply is a server-side apply. Fields that others have set too are set all the same, as kubectl apply does.
func (r *resource) apply(ctx context.Context, t *target) error {
	want, force := t.want.DeepCopy(), true
	want.SetManagedFields(nil)
	raw, err := want.MarshalJSON()
	if err != nil {
		return &finalError{err}
	}
	is, err := t.client.Patch(ctx, t.name, types.ApplyPatchType, raw, metav1.PatchOptions{
		FieldManager: r.order.manager, FieldValidation: r.order.validation, Force: &force, DryRun: r.order.dryRun,
	}, r.order.subresource...)
	if err == nil {
		t.is = is
	}
	if err != nil && strings.Contains(err.Error(), "field not declared in schema") {
		return &finalError{err} // which the server calls an internal error
	}
	return err
}

// replace replaces the object as it is now, unless the manifest says which version of it.
func (r *resource) replace(ctx context.Context, t *target) error {
	want := t.want
	if want.GetResourceVersion() == "" {
		there, err := t.client.Get(ctx, t.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		want = want.DeepCopy()
		want.SetResourceVersion(there.GetResourceVersion())
	}
	is, err := t.client.Update(ctx, want, metav1.UpdateOptions{
		FieldManager: r.order.manager, FieldValidation: r.order.validation, DryRun: r.order.dryRun,
	}, r.order.subresource...)
	if err == nil {
		t.is = is
	}
	if apierrors.IsConflict(err) && want == t.want {
		return &finalError{err}
	}
	return err
}

func (r *resource) patch(ctx context.Context, t *target) error {
	is, err := t.client.Patch(ctx, t.name, r.order.as, r.order.patch, metav1.PatchOptions{
		FieldManager: r.order.manager, FieldValidation: r.order.validation, DryRun: r.order.dryRun,
	}, r.order.subresource...)
	if err == nil {
		t.is = is
	}
	return err
}

// delete deletes the object that is there now, and no other that takes its name.
func (r *resource) delete(ctx context.Context, t *target) error {
	is := t.is
	if is == nil {
		var err error
		if is, err = t.client.Get(ctx, t.name, metav1.GetOptions{}); err != nil {
			if notFound(err) {
				return nil
			}
			return err
		}
	}
	t.is = is
	err := t.client.Delete(ctx, t.name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(is.GetUID())), PropagationPolicy: &r.order.cascade,
		GracePeriodSeconds: r.order.grace, DryRun: r.order.dryRun,
	}, r.order.subresource...)
	if notFound(err) || apierrors.IsConflict(err) {
		t.is = nil // it has gone; what has its name now is another
		return nil
	}
	return err
}

// untilGone waits until the object that was deleted is no more.
func (r *resource) untilGone(ctx context.Context, t *target) error {
	if t.is == nil {
		return nil
	}
	uid := t.is.GetUID()
	return r.observe(ctx, t, func() (bool, error) { return t.is == nil || t.is.GetUID() != uid, nil })
}

// await waits until the conditions of the template hold for the object.
func (r *resource) await(ctx context.Context, t *target) error {
	o := r.order
	if len(o.success)+len(o.failure) == 0 || t.is == nil && o.missing || len(o.dryRun) > 0 {
		return nil
	}
	uid := t.is.GetUID()
	met := func() (bool, error) {
		if t.is == nil || t.is.GetUID() != uid {
			return true, &finalError{errors.New("it was deleted before its conditions were met")}
		}
		done, failure := o.met(t.is.Object)
		if failure != "" {
			return true, &finalError{fmt.Errorf("the failure condition %s is met", failure)}
		}
		return done, nil
	}
	if done, err := met(); done {
		return err
	}
	return r.observe(ctx, t, met)
}

// observe watches the object until enough says that this is enough; t.is is then what it is, or nil if it is no more.
func (r *resource) observe(ctx context.Context, t *target, enough func() (bool, error)) error {
	pause := backoff{waits: &r.x.waits}
	var since time.Time
	for {
		err := r.persist(ctx, func(ctx context.Context) (err error) {
			t.is, err = t.client.Get(ctx, t.name, metav1.GetOptions{})
			if notFound(err) {
				t.is, err = nil, nil
			}
			return err
		})
		if err != nil {
			return err
		}
		r.tell(spec.Running, "")
		if done, err := enough(); done {
			return err
		}
		done, news, err := r.watch(ctx, t, enough)
		if done {
			return err
		}
		if news || since.IsZero() {
			pause.reset()
			since = time.Now()
		}
		if err != nil && ctx.Err() == nil {
			if limit, bounded := r.x.waits.limit(refused(err).patience); bounded && time.Since(since) >= limit {
				return fmt.Errorf("watch: %w", err)
			}
		}
		if err := sleep(ctx, pause.next(refused(err).after)); err != nil {
			return err
		}
	}
}

// watch follows the object from the version that is known. news says that there were some, and err why there are no more.
func (r *resource) watch(ctx context.Context, t *target, enough func() (bool, error)) (done, news bool, err error) {
	last := int64(r.x.waits.watch / time.Second)
	w, err := t.client.Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=" + t.name, ResourceVersion: t.is.GetResourceVersion(), TimeoutSeconds: &last,
	})
	if err != nil {
		return false, false, err
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, news, context.Cause(ctx)
		case e, more := <-w.ResultChan():
			if !more {
				return false, news, nil
			}
			object, ok := e.Object.(*unstructured.Unstructured)
			if e.Type == watch.Error || !ok {
				return false, news, apierrors.FromObject(e.Object)
			}
			news, t.is = true, object
			if e.Type == watch.Deleted {
				t.is = nil
			}
			if done, err := enough(); done {
				return true, news, err
			}
			if t.is == nil {
				return false, news, nil
			}
		}
	}
}
