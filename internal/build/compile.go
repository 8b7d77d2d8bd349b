package build

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Built is what the builders said, as data.
type Built struct {
	Templates []spec.Template
	Funcs     map[string]executor.Func
	// Inputs are the types of the entry template's inputs, by name. A template that was not built in Go has none.
	Inputs map[string]reflect.Type
	// Problems is what is wrong and only the builders can know: types, and tasks of other templates.
	Problems []Problem
}

// Problem is one thing that is wrong, with the path to it.
type Problem struct{ Path, Text string }

// Compile turns the entry template and all that it calls into data. What was built is not changed and not kept:
// it may be built on and compiled again.
func Compile(entry Sealed, arguments []*Arg) Built {
	c := compiler{seen: map[string]*Template{}}
	c.out.Funcs = map[string]executor.Func{}
	t := templateOf(entry)
	if t.kind == none {
		c.problem("spec.entrypoint", "there is no template, or one that no constructor made")
		return c.out
	}
	c.add(t)
	for i := 0; i < len(c.order); i++ { // grows as calls are found
		c.template(c.order[i])
	}
	c.out.Inputs = make(map[string]reflect.Type, len(t.in))
	for _, d := range t.in {
		c.out.Inputs[d.name] = d.typ
	}
	for _, a := range arguments {
		if t.inputType(a.Name) != nil || a.Problem() != "" { // else it may be for workflow.parameters tags
			c.argument("arguments", t, a)
		}
	}
	return c.out
}

type compiler struct {
	out   Built
	seen  map[string]*Template
	twins map[*Template]bool // that say the same as the one in seen
	order []*Template
	names []string // room for the dependencies of one template's tasks
}

func (c *compiler) problem(path, format string, args ...any) {
	c.out.Problems = append(c.out.Problems, Problem{path, fmt.Sprintf(format, args...)})
}

// add notes a template the first time that it is met.
func (c *compiler) add(t *Template) {
	switch old, ok := c.seen[t.spec.Name]; {
	case !ok:
		c.seen[t.spec.Name] = t
		c.order = append(c.order, t)
	case old == t || c.twins[t]:
	case !same(old, t):
		c.problem("templates["+t.spec.Name+"]", "two different templates have this name")
		c.seen[t.spec.Name] = t // say it once for each
	default:
		if c.twins == nil {
			c.twins = map[*Template]bool{}
		}
		c.twins[t] = true
		for _, k := range t.calls {
			c.add(k.callee) // what they call may differ
		}
	}
}

// same says that two builders say the same: a function that makes a template may be called twice.
func same(a, b *Template) bool {
	if len(a.calls) != len(b.calls) || len(a.edits)+len(b.edits) > 0 || a.kind != b.kind ||
		a.fnType != b.fnType || a.fn != nil || b.fn != nil || !reflect.DeepEqual(a.spec, b.spec) {
		return false
	}
	for i, x := range a.calls {
		y := b.calls[i]
		if x.name != y.name || x.group != y.group || x.callee.spec.Name != y.callee.spec.Name ||
			x.edits != nil || y.edits != nil ||
			len(x.args) != len(y.args) || len(x.needs) != len(y.needs) {
			return false
		}
		for j := range x.args {
			if x.args[j].Name != y.args[j].Name || x.args[j].Value != y.args[j].Value || x.args[j].Type != y.args[j].Type {
				return false
			}
		}
		for j := range x.needs {
			if x.needs[j].name != y.needs[j].name {
				return false
			}
		}
	}
	return slices.EqualFunc(a.in, b.in, decl.equal) && slices.EqualFunc(a.out, b.out, decl.equal)
}

func (d decl) equal(e decl) bool { return d.name == e.name && d.typ == e.typ && d.result == e.result }

// template writes one template: its own spec, then its tasks or steps, then the edits.
func (c *compiler) template(t *Template) {
	path := "templates[" + t.spec.Name + "]"
	for _, p := range t.problems {
		c.problem(path+p.Path, "%s", p.Text)
	}
	s := *t.spec.DeepCopy()
	switch t.kind {
	case dag:
		c.tasks(t, path, &s)
	case steps:
		c.steps(t, path, &s)
	}
	for _, d := range t.out {
		c.uses(path+".outputs.parameters["+d.name+"]", t, &d.from)
	}
	if t.fn != nil {
		c.out.Funcs[t.spec.Name] = t.fn
	}
	if len(t.edits) > 0 {
		for _, edit := range t.edits {
			edit(&s)
		}
		s = *s.DeepCopy() // an edit may put in what its owner changes later
	}
	c.out.Templates = append(c.out.Templates, s)
}

func (c *compiler) tasks(t *Template, path string, s *spec.Template) {
	tasks := make([]spec.Task, len(t.calls))
	params := c.parameters(t)
	needs := 0
	for _, k := range t.calls {
		needs += len(k.needs)
	}
	c.names = make([]string, needs)
	for i, k := range t.calls {
		task := &tasks[i]
		task.Name, task.Template = k.name, k.callee.spec.Name
		task.Arguments.Parameters, params = c.call(path, ".tasks[", k, params)
		task.Dependencies = c.dependencies(path, k)
		if k.edits != nil {
			k.edits.task(task)
			*task = *task.DeepCopy()
		}
	}
	s.DAG.Tasks = tasks
}

func (c *compiler) steps(t *Template, path string, s *spec.Template) {
	s.Steps = make([][]spec.Step, t.groups)
	params := c.parameters(t)
	for _, k := range t.calls {
		step := spec.Step{Name: k.name, Template: k.callee.spec.Name}
		step.Arguments.Parameters, params = c.call(path, ".steps[", k, params)
		if len(k.needs) > 0 {
			c.problem(path+".steps["+k.name+"]", "a step has no dependencies; put it into a later group")
		}
		if k.edits != nil {
			k.edits.step(&step)
			step = *step.DeepCopy()
		}
		s.Steps[k.group] = append(s.Steps[k.group], step)
	}
}

// parameters is room for all arguments of a template's calls, with their values: one allocation, not two each.
func (c *compiler) parameters(t *Template) []spec.Parameter {
	n := 0
	for _, k := range t.calls {
		n += len(k.args)
	}
	params, values := make([]spec.Parameter, n), make([]spec.AnyString, n)
	for i := range params {
		params[i].Value = &values[i]
	}
	return params
}

// call checks one task or step and writes its arguments into room.
func (c *compiler) call(path, word string, k *Call, room []spec.Parameter) (args, rest []spec.Parameter) {
	if k.callee.kind == none {
		c.problem(path+word+k.name+"].template", "is nil, or one that no constructor made")
	} else {
		c.add(k.callee)
	}
	n := len(k.args)
	args, rest = room[:n:n], room[n:]
	if n == 0 {
		args = nil
	}
	for i, a := range k.args {
		args[i].Name = a.Name
		*args[i].Value = spec.AnyString(a.Value)
		if a.More != nil || a.Type != k.callee.inputType(a.Name) {
			at := path + word + k.name + "].arguments"
			c.argument(at, k.callee, a)
			if a.More != nil {
				c.uses(at+".parameters["+a.Name+"]", k.owner, &a.More.From)
			}
		}
	}
	return args, rest
}

// argument checks the type of a value; that the parameter exists is for the plan to see.
func (c *compiler) argument(path string, callee *Template, a *Arg) {
	path += ".parameters[" + a.Name + "]"
	if p := a.Problem(); p != "" {
		c.problem(path, "%s", p)
	}
	i := slices.IndexFunc(callee.in, func(d decl) bool { return d.name == a.Name })
	switch {
	case a.Type == nil: // there is no argument
	case callee.kind == none || len(callee.edits) > 0 && i < 0: // an edit may declare it
	case i < 0:
		c.problem(path, "template %q has no input %q%s", callee.spec.Name, a.Name, nearest.Hint(a.Name, nearest.Names(callee.in, func(d *decl) string { return d.name })))
	case a.Type != callee.in[i].typ:
		c.problem(path, "%q is of type %v in template %q, not %v", a.Name, callee.in[i].typ, callee.spec.Name, a.Type)
	}
}

// uses checks that a value comes from a call of the template user, and has the type that it is taken for.
func (c *compiler) uses(path string, user *Template, o *Origin) {
	if o.Problem != "" {
		c.problem(path, "%s", o.Problem)
	}
	for i := range o.Parts {
		c.uses(path, user, &o.Parts[i])
	}
	p := o.Call
	switch {
	case p == nil:
		return
	case p.owner == nil:
		c.problem(path, "uses %q of a %s that is nil or that no constructor made", o.Output, user.callWord())
		return
	case p.owner != user:
		c.problem(path, "uses %q of %q, which is in template %q", o.Output, p.name, p.owner.spec.Name)
		return
	}
	for _, d := range p.callee.out {
		if d.name != o.Output {
			continue
		}
		if d.typ != o.Type && o.Type != nil && d.typ != nil {
			c.problem(path, "output %q is of type %v in template %q, not %v", o.Output, d.typ, p.callee.spec.Name, o.Type)
		}
		return
	}
}

// dependencies are those that were said, then the tasks whose values or tags an argument uses.
func (c *compiler) dependencies(path string, k *Call) []string {
	n := len(k.needs)
	names := c.names[:0:n]
	c.names = c.names[n:]
	for _, n := range k.needs {
		if n.owner != k.owner {
			at := path + ".tasks[" + k.name + "].dependencies"
			if n.owner == nil {
				c.problem(at, "a task that is nil or that no dag made")
			} else {
				c.problem(at, "task %q is in template %q", n.name, n.owner.spec.Name)
			}
			continue
		}
		names = append(names, n.name)
	}
	for _, a := range k.args {
		for name := range taskTags(a.Value) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return names
}

// taskTags is the names of the tasks that the tags of a text refer to.
func taskTags(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			_, rest, ok := strings.Cut(text, "{{")
			if !ok {
				return
			}
			tag, after, _ := strings.Cut(rest, "}}")
			text = after
			if name, ok := strings.CutPrefix(strings.TrimSpace(tag), "tasks."); ok {
				name, _, _ = strings.Cut(name, ".")
				if name != "" && !yield(name) {
					return
				}
			}
		}
	}
}

// callWord is what a call of the template is called.
func (t *Template) callWord() string {
	if t.kind == steps {
		return "step"
	}
	return "task"
}

func (t *Template) inputType(name string) reflect.Type {
	for i := range t.in {
		if t.in[i].name == name {
			return t.in[i].typ
		}
	}
	return nil
}
