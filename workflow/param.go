package workflow

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// Param is the name of a parameter that a template takes, with the Go type of its value. It is a string type, so a
// handle can be a constant:
//
//	const message = workflow.Param[string]("message")
//
// A template lists it (Inputs), a task fills it (Set, From, Pass, Each), a command line refers to it (Ref), a run or a
// test reads it (Get). A string travels as it is, a type with MarshalText as that says, a time.Duration as "1h0m0s", and
// every other type as JSON.
type Param[T any] string

// Ref is the tag to write in a command, an env value or a script: {{inputs.parameters.message}}. In the text of a
// shell or interpreter a value is code: pass it as an argument, or with [Param.Env], instead.
func (p Param[T]) Ref() string { return "{{inputs.parameters." + string(p) + "}}" }

// Env is an environment variable that holds the parameter's value, for EnvVars.
func (p Param[T]) Env(name string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: p.Ref()} }

// Set passes a value. One that cannot be written as text is an error of [New], and of Run.
//
// Tags in a value for a task, a step, [New] or [Workflow.WithArguments] are live, as they are in YAML. Text from outside of
// the program therefore belongs into the arguments of [Workflow.Run] or [Runner.Start]: nothing in these is a tag.
func (p Param[T]) Set(v T) Argument {
	text, problem := encodeAs(v)
	a := &argument{arg{build.Arg{Name: string(p), Value: text, Type: reflect.TypeFor[T]()}}}
	if problem != "" {
		a.Arg = build.Wrong(a.Arg, problem)
	}
	return a
}

// From passes what another task, a variable or the enclosing template's input supplies. With a task's output it makes
// that task a dependency.
func (p Param[T]) From(s Source[T]) Binding {
	if build.IsNil(s) {
		return &arg{build.Wrong(build.Arg{Name: string(p), Type: reflect.TypeFor[T]()}, "the source is nil")}
	}
	return &arg{build.Arg{Name: string(p), Value: s.Ref(), Type: reflect.TypeFor[T](), More: &build.ArgMore{From: s.from()}}}
}

// Each passes the elements of a list, one to each of as many nodes: it makes the task a loop. See also [Each].
func (p Param[T]) Each(list Source[[]T]) Binding {
	i := Each(list)
	o := i.from()
	return &arg{build.Arg{Name: string(p), Value: i.Ref(), Type: reflect.TypeFor[T](), More: &build.ArgMore{From: o, Each: o.Item != nil}}}
}

// Pass passes the enclosing template's own input of this name on: short for p.From(p).
func (p Param[T]) Pass() Binding { return p.From(p) }

// Default declares the parameter with a default value.
func (p Param[T]) Default(v T) *ParamDecl[T] { return (&ParamDecl[T]{name: p}).Default(v) }

// Enum declares the parameter with its permitted values. Any other is an error: of [New] where it can be known, else
// of the node that was to get it.
func (p Param[T]) Enum(vs ...T) *ParamDecl[T] { return (&ParamDecl[T]{name: p}).Enum(vs...) }

// FromConfigMap declares the parameter with a key of a ConfigMap as its value where no argument is given. A Default is
// for when there is no such key.
func (p Param[T]) FromConfigMap(name, key string) *ParamDecl[T] {
	return &ParamDecl[T]{name: p, from: &spec.ValueFrom{ConfigMapKeyRef: build.ConfigMapKey(name, key)}}
}

// OfWorkflow is the parameter of this name of the workflow, which any template may read.
func (p Param[T]) OfWorkflow() Variable[T] { return Variable[T]("workflow.parameters." + string(p)) }

// Is is the condition that the parameter has this value. A number is compared as a number, all else as text.
func (p Param[T]) Is(v T) Condition { return compare(p, "==", v) }

// IsNot is the opposite of Is.
func (p Param[T]) IsNot(v T) Condition { return compare(p, "!=", v) }

// Get reads the value that a node received, or with a [Workflow] the argument's default. The error is [ErrNoValue] if
// there is none.
func (p Param[T]) Get(n Inputs) (T, error) {
	v, ok := n.Input(string(p))
	return get[T](string(p), v, ok)
}

func (p Param[T]) from() (o build.Origin) { return o }
func (p Param[T]) supplies() (t T)        { return t }
func (p Param[T]) input() build.Input {
	return build.Input{Type: reflect.TypeFor[T](), Parameter: spec.Parameter{Name: string(p)}}
}

// ParamDecl is a parameter with what is said about it where it is declared. [Param.Default], [Param.Enum] and
// [Param.FromConfigMap] make one.
type ParamDecl[T any] struct {
	name    Param[T]
	def     *spec.AnyString
	enum    []spec.AnyString
	from    *spec.ValueFrom
	problem string
}

// Default is the value where no argument is given.
func (d *ParamDecl[T]) Default(v T) *ParamDecl[T] {
	text := d.text(v)
	d.def = &text
	return d
}

// Enum adds permitted values.
func (d *ParamDecl[T]) Enum(vs ...T) *ParamDecl[T] {
	for _, v := range vs {
		d.enum = append(d.enum, d.text(v))
	}
	return d
}

func (d *ParamDecl[T]) text(v T) spec.AnyString {
	text, problem := encodeAs(v)
	if problem != "" {
		d.problem = problem
	}
	return spec.AnyString(text)
}

func (d *ParamDecl[T]) input() build.Input {
	i := d.name.input()
	i.Default, i.Enum, i.Problem = d.def, d.enum, d.problem
	if d.from != nil {
		from := *d.from
		from.Default, i.Default = i.Default, nil
		i.ValueFrom = &from
	}
	return i
}

// InputDecl declares an input of a template: a [Param], a [ParamDecl], an [Artifact] or an [ArtifactDecl].
type InputDecl interface{ input() build.Input }

// Binding fills an input of a task or step: what Param's Set, From, Each and Pass make, and Artifact's From and Pass.
type Binding interface{ binding() *build.Arg }

// Argument is a [Binding] with a value that is known now: it may also be given to [New] and to Run, for a parameter
// of the workflow. [Param.Set] makes one.
type Argument interface {
	Binding
	Option
	RunOption
}

// arg is a Binding, argument an Argument: a value that is not known yet is no Option.
type arg struct{ build.Arg }

type argument struct{ arg }

func (a *arg) binding() *build.Arg { return &a.Arg }

func (a *argument) apply(o *options)      { o.args = append(o.args, &a.Arg) }
func (a *argument) applyRun(o *runConfig) { o.args = append(o.args, &a.Arg) }
