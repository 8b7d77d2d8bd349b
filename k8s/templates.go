package k8s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// LabelTemplates, with any value, says that a ConfigMap holds WorkflowTemplates and ClusterWorkflowTemplates: each of
// its values is a YAML file with one or many.
//
//	kubectl create configmap build-templates --from-file=templates/
//	kubectl label configmap build-templates podflow.github.io/templates=true
const LabelTemplates = prefix + "templates"

// WorkflowTemplate is the WorkflowTemplate of that name: the object of the namespace where Argo's kinds are installed,
// and else one in a ConfigMap with [LabelTemplates]. With it an Executor is a workflow.TemplateSource:
//
//	wf, err := workflow.Load(file, workflow.Templates(ctx, pods))
//
// The error is fs.ErrNotExist if there is none of that name. The rights that it needs are in rbac/config.yaml.
func (x *Executor) WorkflowTemplate(ctx context.Context, name string) (*spec.WorkflowTemplate, error) {
	o, err := x.template(ctx, "WorkflowTemplate", name)
	if err != nil {
		return nil, err
	}
	return o.(*spec.WorkflowTemplate), nil
}

// ClusterWorkflowTemplate is the same for a ClusterWorkflowTemplate. One in a ConfigMap is known in its namespace only.
func (x *Executor) ClusterWorkflowTemplate(ctx context.Context, name string) (*spec.ClusterWorkflowTemplate, error) {
	o, err := x.template(ctx, "ClusterWorkflowTemplate", name)
	if err != nil {
		return nil, err
	}
	return o.(*spec.ClusterWorkflowTemplate), nil
}

// argo is what Argo's kinds are known by.
var argo = schema.GroupVersion{Group: "argoproj.io", Version: "v1alpha1"}

func (x *Executor) template(ctx context.Context, kind, name string) (spec.Object, error) {
	var t *target
	err := x.persist(ctx, func(context.Context) error {
		if x.kinds == nil {
			return nil
		}
		m, err := x.kinds.mapping(argo.WithKind(kind))
		if err == nil {
			t, err = x.target(m, "")
		}
		return err
	})
	if final, ok := errors.AsType[*finalError](err); ok && final != nil {
		err = nil // Argo's kinds are not installed
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("k8s: look for %s %s: %w", kind, name, err)
	case t == nil:
		return x.keptTemplate(ctx, kind, name)
	}
	is, err := read(ctx, x, kind, name, func(ctx context.Context, name string, o metav1.GetOptions) (*unstructured.Unstructured, error) {
		return t.client.Get(ctx, name, o)
	})
	if err != nil {
		return nil, err
	}
	is.SetManagedFields(nil)
	text, err := is.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kind, name, err)
	}
	objects, err := spec.Decode(strings.NewReader(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kind, name, err)
	}
	return objects[0], nil
}

// keptTemplate looks for a template in ConfigMaps.
func (x *Executor) keptTemplate(ctx context.Context, kind, name string) (spec.Object, error) {
	var list *corev1.ConfigMapList
	err := x.persist(ctx, func(ctx context.Context) (err error) {
		list, err = x.client.ConfigMaps(x.namespace).List(ctx, metav1.ListOptions{LabelSelector: LabelTemplates})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("k8s: list ConfigMaps with label %s: %w", LabelTemplates, err)
	}
	var found spec.Object
	var in string
	var names []string
	var problems []error
	for i := range list.Items {
		c := &list.Items[i]
		for file, text := range c.Data {
			objects, err := spec.Decode(strings.NewReader(text))
			if err != nil {
				problems = append(problems, fmt.Errorf("ConfigMap %s, %s: %w", c.Name, file, err))
			}
			for _, o := range objects {
				if !isTemplate(o, kind) {
					continue
				}
				names = append(names, o.GetName())
				if o.GetName() != name {
					continue
				}
				if found != nil {
					return nil, fmt.Errorf("%s %q is in ConfigMap %s and in ConfigMap %s", kind, name, in, c.Name)
				}
				found, in = o, c.Name
			}
		}
	}
	if found != nil {
		return found, nil
	}
	slices.Sort(names)
	return nil, errors.Join(append(problems, &missingError{fmt.Sprintf(
		"no %s %q in the ConfigMaps of namespace %s that have the label %s%s", kind, name, x.namespace, LabelTemplates,
		nearest.Hint(name, slices.Values(names)))})...)
}

func isTemplate(o spec.Object, kind string) bool {
	switch o.(type) {
	case *spec.WorkflowTemplate:
		return kind == "WorkflowTemplate"
	case *spec.ClusterWorkflowTemplate:
		return kind == "ClusterWorkflowTemplate"
	}
	return false
}
