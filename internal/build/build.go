// Package build is the state behind the builders: what handles, templates, tasks and steps have said so far, and
// how that becomes a spec. Users never see it; packages workflow, dag and steps are its typed surfaces.
//
// A surface embeds [Template] or [Call] through an unexported alias: that makes its types templates and nodes, and
// nobody else's.
package build

import (
	"fmt"
	"reflect"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Template is what a template builder has said. The zero value belongs to a builder that no constructor made.
type Template struct {
	kind     kind
	spec     spec.Template // all but tasks and steps
	in, out  []decl
	calls    []*Call
	groups   int32
	edits    []func(*spec.Template)
	problems []Problem // below the template
	fn       executor.Func
	fnType   reflect.Type
}

type kind uint8

const (
	none kind = iota
	leaf
	dag
	steps
)

// Sealed is a template builder of this module.
type Sealed interface{ template() *Template }

func (t *Template) template() *Template { return t }

// Call is a task or a step: a call of a template.
type Call struct {
	owner  *Template
	callee *Template
	name   string
	args   []*Arg
	needs  []*Call
	edits  *edits
	group  int32
	arg1   [1]*Arg // the room of args and needs while they are few: there may be very many calls
	need2  [2]*Call
}

// edits are the changes of a finished task or step.
type edits struct {
	task func(*spec.Task)
	step func(*spec.Step)
}

// SealedCall is a task or step of this module.
type SealedCall interface{ call() *Call }

func (c *Call) call() *Call { return c }

// Origin is where a value comes from: the output of a call, or several values put together.
type Origin struct {
	Call   *Call
	Output string // "result" for standard output, unless an output parameter has that name
	Type   reflect.Type
	Parts  []Origin
	// Problem is what is wrong with the value, or empty.
	Problem string
}

// Input declares an input parameter.
type Input struct {
	Type reflect.Type
	spec.Parameter
	Problem string
}

// Output declares an output parameter, or with the name "result" and no ValueFrom the standard output.
type Output struct {
	Type   reflect.Type
	Result bool
	From   Origin
	spec.Parameter
	Problem string
}

// Arg is a value for an input.
type Arg struct {
	Name, Value string
	Type        reflect.Type
	More        *ArgMore // nil for a plain value, which most are
}

// ArgMore is what is known of a value that is not plain: where it comes from, or what is wrong with it.
type ArgMore struct {
	From    Origin
	Problem string
}

// Wrong is an argument that is a mistake.
func Wrong(a Arg, problem string) Arg {
	a.More = &ArgMore{Problem: problem}
	return a
}

// Problem is what is wrong with the value, or empty.
func (a *Arg) Problem() string {
	if a.More == nil {
		return ""
	}
	return a.More.Problem
}

type decl struct {
	name   string
	typ    reflect.Type
	result bool
	from   Origin
}

// The handles of package workflow, seen from dag and steps, which cannot name their unexported methods.
// Package workflow sets them when it is initialised.
var (
	InputOf  func(any) Input
	OutputOf func(any) Output
	ArgOf    func(any) *Arg
)

// Leaf makes t a template that runs something, and is the spec to fill.
func Leaf(t *Template, name string) *spec.Template { return begin(t, leaf, name) }

// DAG makes t a template of tasks.
func DAG(t *Template, name string) *spec.Template {
	s := begin(t, dag, name)
	s.DAG = &spec.DAG{}
	return s
}

// Steps makes t a template of groups of steps.
func Steps(t *Template, name string) *spec.Template { return begin(t, steps, name) }

func begin(t *Template, k kind, name string) *spec.Template {
	t.kind, t.spec.Name = k, name
	return &t.spec
}

// SetFunc makes a leaf a Go function. typ is the function's type: two functions of one name are a mistake.
func SetFunc(t *Template, fn executor.Func, typ reflect.Type) { t.fn, t.fnType = fn, typ }

// Spec is the template's spec, to fill in.
func Spec(t *Template) *spec.Template { return &t.spec }

// Problemf notes a mistake that was made while the template was built. path is below the template: empty, or it
// begins with a dot.
func Problemf(t *Template, path, format string, args ...any) {
	t.problems = append(t.problems, Problem{path, fmt.Sprintf(format, args...)})
}

// Edit notes a change of the finished spec.
func Edit(t *Template, f func(*spec.Template)) {
	if f != nil {
		t.edits = append(t.edits, f)
	}
}

// Inputs declares inputs; each is a handle of package workflow.
func Inputs[T any](t *Template, in []T) {
	for _, h := range in {
		AddInput(t, InputOf(h))
	}
}

// AddInput declares one input.
func AddInput(t *Template, i Input) {
	if i.Problem != "" {
		Problemf(t, ".inputs.parameters["+i.Name+"]", "%s", i.Problem)
	}
	if i.Type == nil { // there is no declaration
		return
	}
	t.in = append(t.in, decl{name: i.Name, typ: i.Type})
	t.spec.Inputs.Parameters = append(t.spec.Inputs.Parameters, i.Parameter)
}

// Outputs declares outputs; each is a handle of package workflow.
func Outputs[T any](t *Template, out []T) {
	for _, h := range out {
		AddOutput(t, OutputOf(h))
	}
}

// AddOutput declares one output.
func AddOutput(t *Template, o Output) {
	if o.Problem != "" {
		Problemf(t, ".outputs.parameters["+o.Name+"]", "%s", o.Problem)
	}
	if o.Type == nil { // there is no declaration
		return
	}
	t.out = append(t.out, decl{name: o.Name, typ: o.Type, result: o.Result, from: o.From})
	if o.Result {
		t.spec.Outputs.Result = new(string)
		return
	}
	t.spec.Outputs.Parameters = append(t.spec.Outputs.Parameters, o.Parameter)
}

// Group adds a group to a steps template; its number is what AddCall takes.
func Group(t *Template) int32 { t.groups++; return t.groups - 1 }

// AddCall adds a task, or a step of a group.
func AddCall[T any](t *Template, group int32, c *Call, name string, callee Sealed, args []T) {
	c.owner, c.name, c.callee, c.group = t, name, templateOf(callee), group
	if len(args) > 0 {
		c.args = c.arg1[:0]
		for _, a := range args {
			c.args = append(c.args, ArgOf(a))
		}
	}
	t.calls = append(t.calls, c)
}

// Depend makes a task wait for another.
func Depend(c *Call, on SealedCall) {
	if c.needs == nil {
		c.needs = c.need2[:0]
	}
	c.needs = append(c.needs, CallOf(on))
}

// EditTask notes a change of the finished spec of a task.
func EditTask(c *Call, f func(*spec.Task)) {
	e := c.editing()
	e.task = chain(e.task, f)
}

// EditStep is EditTask for a step.
func EditStep(c *Call, f func(*spec.Step)) {
	e := c.editing()
	e.step = chain(e.step, f)
}

func (c *Call) editing() *edits {
	if c.edits == nil {
		c.edits = &edits{}
	}
	return c.edits
}

// CallName is the name of the task or step.
func CallName(c *Call) string { return c.name }

// CallOf is the call behind a task or step. It is never nil: a nil one has a call that belongs to no template.
func CallOf(n SealedCall) *Call {
	if IsNil(n) {
		return &Call{}
	}
	return n.call()
}

// Ref is the tag that stands for an output of the call: what comes behind "tasks.NAME." or "steps.NAME.".
func Ref(c *Call, field string) string {
	word := "tasks"
	if c.owner != nil && c.owner.kind == steps {
		word = "steps"
	}
	return "{{" + word + "." + c.name + "." + field + "}}"
}

func chain[T any](f, g func(*T)) func(*T) {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return func(x *T) { f(x); g(x) }
}

// templateOf is the state of a template builder; a nil one has none.
func templateOf(s Sealed) *Template {
	if IsNil(s) {
		return &Template{}
	}
	return s.template()
}

// IsNil says that x is nil, or an interface that holds a nil pointer.
func IsNil(x any) bool {
	if x == nil {
		return true
	}
	v := reflect.ValueOf(x)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
