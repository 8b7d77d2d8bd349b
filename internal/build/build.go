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
	problems []Problem        // below the template
	targets  []*Call          // of a dag
	ref      spec.TemplateRef // of a reference
	fn       *function        // of a Go function
}

// Func is a Go function, and its type as it was written.
type Func struct {
	Call executor.Func
	Type reflect.Type
}

// function is a Go function as a template.
type function struct {
	Func
	plugin func(name string) spec.Plugin
}

type kind uint8

const (
	none kind = iota
	leaf
	dag
	steps
	reference
)

func (k kind) String() string {
	return [...]string{"nil", "leaf", "dag", "steps", "referenced"}[k]
}

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
	more   *more // nil for a plain call, which most are
	group  int32
	arg1   [1]*Arg // the room of args and needs while they are few: there may be very many calls
	need2  [2]*Call
}

// SealedCall is a task or step of this module.
type SealedCall interface{ call() *Call }

func (c *Call) call() *Call { return c }

// The handles of package workflow, seen from dag and steps, which cannot name their unexported methods.
// Package workflow sets them when it is initialised.
var (
	InputOf  func(any) Input
	OutputOf func(any) Output
	ArgOf    func(any) *Arg
	RetryOf  func(any) (*spec.RetryStrategy, string)
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

// SetFunc makes a leaf a Go function, which the plugin names. typ is the function's type: two functions of one name are
// a mistake.
func SetFunc(t *Template, fn executor.Func, typ reflect.Type, plugin func(name string) spec.Plugin) {
	t.fn = &function{Func{fn, typ}, plugin}
	t.spec.Plugin = plugin(t.spec.Name)
}

// SetRetry sets when a template is tried again; r is package workflow's.
func SetRetry(t *Template, r any) {
	s, problem := RetryOf(r)
	if problem != "" {
		Problemf(t, ".retryStrategy", "%s", problem)
	}
	t.spec.RetryStrategy = s
}

// SetParallelism bounds how many children of a template run at a time.
func SetParallelism(t *Template, n int) {
	if n < 1 {
		Problemf(t, ".parallelism", "is %d; it must be at least 1", n)
	}
	p := int64(n)
	t.spec.Parallelism = &p
}

// SetFailFast says whether a dag fails as soon as a task has, or whether steps begin no more after a failure.
func SetFailFast(t *Template, on bool) {
	if t.kind == dag {
		t.spec.DAG.FailFast = &on
	} else {
		t.spec.FailFast = &on
	}
}

// SetTargets sets the tasks that a dag is to reach.
func SetTargets[T SealedCall](t *Template, tasks []T) {
	for _, k := range tasks {
		t.targets = append(t.targets, CallOf(k))
	}
}

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
		Problemf(t, ".inputs."+word(i.Type)+"["+i.Name+"]", "%s", i.Problem)
	}
	if i.Type == nil { // there is no declaration
		return
	}
	t.in = append(t.in, decl{name: i.Name, typ: i.Type})
	if i.Artifact != nil {
		t.spec.Inputs.Artifacts = append(t.spec.Inputs.Artifacts, *i.Artifact)
		return
	}
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
		Problemf(t, ".outputs."+word(o.Type)+"["+o.Name+"]", "%s", o.Problem)
	}
	if o.Type == nil { // there is no declaration
		return
	}
	t.out = append(t.out, decl{name: o.Name, typ: o.Type, result: o.Result, from: o.From})
	switch {
	case o.Result:
		t.spec.Outputs.Result = new(string)
	case o.Artifact != nil:
		t.spec.Outputs.Artifacts = append(t.spec.Outputs.Artifacts, *o.Artifact)
	default:
		t.spec.Outputs.Parameters = append(t.spec.Outputs.Parameters, o.Parameter)
	}
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
