package build

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// Built is what the builders said, as data.
type Built struct {
	Templates []spec.Template
	Funcs     map[string]Func
	// Inputs are the types of the entry template's inputs, by name. A template that was not built in Go has none.
	Inputs map[string]reflect.Type
	// Hooks are the workflow's.
	Hooks map[string]spec.LifecycleHook
	// Problems is what is wrong and only the builders can know: types, and tasks of other templates.
	Problems []Problem
}

// Problem is one thing that is wrong, with the path to it.
type Problem struct{ Path, Text string }

// Compile turns the entry template and all that it and the workflow's hooks call into data. What was built is not
// changed and not kept: it may be built on and compiled again.
func Compile(entry Sealed, arguments []*Arg, hooks []Hook) Built {
	c := compiler{seen: map[string]*Template{}}
	c.out.Funcs = map[string]Func{}
	t := templateOf(entry)
	switch t.kind {
	case none:
		c.problem("spec.entrypoint", "there is no template, or one that no constructor made")
		return c.out
	case reference:
		c.problem("spec.entrypoint", "template %q is of another object: call it from a dag or steps", t.spec.Name)
		return c.out
	}
	c.add(t)
	c.out.Hooks = c.hooks("spec", hooks, nil, nil)
	for i := 0; i < len(c.order); i++ { // grows as calls are found
		c.template(c.order[i])
	}
	c.out.Inputs = make(map[string]reflect.Type, len(t.in))
	for _, d := range t.in {
		c.out.Inputs[d.name] = d.typ
	}
	for _, a := range arguments {
		if t.inputType(a) != nil || a.Problem() != "" { // else it may be for workflow.parameters tags
			c.argument("arguments", t, a)
		}
	}
	return c.out
}

type compiler struct {
	out     Built
	seen    map[string]*Template
	twins   map[*Template]bool // that say the same as the one in seen
	refs    map[*Template]bool // of other objects, that were looked at
	last    *Template          // that was added
	order   []*Template
	derived map[derived]*Template
	names   []string // room for the dependencies of one template's tasks
}

func (c *compiler) problem(path, format string, args ...any) {
	c.out.Problems = append(c.out.Problems, Problem{path, fmt.Sprintf(format, args...)})
}

// add notes a template the first time that it is met.
func (c *compiler) add(t *Template) {
	if t == c.last { // tasks that call the same stand together
		return
	}
	c.last = t
	if t.kind == reference {
		c.reference(t)
		return
	}
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
		for callee := range t.callees() { // what they call may differ
			c.add(callee)
		}
	}
}

// reference notes what is wrong with a template of another object.
func (c *compiler) reference(t *Template) {
	if c.refs[t] {
		return
	}
	if c.refs == nil {
		c.refs = map[*Template]bool{}
	}
	c.refs[t] = true
	for _, p := range t.problems {
		c.problem("templateRef["+t.spec.Name+"]"+p.Path, "%s", p.Text)
	}
}

// callees are the templates that a template's calls and their hooks name.
func (t *Template) callees() iter.Seq[*Template] {
	return func(yield func(*Template) bool) {
		for _, k := range t.calls {
			if k.callee.kind != none && !yield(k.callee) {
				return
			}
			if k.more == nil {
				continue
			}
			for _, h := range k.more.hooks {
				if h.callee.kind != none && !yield(h.callee) {
					return
				}
			}
		}
	}
}

// same says that two builders say the same: a function that makes a template may be called twice.
func same(a, b *Template) bool {
	if len(a.calls) != len(b.calls) || a.kind != b.kind || a.fn != nil || b.fn != nil ||
		!slices.EqualFunc(a.in, b.in, decl.equal) || !slices.EqualFunc(a.out, b.out, decl.equal) {
		return false
	}
	for i, x := range a.calls {
		if !slices.EqualFunc(x.args, b.calls[i].args, func(x, y *Arg) bool { return x.Type == y.Type }) {
			return false
		}
	}
	return reflect.DeepEqual(spoken(a), spoken(b))
}

// spoken is what a template says, whatever it calls.
func spoken(t *Template) spec.Template {
	c := compiler{seen: map[string]*Template{}}
	for callee := range t.callees() {
		c.seen[callee.spec.Name] = callee
		if c.twins == nil {
			c.twins = map[*Template]bool{}
		}
		c.twins[callee] = true
	}
	return c.write(t)
}

// template writes one template and says what is wrong with it.
func (c *compiler) template(t *Template) {
	path := "templates[" + t.spec.Name + "]"
	for _, p := range t.problems {
		c.problem(path+p.Path, "%s", p.Text)
	}
	s := c.write(t)
	for i := range t.out {
		d := &t.out[i]
		c.uses(path+".outputs."+word(d.typ)+"["+d.name+"]", t, nil, &d.from)
	}
	if t.fn != nil {
		c.out.Funcs[t.spec.Name] = t.fn.Func
	}
	c.out.Templates = append(c.out.Templates, s)
}

// write is the template's own spec, then its tasks or steps, then the edits.
func (c *compiler) write(t *Template) spec.Template {
	s := *t.spec.DeepCopy()
	switch t.kind {
	case dag:
		c.tasks(t, &s)
	case steps:
		c.steps(t, &s)
	}
	if len(t.edits) > 0 {
		for _, edit := range t.edits {
			edit(&s)
		}
		s = *s.DeepCopy() // an edit may put in what its owner changes later
	}
	return s
}

func (c *compiler) tasks(t *Template, s *spec.Template) {
	tasks := make([]spec.Task, len(t.calls))
	params := c.parameters(t)
	needs := 0
	for _, k := range t.calls {
		needs += len(k.needs)
	}
	c.names = make([]string, needs)
	mixed := mix(t)
	for i, k := range t.calls {
		task := &tasks[i]
		params = c.call(k, task, params)
		names, said := c.dependencies(k)
		if mixed != nil {
			task.Depends = mixed.depends(c, k, names, said)
			task.ContinueOn = nil
		} else {
			task.Dependencies = names
		}
		if k.more != nil && k.more.task != nil {
			k.more.task(task)
			*task = *task.DeepCopy()
		}
	}
	if mixed != nil {
		mixed.check(c, t)
	}
	s.DAG.Tasks = tasks
	if len(t.targets) > 0 {
		s.DAG.Target = c.target(t)
	}
}

// target is the names of the tasks that a dag is to reach.
func (c *compiler) target(t *Template) string {
	var names []string
	for _, k := range t.targets {
		if k.owner != t {
			c.foreign("templates["+t.spec.Name+"].dag.target", k)
			continue
		}
		names = append(names, k.name)
	}
	return strings.Join(names, " ")
}

func (c *compiler) steps(t *Template, s *spec.Template) {
	s.Steps = make([][]spec.Step, t.groups)
	params := c.parameters(t)
	for _, k := range t.calls {
		var task spec.Task
		params = c.call(k, &task, params)
		step := spec.Step{
			Name: task.Name, Template: task.Template, TemplateRef: task.TemplateRef, Arguments: task.Arguments,
			When: task.When, WithItems: task.WithItems, WithParam: task.WithParam, WithSequence: task.WithSequence,
			ContinueOn: task.ContinueOn, Hooks: task.Hooks,
		}
		if len(k.needs) > 0 {
			c.problem(k.path(), "a step has no dependencies; put it into a later group")
		}
		if k.more != nil && k.more.step != nil {
			k.more.step(&step)
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

// dependencies are the tasks that were said, so many, then those whose values or tags the task uses.
func (c *compiler) dependencies(k *Call) (names []string, said int) {
	n := len(k.needs)
	names = c.names[:0:n]
	c.names = c.names[n:]
	for _, n := range k.needs {
		if n.owner != k.owner {
			c.foreign(k.path()+".dependencies", n)
			continue
		}
		names = append(names, n.name)
	}
	said = len(names)
	for _, a := range k.args {
		if strings.Contains(a.Value, "{{") {
			names = join(names, taskTags(a.Value))
		}
	}
	if l := k.loopOf(); l != nil {
		names = join(names, taskTags(l.param))
	}
	if k.more != nil {
		names = k.more.dependencies(k, names)
	}
	if len(names) == 0 {
		return nil, 0
	}
	return names, said
}

// join adds the names that are not there yet.
func join(names []string, more iter.Seq[string]) []string {
	for name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// dependencies are the names, and those of the tasks that the rare settings of a task use.
func (m *more) dependencies(k *Call, names []string) []string {
	names = join(names, taskNames(m.when.logic.Text))
	for _, h := range m.hooks {
		names = join(names, others(k, taskNames(h.when.logic.Text)))
		for _, a := range h.args {
			names = join(names, others(k, taskTags(a.Value)))
		}
	}
	return names
}

// others are the names but for that of the task itself, which its hooks may use.
func others(k *Call, names iter.Seq[string]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range names {
			if name != k.name && !yield(name) {
				return
			}
		}
	}
}

// callWord is what a call of the template is called.
func (t *Template) callWord() string {
	if t != nil && t.kind == steps {
		return "step"
	}
	return "task"
}

// inputType is the declared type of the input that an argument is for, or nil.
func (t *Template) inputType(a *Arg) reflect.Type {
	for i := range t.in {
		if t.in[i].named(a.Name, a.Type) {
			return t.in[i].typ
		}
	}
	return nil
}
