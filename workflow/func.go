package workflow

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// FuncTemplate is a template that calls a Go function in this process. [Func] makes one.
type FuncTemplate struct{ base }

// Func makes a Go function a template. The exported fields of In are its inputs and those of Out its outputs, by
// their json names; In and Out are structs. A field of In with omitempty or omitzero need not be given. The function
// runs in this process, under whatever executor. An error that it returns is the node's failure and can be found with
// errors.As in the error of the run; a panic is the node's Error, with its stack.
//
// Two functions of one name in a workflow are an error of [New].
func Func[In, Out any](name string, f func(context.Context, In) (Out, error)) *FuncTemplate {
	t := &FuncTemplate{}
	makeFunc(&t.base, name, reflect.TypeFor[In](), reflect.TypeFor[Out](), reflect.TypeOf(f), func(ctx context.Context, in reflect.Value) (reflect.Value, error) {
		out, err := f(ctx, in.Interface().(In))
		return reflect.ValueOf(&out).Elem(), err
	}, f == nil)
	return t
}

// Retry says when the function is called again.
func (t *FuncTemplate) Retry(r Retry) *FuncTemplate {
	build.SetRetry(&t.base, r)
	return t
}

// Timeout bounds the time of a node: the function's context ends.
func (t *FuncTemplate) Timeout(d time.Duration) *FuncTemplate {
	setTimeout(&t.base, d)
	return t
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (t *FuncTemplate) Mutex(name string) *FuncTemplate {
	build.AddMutex(&t.base, name)
	return t
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (t *FuncTemplate) Semaphore(configMap, key string) *FuncTemplate {
	build.AddSemaphore(&t.base, configMap, key)
	return t
}

// Memoize keeps the outputs in a cache, which is the name of a ConfigMap, and uses them again where the key is the same
// and they are no older than maxAge; 0 is for ever. The key holds tags of the inputs.
func (t *FuncTemplate) Memoize(cache, key string, maxAge time.Duration) *FuncTemplate {
	build.SetMemoize(&t.base, cache, key, maxAge)
	return t
}

// Metrics adds values that are measured when a node has ended. They are in [NodeStatus.Metrics].
func (t *FuncTemplate) Metrics(m ...spec.Prometheus) *FuncTemplate {
	build.AddMetrics(&t.base, m)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *FuncTemplate) With(edit func(*spec.Template)) *FuncTemplate {
	build.Edit(&t.base, edit)
	return t
}

// field is a field of a struct as a parameter.
type field struct {
	index    []int
	name     string
	optional bool
	typ      reflect.Type
}

// makeFunc makes t a template that calls a function of structs.
func makeFunc(t *build.Template, name string, in, out, typ reflect.Type, call func(context.Context, reflect.Value) (reflect.Value, error), isNil bool) {
	build.Leaf(t, name).Plugin = plan.FuncPlugin(name)
	if isNil {
		build.Problemf(t, "", "the function is nil")
		return
	}
	ins, outs := fields(t, "input", in), fields(t, "output", out)
	for _, f := range ins {
		p := spec.Parameter{Name: f.name}
		problem := ""
		if f.optional {
			zero, err := encode(reflect.New(f.typ).Elem())
			if err != nil {
				problem = fmt.Sprintf("the zero value cannot be written as text: %v", err)
			}
			text := spec.AnyString(zero)
			p.Default = &text
		}
		build.AddInput(t, build.Input{Type: f.typ, Parameter: p, Problem: problem})
	}
	for _, f := range outs {
		build.AddOutput(t, build.Output{Type: f.typ, Parameter: spec.Parameter{Name: f.name}})
	}
	build.SetFunc(t, func(ctx context.Context, inputs []executor.Value) ([]executor.Value, error) {
		arg := reflect.New(in).Elem()
		for _, f := range ins {
			for i := range inputs {
				if inputs[i].Name != f.name {
					continue
				}
				if err := decode(inputs[i].Value, arg.FieldByIndex(f.index)); err != nil {
					return nil, fmt.Errorf("inputs.parameters.%s is no %v: %w", f.name, f.typ, err)
				}
			}
		}
		res, err := call(ctx, arg)
		if err != nil {
			return nil, err
		}
		values := make([]executor.Value, len(outs))
		for i, f := range outs {
			text, err := encode(res.FieldByIndex(f.index))
			if err != nil {
				return nil, fmt.Errorf("outputs.parameters.%s cannot be written as text: %w", f.name, err)
			}
			values[i] = executor.Value{Name: f.name, Value: text}
		}
		return values, nil
	}, typ, plan.FuncPlugin)
}

// fields are the exported fields of a struct.
func fields(t *build.Template, what string, typ reflect.Type) []field {
	if typ.Kind() != reflect.Struct {
		build.Problemf(t, "", "the function's %s is of type %v; it must be a struct, whose fields are the parameters", what, typ)
		return nil
	}
	var fs []field
	for _, f := range reflect.VisibleFields(typ) {
		name, opt, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Pointer:
			build.Problemf(t, "", "the function's %s embeds a %v; embed the struct itself", what, f.Type)
			return nil
		case f.Anonymous && f.Type.Kind() == reflect.Struct, !f.IsExported(), name == "-":
			continue // the fields of an embedded struct come by themselves
		case name == "":
			name = f.Name
		}
		fs = append(fs, field{f.Index, name, strings.Contains(opt, "omit"), f.Type})
	}
	return fs
}
