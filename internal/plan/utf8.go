package plan

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/podflow/podflow/workflow/spec"
)

// checkUTF8 refuses texts that are not UTF-8. Neither YAML nor JSON has such: they would come to no Pod as they are.
func (c *compiler) checkUTF8() {
	w := &c.plan.Resolved
	c.notUTF8("metadata", &w.ObjectMeta)
	c.notUTF8("spec", &w.Spec)
	if c.lib == nil {
		return
	}
	for _, cluster := range []bool{false, true} {
		of := c.lib.WorkflowTemplates
		if cluster {
			of = c.lib.ClusterWorkflowTemplates
		}
		for _, name := range slices.Sorted(maps.Keys(of)) {
			c.notUTF8(refPath(name, cluster), of[name])
		}
	}
}

// notUTF8 tells which texts of a piece of a spec are not UTF-8.
func (c *compiler) notUTF8(path string, piece any) {
	for _, at := range below(nil, path, notUTF8(reflect.ValueOf(piece))) {
		if strings.HasPrefix(at, "spec.templates[") || strings.HasPrefix(at, "spec.arguments.") {
			at = strings.TrimPrefix(at, "spec.")
		}
		c.problem(at, "is not UTF-8")
	}
}

var itemType = reflect.TypeFor[spec.Item]()

// notUTF8 is where in v texts are not UTF-8. The paths are made on the way back, so that a spec in which all is well,
// however large, costs a look at its texts.
func notUTF8(v reflect.Value) (paths []string) {
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return []string{""}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return notUTF8(v.Elem())
		}
	case reflect.Struct:
		for _, i := range textFields(v.Type()) {
			if inner := notUTF8(v.Field(i)); inner != nil {
				paths = below(paths, pathOf(v.Type().Field(i)), inner)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // bytes of other types are base64 in JSON
			if v.Type() == itemType && !utf8.Valid(v.Bytes()) {
				return []string{""}
			}
			return nil
		}
		tasks, _ := v.Interface().([]spec.Task)
		for i := range v.Len() {
			if tasks != nil && isPlain(&tasks[i]) {
				continue
			}
			if inner := notUTF8(v.Index(i)); inner != nil {
				name := "[" + elementName(v.Index(i), i) + "]"
				if v.Index(i).Kind() == reflect.Slice { // a group of steps
					name = ""
				}
				paths = below(paths, name, inner)
			}
		}
	case reflect.Map:
		for m := v.MapRange(); m.Next(); {
			inner := notUTF8(m.Value())
			if !utf8.ValidString(m.Key().String()) {
				inner = []string{""}
			}
			paths = below(paths, "["+m.Key().String()+"]", inner)
		}
		slices.Sort(paths)
	}
	return paths
}

// isPlain says that a task has no more than most have, and that its texts are UTF-8: there may be very many tasks, and
// reflection costs as much as all else that is done with them.
func isPlain(t *spec.Task) bool {
	onExit := t.OnExit //lint:ignore SA1019 a workflow may use what is deprecated
	if t.TemplateRef != nil || t.Inline != nil || t.Depends != "" || t.When != "" || t.WithItems != nil || t.WithParam != "" ||
		t.WithSequence != nil || t.ContinueOn != nil || t.Hooks != nil || onExit != "" || t.Arguments.Artifacts != nil {
		return false
	}
	for i := range t.Arguments.Parameters {
		p := &t.Arguments.Parameters[i]
		if p.Default != nil || p.ValueFrom != nil || p.GlobalName != "" || p.Enum != nil || p.Description != nil ||
			!utf8.ValidString(p.Name) || p.Value != nil && !utf8.ValidString(string(*p.Value)) {
			return false
		}
	}
	for _, d := range t.Dependencies {
		if !utf8.ValidString(d) {
			return false
		}
	}
	return utf8.ValidString(t.Name) && utf8.ValidString(t.Template)
}

// below adds to paths those that are inside of what has the name.
func below(paths []string, name string, inside []string) []string {
	for _, p := range inside {
		paths = append(paths, strings.ToValidUTF8(name, "\ufffd")+p)
	}
	return paths
}

// pathOf is what a field adds to a path. Tasks and what a struct inlines stand right below what holds them.
func pathOf(f reflect.StructField) string {
	if name := jsonName(f); name != "" && name != "dag" {
		return "." + name
	}
	return ""
}

var textFieldsOf sync.Map // reflect.Type to []int

// textFields are the fields of a struct in which there can be text.
func textFields(t reflect.Type) []int {
	if known, ok := textFieldsOf.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		f := t.Field(i)
		switch f.Type.Kind() {
		case reflect.String, reflect.Pointer, reflect.Struct, reflect.Slice, reflect.Map:
			if f.IsExported() && f.Tag.Get("json") != "-" {
				fields = append(fields, i)
			}
		}
	}
	textFieldsOf.Store(t, fields)
	return fields
}
