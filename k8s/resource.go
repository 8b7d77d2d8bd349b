package k8s

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// isResource says that a task does something with an object of the cluster, for which it needs no Pod.
func isResource(t *executor.Task) bool {
	written := t.Written
	if written == nil {
		written, _ = t.Template() // its error comes again where it is wanted
	}
	return t.Func == nil && written != nil && written.Resource != nil
}

// resource is one Execute of a resource template.
type resource struct {
	x       *Executor
	task    *executor.Task
	notify  func(executor.Update)
	order   *order
	targets []*target
	told    executor.Update
}

// target is an object that a resource template is about.
type target struct {
	client dynamic.ResourceInterface
	kind   string
	// namespace is empty for an object of the cluster.
	namespace, name string
	// want is the object of the manifest; nil if the flags name it.
	want *unstructured.Unstructured
	// is is the object as it was seen last; nil before that, and once it is gone.
	is *unstructured.Unstructured
}

// String names the object, for messages.
func (t *target) String() string { return t.kind + " " + t.name }

// errDeadline is why a resource template that takes too long is given up.
var errDeadline = errors.New("its activeDeadlineSeconds are over")

// resourceExit is the exit code of a resource template that failed: that of the Pod in which Argo has kubectl do this.
const resourceExit = 64

// executeResource does what a resource template says, and waits for its conditions. What the API server refuses is the
// failure of the node, as a program's is; a server that cannot be reached is waited for.
func (x *Executor) executeResource(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	template, err := t.Template()
	if err != nil {
		return executor.Result{}, fmt.Errorf("k8s: %s: %w", t.ID, err)
	}
	seconds, err := deadline(template.ActiveDeadlineSeconds)
	if err != nil {
		return executor.Result{}, fmt.Errorf("k8s: %s: %w", t.ID, err)
	}
	within := ctx
	if seconds != nil {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeoutCause(ctx, time.Duration(*seconds)*time.Second, errDeadline)
		defer cancel()
	}
	r := &resource{x: x, task: t, notify: notify}
	values, err := r.run(within, template)
	var status apierrors.APIStatus
	var final *finalError
	switch {
	case err == nil:
		r.tell(spec.Running, "")
		return executor.Result{Phase: spec.Succeeded, ExitCode: new(int), Outputs: values}, nil
	case ctx.Err() != nil:
		return executor.Result{}, context.Cause(ctx)
	case within.Err() != nil:
		return executor.Result{Phase: spec.Failed, Message: fmt.Sprintf("%v (%d)", errDeadline, *seconds)}, nil
	case errors.As(err, &status) && !apierrors.IsUnauthorized(err), errors.As(err, &final):
		code := resourceExit
		return executor.Result{Phase: spec.Failed, ExitCode: &code, Message: err.Error()}, nil
	}
	return executor.Result{}, fmt.Errorf("k8s: %s: %w", t.ID, err)
}

// run gives the output parameters.
func (r *resource) run(ctx context.Context, template *spec.Template) ([]executor.Value, error) {
	var wrong problems
	if r.order, wrong = readOrder(template); wrong != nil {
		return nil, &finalError{errors.Join(wrong...)}
	}
	if r.x.kinds == nil {
		return nil, &finalError{errNoConfig}
	}
	r.tell(spec.Running, "")
	if err := r.find(ctx); err != nil {
		return nil, err
	}
	for i, t := range r.targets {
		if err := r.act(ctx, t, i); err != nil {
			return nil, fmt.Errorf("%s %v: %w", r.order.action, t, err)
		}
	}
	for _, t := range r.targets {
		if err := r.await(ctx, t); err != nil {
			return nil, fmt.Errorf("%v: %w", t, err)
		}
	}
	values, err := r.order.values(ctx, r.given())
	if err != nil {
		return nil, &finalError{err}
	}
	return values, nil
}

// tell notifies of what has not been told yet.
func (r *resource) tell(phase spec.Phase, message string) {
	u := executor.Update{Phase: phase, Message: message}
	if u != r.told {
		r.told = u
		r.notify(u)
	}
}

// persist carries out a request as [Executor.persist] does, and tells what it waits for.
func (r *resource) persist(ctx context.Context, do func(context.Context) error) error {
	return r.x.persist(ctx, func(ctx context.Context) error {
		err := do(ctx)
		if err != nil && refused(err).patience != none {
			r.tell(spec.Pending, err.Error())
		}
		return err
	})
}

// find finds what the manifest or the flags name.
func (r *resource) find(ctx context.Context) error {
	return r.persist(ctx, func(ctx context.Context) (err error) {
		r.targets = nil
		o := r.order
		if o.kind != "" {
			return r.findNamed(ctx)
		}
		for _, want := range o.objects {
			m, err := r.x.kinds.mapping(want.GroupVersionKind())
			if err != nil {
				return err
			}
			t, err := r.x.target(m, cmp.Or(o.namespace, want.GetNamespace()))
			if err != nil {
				return err
			}
			t.want, t.name = want, want.GetName()
			if o.action == "create" && t.name == "" {
				t.name = madeName(r.task, want.GetGenerateName(), len(r.targets))
			}
			if t.name == "" {
				return &finalError{fmt.Errorf("resource.manifest: the %s needs a metadata.name", t.kind)}
			}
			r.targets = append(r.targets, t)
		}
		return nil
	})
}

// findNamed finds what the flags name by kind and by name or labels.
func (r *resource) findNamed(ctx context.Context) error {
	o := r.order
	m, err := r.x.kinds.named(o.kind)
	if err != nil {
		return err
	}
	for _, name := range o.names {
		t, err := r.x.target(m, o.namespace)
		if err != nil {
			return err
		}
		t.name = name
		r.targets = append(r.targets, t)
	}
	if !o.many {
		return nil
	}
	all, err := r.x.target(m, o.namespace)
	if err != nil {
		return err
	}
	list, err := all.client.List(ctx, metav1.ListOptions{LabelSelector: o.selector})
	if err != nil {
		return err
	}
	for i := range list.Items {
		t := *all
		t.name, t.is = list.Items[i].GetName(), &list.Items[i]
		r.targets = append(r.targets, &t)
	}
	return nil
}

// target is an object to be found with this mapping, in a namespace, or in the executor's own if that is empty.
func (x *Executor) target(m *meta.RESTMapping, namespace string) (*target, error) {
	t := &target{kind: m.GroupVersionKind.Kind}
	c := x.kinds.dynamic.Resource(m.Resource)
	switch {
	case m.Scope.Name() == meta.RESTScopeNameNamespace:
		t.namespace = cmp.Or(namespace, x.namespace)
		t.client = c.Namespace(t.namespace)
	case namespace != "":
		return nil, &finalError{fmt.Errorf("a %s is the cluster's: it has no namespace, and %q was given", t.kind, namespace)}
	default:
		t.client = c
	}
	return t, nil
}

// given is what outputs are taken from: the object, or of many a List, as kubectl gives it.
func (r *resource) given() map[string]any {
	if len(r.targets) == 1 && !r.order.many {
		if is := r.targets[0].is; is != nil {
			return is.Object
		}
		return map[string]any{}
	}
	items := []any{}
	for _, t := range r.targets {
		if t.is != nil {
			items = append(items, t.is.Object)
		}
	}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
}
