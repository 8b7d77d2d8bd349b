package workflow

import (
	"reflect"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// Output is the name of a parameter that a template gives, with its Go type. Like a [Param] it can be a constant.
type Output[T any] string

// File declares that the container leaves the value in a file.
func (o Output[T]) File(path string) *OutputParam[T] {
	return o.decl(spec.ValueFrom{Path: path}, build.Origin{})
}

// From declares that a dag or steps template gives what one of its tasks gave.
func (o Output[T]) From(s Source[T]) *OutputParam[T] {
	if build.IsNil(s) {
		return o.decl(spec.ValueFrom{}, build.Origin{Problem: nilSource})
	}
	if e, ok := build.IsExpression(s.Ref()); ok {
		return o.decl(spec.ValueFrom{Expression: e}, s.from())
	}
	return o.decl(spec.ValueFrom{Parameter: s.Ref()}, s.from())
}

// Expr declares that a dag or steps template gives the value of an expression of expr-lang over what its tasks gave;
// see [Eval] and [If].
func (o Output[T]) Expr(text string) *OutputParam[T] { return o.From(Eval[T](text)) }

// JSONPath declares that a resource template gives a field of its object.
func (o Output[T]) JSONPath(path string) *OutputParam[T] {
	return o.decl(spec.ValueFrom{JSONPath: path}, build.Origin{})
}

// JQ declares that a resource template gives what a jq filter makes of its object.
func (o Output[T]) JQ(filter string) *OutputParam[T] {
	return o.decl(spec.ValueFrom{JQFilter: filter}, build.Origin{})
}

// Supplied declares that whoever resumes a [Suspend] gives the value.
func (o Output[T]) Supplied() *OutputParam[T] {
	return o.decl(spec.ValueFrom{Supplied: &spec.SuppliedValueFrom{}}, build.Origin{})
}

// Of is this output of a task or step. Using it as an argument of a task makes that task wait for n.
func (o Output[T]) Of(n Node) Value[T] {
	return valueOf[T](n, "outputs.parameters."+string(o), string(o))
}

// All is this output of every node of a task that is a loop, in the order of its items; of those that succeeded. Argo
// makes a list of texts of them; here it is a []T again.
func (o Output[T]) All(n Node) Value[[]T] {
	return allOf[T](n, "outputs.parameters."+string(o), string(o))
}

// Get reads the output of a finished run or node. The error is [ErrNoValue] if there is none.
func (o Output[T]) Get(n Outputs) (T, error) {
	v, ok := n.Output(string(o))
	return get[T](string(o), v, ok)
}

// Set is the output with a value: what a scripted task of a test gives.
func (o Output[T]) Set(v T) OutputValue {
	text, problem := encodeAs(v)
	return OutputValue{name: string(o), value: text, problem: problem}
}

func (o Output[T]) decl(from spec.ValueFrom, origin build.Origin) *OutputParam[T] {
	return &OutputParam[T]{build.Output{
		Type: reflect.TypeFor[T](), From: origin, Parameter: spec.Parameter{Name: string(o), ValueFrom: &from},
	}}
}

// OutputParam is an output with what is said about it where it is declared. [Output.File] and the methods like it make
// one.
type OutputParam[T any] struct{ decl build.Output }

// Default is the value where there is none: the file is not there, or the task was skipped.
func (d *OutputParam[T]) Default(v T) *OutputParam[T] {
	text, problem := encodeAs(v)
	if problem != "" {
		d.decl.Problem = problem
	}
	def := spec.AnyString(text)
	d.decl.ValueFrom.Default = &def
	return d
}

// Global makes the value known to the whole workflow, under the handle's name.
func (d *OutputParam[T]) Global(g Global[T]) *OutputParam[T] {
	d.decl.GlobalName = string(g)
	return d
}

func (d *OutputParam[T]) output() build.Output {
	o := d.decl
	from := *o.ValueFrom
	o.ValueFrom = &from
	return o
}

// Result is the standard output of a container or script, as a T, without one trailing newline, or the body of an HTTP
// response. Its zero value is
// ready to use. A template that declares it always keeps it; one that does not keeps it where some tag refers to it.
type Result[T any] struct{}

const resultName = "result"

// Of is the standard output of a task or step.
func (Result[T]) Of(n Node) Value[T] { return valueOf[T](n, "outputs.result", resultName) }

// All is the standard output of every node of a task that is a loop; see [Output.All].
func (Result[T]) All(n Node) Value[[]T] { return allOf[T](n, "outputs.result", resultName) }

// Get reads the standard output of a finished run or node. The error is [ErrNoValue] if it was not kept.
func (Result[T]) Get(n Outputs) (T, error) { return Output[T](resultName).Get(n) }

// Set is the standard output with a value: what a scripted task of a test gives.
func (Result[T]) Set(v T) OutputValue { return Output[T](resultName).Set(v) }

func (Result[T]) output() build.Output {
	return build.Output{Type: reflect.TypeFor[T](), Result: true, Parameter: spec.Parameter{Name: resultName}}
}

// OutputDecl declares an output of a template: an [OutputParam], as Output's File and From make, a bare [Result], an
// [ArtifactDecl] or what [Artifact.From] makes.
type OutputDecl interface{ output() build.Output }

// OutputValue is an output with its value. [Output.Set], [Result.Set] and [Artifact.Set] make one.
type OutputValue struct {
	name, value, problem string
	artifact             bool
}

// IsArtifact says that it is an artifact and its content.
func (o OutputValue) IsArtifact() bool { return o.artifact }

// Output is the name of the output and its value as text. A value that has no text is shown by what is wrong with it.
func (o OutputValue) Output() (name, value string) {
	if o.problem != "" {
		return o.name, "!" + o.problem
	}
	return o.name, o.value
}

// Inputs is what [Param.Get] reads from: a *[NodeStatus], a *[Workflow], an *executor.Task.
type Inputs interface {
	Input(name string) (value string, ok bool)
}

// Outputs is what [Output.Get] reads from: a *[NodeStatus], a *[Run], an *executor.Result. The standard output has
// the name "result".
type Outputs interface {
	Output(name string) (value string, ok bool)
}
