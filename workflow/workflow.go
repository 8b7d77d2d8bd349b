package workflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Workflow is a checked workflow. It does not change and may be run many times, also at once.
type Workflow struct {
	plan  *plan.Plan
	funcs funcs
	types inputTypes
}

// New compiles and checks the workflow that starts at a template. A name that ends in "-" gets a suffix for each run.
// The builders are read, not kept: they may be changed and used again. The error joins an [*Error] for each thing that
// is wrong.
func New(name string, entry Template, opts ...Option) (*Workflow, error) {
	o := applied(opts)
	w, built, problems := assemble(name, entry, o)
	lib, more := plan.Collect(&w.Spec, o.find)
	return compile(w, lib, built.Funcs, built.Inputs, append(problems, more...))
}

// unused says which arguments neither the entry template takes nor any text refers to.
func unused(w *spec.Workflow, args []*build.Arg) (problems []plan.Problem) {
	i := slices.IndexFunc(w.Spec.Templates, func(t spec.Template) bool { return t.Name == w.Spec.Entrypoint })
	if i < 0 {
		return nil // the plan tells
	}
	inputs := w.Spec.Templates[i].Inputs.Parameters
	for _, a := range args {
		if slices.ContainsFunc(inputs, func(p spec.Parameter) bool { return p.Name == a.Name }) || refersTo(w, a.Name) {
			continue
		}
		hint := nearest.Hint(a.Name, nearest.Names(inputs, func(p *spec.Parameter) string { return p.Name }))
		problems = append(problems, plan.Problem{Path: "arguments.parameters[" + a.Name + "]",
			Text: fmt.Sprintf("template %q has no input %q%s", w.Spec.Entrypoint, a.Name, hint)})
	}
	return problems
}

// refersTo says whether some text uses the workflow's parameter of that name.
func refersTo(w *spec.Workflow, parameter string) bool {
	s := w.Spec
	s.Arguments = spec.Arguments{}
	b, err := json.Marshal(s)
	text := string(b)
	return err != nil || strings.Contains(text, "workflow.parameters."+parameter) ||
		strings.Contains(text, "workflow.parameters}}") || strings.Contains(text, "workflow.parameters.json}}")
}

// Must is for workflows that are fixed in the program: var wf = workflow.Must(workflow.New(…)). It panics on an error.
func Must(w *Workflow, err error) *Workflow {
	if err != nil {
		panic(err)
	}
	return w
}

// Load reads one Argo Workflow, in YAML or JSON, and checks it as [New] does. A field that Argo does not know is an
// error, with its line. Handles work with it as with a workflow that was built in Go: a handle is a name.
func Load(r io.Reader, opts ...Option) (*Workflow, error) {
	objects, err := spec.Decode(r)
	if err != nil {
		return nil, err
	}
	var found []*spec.Workflow
	for _, o := range objects {
		if w, ok := o.(*spec.Workflow); ok {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("expected one Workflow, found %d of %d objects", len(found), len(objects))
	}
	return FromSpec(found[0], opts...)
}

// FromSpec checks a workflow that is data, as [New] does. What is given is copied.
func FromSpec(w *spec.Workflow, opts ...Option) (*Workflow, error) {
	o := applied(opts)
	w = w.DeepCopy()
	for _, edit := range o.edits {
		edit(w)
	}
	problems := o.problems
	if len(o.hooks) > 0 {
		problems = append(problems, plan.Problem{Path: "spec.hooks", Text: "OnExit and Hook are for workflows that New makes"})
	}
	lib, more := plan.Collect(&w.Spec, o.find)
	out, err := compile(w, lib, nil, nil, append(problems, more...))
	if err != nil || len(o.args) == 0 {
		return out, err
	}
	values, err := out.arguments(o.args)
	if err != nil {
		return nil, err
	}
	return out.with(values)
}

func compile(w *spec.Workflow, lib *plan.Library, fs funcs, types inputTypes, problems []plan.Problem) (*Workflow, error) {
	calls := make(map[string]executor.Func, len(fs))
	for name, f := range fs {
		calls[name] = f.Call
	}
	p, more := plan.Compile(w, calls, lib)
	if err := joinProblems(append(problems, besides(problems, more)...)); err != nil {
		return nil, err
	}
	return &Workflow{p, fs, types}, nil
}

// WithArguments is a copy of the workflow with other values for its parameters. The error joins an [*Error] for each
// argument that is wrong.
func (w *Workflow) WithArguments(args ...Argument) (*Workflow, error) {
	values, err := w.arguments(bindings(args))
	if err != nil {
		return nil, err
	}
	return w.with(values)
}

func (w *Workflow) with(values []executor.Value) (*Workflow, error) {
	s := w.plan.Spec.DeepCopy()
	for _, v := range values {
		text := spec.AnyString(v.Value)
		params := s.Spec.Arguments.Parameters
		if i := slices.IndexFunc(params, func(p spec.Parameter) bool { return p.Name == v.Name }); i >= 0 {
			params[i].Value = &text
		} else {
			s.Spec.Arguments.Parameters = append(params, spec.Parameter{Name: v.Name, Value: &text})
		}
	}
	return compile(s, w.plan.Library, w.funcs, w.types, nil)
}

func bindings(args []Argument) []*build.Arg {
	var out []*build.Arg
	for _, a := range args {
		out = append(out, build.ArgOf(a))
	}
	return out
}

// arguments checks values that are given to the workflow's parameters.
func (w *Workflow) arguments(args []*build.Arg) ([]executor.Value, error) {
	var problems []plan.Problem
	values := make([]executor.Value, 0, len(args))
	seen := map[string]bool{}
	for _, a := range args {
		path := "arguments.parameters[" + a.Name + "]"
		add := func(format string, args ...any) {
			problems = append(problems, plan.Problem{Path: path, Text: fmt.Sprintf(format, args...)})
		}
		in := w.parameter(a.Name)
		switch {
		case a.Problem() != "":
			add("%s", a.Problem())
		case in == nil:
			add("the workflow has no parameter %q%s", a.Name, nearest.Hint(a.Name, w.parameterNames()))
		case !utf8.ValidString(a.Value):
			add("is not UTF-8")
		case !in.Permits(a.Value):
			add("the value %q is not one of the enum", a.Value)
		case w.types[a.Name] != nil && a.Type != nil && w.types[a.Name] != a.Type:
			add("is of type %v, not %v", w.types[a.Name], a.Type)
		case seen[a.Name]:
			add("is given twice")
		}
		seen[a.Name] = true
		values = append(values, executor.Value{Name: a.Name, Value: a.Value})
	}
	slices.SortFunc(values, func(a, b executor.Value) int { return strings.Compare(a.Name, b.Name) })
	return values, joinProblems(problems)
}

// parameter is a parameter of the workflow: one of its arguments, or an input of the entry template.
func (w *Workflow) parameter(name string) *plan.Input {
	if in := plan.InputNamed(w.plan.Entry.Inputs, name); in != nil {
		return in
	}
	return plan.InputNamed(w.plan.Arguments, name)
}

func (w *Workflow) parameterNames() iter.Seq[string] {
	return nearest.Names(slices.Concat(w.plan.Entry.Inputs, w.plan.Arguments), func(in *plan.Input) string { return in.Name })
}

// Input is the value of a parameter of the workflow; see [Param.Get].
func (w *Workflow) Input(name string) (value string, ok bool) {
	for _, ins := range [][]plan.Input{w.plan.Arguments, w.plan.Entry.Inputs} {
		if in := plan.InputNamed(ins, name); in != nil && in.Default != nil && len(in.Default.Refs) == 0 {
			return in.Default.Source, true
		}
	}
	return "", false
}

// Spec is a copy of the workflow's data.
func (w *Workflow) Spec() *spec.Workflow { return w.plan.Spec.DeepCopy() }

// Warnings are what the workflow says and nothing acts on: it does the same without it. Among it is text in double braces
// that is no tag of the language, and stays as it is, but looks like a misspelt one.
func (w *Workflow) Warnings() []Error {
	var out []Error
	for _, p := range w.plan.Warnings {
		out = append(out, Error{p.Path, p.Text})
	}
	return out
}

// digest tells workflows apart.
func (w *Workflow) digest() (string, error) {
	b, err := json.Marshal(w.plan.Spec)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
