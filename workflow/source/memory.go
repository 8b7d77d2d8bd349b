// Package source is where a workflow finds what is not in itself: the WorkflowTemplates and ClusterWorkflowTemplates
// that it refers to, and the ConfigMaps that it takes values from.
//
//	templates, err := source.Dir("templates") // all YAML files below it
//	wf, err := workflow.Load(file, workflow.Templates(ctx, templates))
//
//	config, err := source.Of(limits) // objects made in Go
//	runner := workflow.NewRunner(x, workflow.WithConfig(config))
//
// Both give a [Memory]. There are no namespaces in it: a name is a name, and an object's metadata.namespace is not
// looked at.
package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
	corev1 "k8s.io/api/core/v1"
)

// Memory holds templates and ConfigMaps, each by its kind and name. It may be changed while workflows use it: templates
// are looked up when a workflow is compiled, ConfigMaps whenever a run needs one. What goes in and what comes out is
// copied. The zero value is empty, and ready.
type Memory struct {
	files *files // that [Dir] or [FS] read; nil if there are none

	mu      sync.RWMutex // guards what follows
	objects map[key]spec.Object
}

type key struct{ kind, name string }

func (k key) String() string { return fmt.Sprintf("%s %q", k.kind, k.name) }

// Of holds objects: each is a *spec.WorkflowTemplate, a *spec.ClusterWorkflowTemplate or a *corev1.ConfigMap, and has
// another name than the others of its kind. All that are wrong are reported together.
func Of(objects ...spec.Object) (*Memory, error) {
	m := &Memory{}
	var errs []error
	at := map[key]int{}
	for i, o := range objects {
		k, err := keyOf(o)
		if first, twice := at[k]; err == nil && twice {
			err = fmt.Errorf("%v is object %d already", k, first)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("object %d: %w", i, err))
			continue
		}
		at[k] = i
		m.set(k, o)
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	return m, nil
}

// Set puts an object in, in place of one of its kind and name. The error is that of an object which [Of] refuses.
func (m *Memory) Set(o spec.Object) error {
	k, err := keyOf(o)
	if err == nil {
		m.set(k, o)
	}
	return err
}

// Remove takes the object of o's kind and name out, if it is there. The error is that of an object which [Of] refuses.
func (m *Memory) Remove(o spec.Object) error {
	k, err := keyOf(o)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.objects, k)
	}
	return err
}

// WorkflowTemplate is a copy of the template of that name. If there is none, the error is fs.ErrNotExist to errors.Is,
// and names the nearest that there is.
func (m *Memory) WorkflowTemplate(_ context.Context, name string) (*spec.WorkflowTemplate, error) {
	return get[*spec.WorkflowTemplate](m, key{"WorkflowTemplate", name})
}

// ClusterWorkflowTemplate is a copy of the template of that name, with the error of [Memory.WorkflowTemplate].
func (m *Memory) ClusterWorkflowTemplate(_ context.Context, name string) (*spec.ClusterWorkflowTemplate, error) {
	return get[*spec.ClusterWorkflowTemplate](m, key{"ClusterWorkflowTemplate", name})
}

// ConfigMap is a copy of the ConfigMap of that name as it is now, with the error of [Memory.WorkflowTemplate].
func (m *Memory) ConfigMap(_ context.Context, name string) (*corev1.ConfigMap, error) {
	return get[*corev1.ConfigMap](m, key{"ConfigMap", name})
}

func (m *Memory) set(k key, o spec.Object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = map[key]spec.Object{}
	}
	m.objects[k] = clone(o)
}

func get[T interface {
	spec.Object
	DeepCopy() T
}](m *Memory, k key) (t T, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if o, ok := m.objects[k]; ok {
		return o.(T).DeepCopy(), nil
	}
	var names []string
	for other := range m.objects {
		if other.kind == k.kind {
			names = append(names, other.name)
		}
	}
	slices.Sort(names)
	return t, unknown(fmt.Sprintf("no %v", k) + nearest.Hint(k.name, slices.Values(names)))
}

// unknown says that there is no object of a name.
type unknown string

func (e unknown) Error() string        { return string(e) }
func (e unknown) Is(target error) bool { return target == fs.ErrNotExist }

// keyOf is an object's place, or what is wrong with it.
func keyOf(o spec.Object) (k key, err error) {
	isNil := o == nil
	switch o := o.(type) {
	case *spec.WorkflowTemplate:
		k.kind, isNil = "WorkflowTemplate", o == nil
	case *spec.ClusterWorkflowTemplate:
		k.kind, isNil = "ClusterWorkflowTemplate", o == nil
	case *corev1.ConfigMap:
		k.kind, isNil = "ConfigMap", o == nil
	}
	switch {
	case isNil:
		return key{}, errors.New("it is nil")
	case k.kind == "":
		return key{}, fmt.Errorf("%w, got a %T", errKind, o)
	case o.GetName() == "":
		return key{}, fmt.Errorf("a %s needs a metadata.name", k.kind)
	}
	k.name = o.GetName()
	return k, nil
}

// errKind says that an object is not of the kinds that a Memory holds.
var errKind = errors.New("expected a WorkflowTemplate, ClusterWorkflowTemplate or ConfigMap")

func clone(o spec.Object) spec.Object {
	switch o := o.(type) {
	case *spec.WorkflowTemplate:
		return o.DeepCopy()
	case *spec.ClusterWorkflowTemplate:
		return o.DeepCopy()
	default:
		return o.(*corev1.ConfigMap).DeepCopy()
	}
}
