package plan

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/workflow/spec"
)

// A task that has anything but what isPlain looks at is not plain, whatever fields are still to come.
func TestIsPlain(t *testing.T) {
	bad := spec.AnyString("\xff")
	looked := func() spec.Task {
		good := spec.AnyString("v")
		return spec.Task{Name: "a", Template: "t", Dependencies: []string{"b"}, Arguments: spec.Arguments{
			Parameters: []spec.Parameter{{Name: "p", Value: &good}}}}
	}
	task := looked()
	assert.True(t, isPlain(&task))
	for name, spoil := range map[string]func(*spec.Task){
		"Name": func(t *spec.Task) { t.Name = "\xff" }, "Template": func(t *spec.Task) { t.Template = "\xff" },
		"Dependencies": func(t *spec.Task) { t.Dependencies[0] = "\xff" },
		"parameter":    func(t *spec.Task) { t.Arguments.Parameters[0].Name = "\xff" },
		"value":        func(t *spec.Task) { t.Arguments.Parameters[0].Value = &bad },
	} {
		task := looked()
		spoil(&task)
		assert.False(t, isPlain(&task), name)
	}
	assertRest := func(of func(*spec.Task) reflect.Value, besides ...string) {
		task := looked()
		for i := range of(&task).NumField() {
			task := looked()
			v := of(&task)
			f := v.Type().Field(i)
			switch f.Type.Kind() {
			case reflect.String:
				v.Field(i).SetString("x")
			case reflect.Pointer:
				v.Field(i).Set(reflect.New(f.Type.Elem()))
			case reflect.Slice:
				v.Field(i).Set(reflect.MakeSlice(f.Type, 1, 1))
			case reflect.Map:
				v.Field(i).Set(reflect.MakeMap(f.Type))
			case reflect.Struct:
				continue
			}
			assert.Equal(t, slices.Contains(besides, f.Name), isPlain(&task), f.Name)
		}
	}
	assertRest(func(t *spec.Task) reflect.Value { return reflect.ValueOf(t).Elem() }, "Name", "Template", "Dependencies")
	assertRest(func(t *spec.Task) reflect.Value { return reflect.ValueOf(&t.Arguments).Elem() }, "Parameters")
	assertRest(func(t *spec.Task) reflect.Value { return reflect.ValueOf(&t.Arguments.Parameters[0]).Elem() }, "Name", "Value")
}
