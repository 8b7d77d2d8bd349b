package plan

import (
	"iter"
	"reflect"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// withDefaults is a template with what the workflow's templateDefaults and retryStrategy say of all.
func (c *compiler) withDefaults(t *spec.Template) *spec.Template {
	w := &c.plan.Resolved.Spec
	if w.TemplateDefaults == nil && w.RetryStrategy == nil {
		return t
	}
	t = t.DeepCopy()
	if w.TemplateDefaults != nil {
		d := w.TemplateDefaults.DeepCopy()
		d.Name, d.DAG, d.Steps = "", nil, nil
		v, of := reflect.ValueOf(d).Elem(), reflect.ValueOf(t).Elem()
		for _, kind := range kindFields { // a kind that the template is not
			if of.FieldByName(kind).IsZero() {
				v.FieldByName(kind).SetZero()
			}
		}
		merge(t, d)
	}
	if t.RetryStrategy == nil {
		t.RetryStrategy = w.RetryStrategy.DeepCopy()
	}
	return t
}

// kindFields are the fields of a template that say what it does.
var kindFields = []string{"Container", "Script", "ContainerSet", "Resource", "Suspend", "HTTP", "Data", "Plugin"}

// merge fills what is not set in a struct from another one of its type, struct by struct and key by key.
func merge[T any](into, from *T) {
	mergeValue(reflect.ValueOf(into).Elem(), reflect.ValueOf(from).Elem())
}

func mergeValue(into, from reflect.Value) {
	switch {
	case from.IsZero():
	case into.Type() == reflect.TypeFor[intstr.IntOrString](): // it is there, and 0 is a number, too
	case into.IsZero():
		into.Set(from)
	case into.Kind() == reflect.Struct:
		for i := range into.NumField() {
			if into.Type().Field(i).IsExported() {
				mergeValue(into.Field(i), from.Field(i))
			}
		}
	case into.Kind() == reflect.Pointer && into.Elem().Kind() == reflect.Struct:
		mergeValue(into.Elem(), from.Elem())
	case into.Kind() == reflect.Map:
		for _, k := range from.MapKeys() {
			if !into.MapIndex(k).IsValid() {
				into.SetMapIndex(k, from.MapIndex(k))
			}
		}
	case into.Kind() == reflect.Slice && into.Type().Elem() == reflect.TypeFor[spec.Template]():
		mergeTemplates(into, from)
	}
}

// mergeTemplates adds the templates of from whose names into lacks.
func mergeTemplates(into, from reflect.Value) {
	has := map[string]bool{}
	for i := range into.Len() {
		has[into.Index(i).FieldByName("Name").String()] = true
	}
	for i := range from.Len() {
		if !has[from.Index(i).FieldByName("Name").String()] {
			into.Set(reflect.Append(into, from.Index(i)))
		}
	}
}

func specNames(ts []spec.Template) iter.Seq[string] {
	return nearest.Names(ts, func(t *spec.Template) string { return t.Name })
}
