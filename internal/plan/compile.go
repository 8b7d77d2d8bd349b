package plan

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Compile checks the workflow and makes it a plan, which keeps w: it must not change any more. The problems are all
// that is wrong; there is a plan only if there are none. funcs are the Go functions of the program by template name,
// lib is what the workflow refers to outside of itself.
func Compile(w *spec.Workflow, funcs map[string]executor.Func, lib *Library) (*Plan, []Problem) {
	c := &compiler{plan: &Plan{Spec: w, Library: lib}, funcs: funcs, lib: lib}
	c.withTemplateRef()
	c.checkUTF8()
	c.main = &home{specs: c.plan.Resolved.Spec.Templates, byName: map[string]*Template{}}
	c.workflow()
	c.templates()
	c.entry()
	c.workflowHooks()
	for i := 0; i < len(c.plan.Templates); i++ { // a body may refer to more of them
		c.body(c.plan.Templates[i])
	}
	c.globals()
	c.recursion()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.plan, nil
}

type compiler struct {
	plan     *Plan
	funcs    map[string]executor.Func
	lib      *Library
	main     *home
	homes    map[spec.TemplateRef]*home
	problems []Problem
	late     []lateName
	refused  bool // something that is to come was used: what looks wrong besides may be right with it
}

func (c *compiler) problem(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
}

// hint names the nearest of the names. Where very much is wrong it would take too long and help nobody.
func (c *compiler) hint(name string, names iter.Seq[string]) string {
	if len(c.problems) > 100 {
		return ""
	}
	return nearest.Hint(name, names)
}

func (c *compiler) warn(path, format string, args ...any) {
	c.plan.Warnings = append(c.plan.Warnings, Problem{path, fmt.Sprintf(format, args...)})
}

// workflow compiles what stands outside of the templates.
func (c *compiler) workflow() {
	w := c.plan.Spec
	switch {
	case w.Name != "":
		c.checkRunName("metadata.name", w.Name)
	case w.GenerateName != "":
		c.checkRunName("metadata.generateName", RunName(w.GenerateName, "x"))
	default:
		c.problem("metadata", "the workflow has neither a name nor a generateName")
	}
	c.supportedWorkflow(w)
	w = &c.plan.Resolved
	c.plan.Arguments = c.inputs("arguments", w.Spec.Arguments.Parameters)
	if gc := w.Spec.ArtifactGC; gc != nil {
		c.artifactGC("spec.artifactGC", &gc.ArtifactGC)
		if gc.PodSpecPatch != "" {
			c.warn("spec.artifactGC.podSpecPatch", "nothing acts on it: the run deletes artifacts itself, without a Pod")
		}
	}
	c.plan.Parallelism = c.parallelism("spec", w.Spec.Parallelism)
	s := scope{c: c, call: -1}
	c.argumentFiles(&s, w.Spec.Arguments.Artifacts)
	c.plan.Locks = s.locks("spec.synchronization", w.Spec.Synchronization)
	c.plan.Metrics = c.metrics("spec.metrics", nil, w.Spec.Metrics)
	c.plan.Fields = newStencil(&w.Spec, func(at *place, source string) Text {
		return s.parse("spec"+at.String(), source)
	})
}

// templates compiles the head of each template: its name, kind, inputs and outputs.
func (c *compiler) templates() {
	specs := c.main.specs
	c.plan.Templates = make([]*Template, 0, len(specs))
	for i := range specs {
		s := &specs[i]
		path := "templates[" + s.Name + "]"
		if s.Name == "" {
			path = fmt.Sprintf("templates[%d]", i)
		}
		c.checkName(path, "template", s.Name)
		if _, twice := c.main.byName[s.Name]; twice {
			c.problem(path, "two templates have this name")
			continue
		}
		c.main.byName[s.Name] = c.head(c.main, path, s)
	}
}

// head compiles the head of a template.
func (c *compiler) head(h *home, path string, s *spec.Template) *Template {
	t := &Template{Name: s.Name, Path: path, Spec: c.withDefaults(s), home: h, index: int32(len(c.plan.Templates))}
	c.plan.Templates = append(c.plan.Templates, t)
	c.kind(path, t)
	c.leaf(path, t)
	c.supportedTemplate(path, t.Spec)
	t.Inputs = c.inputs(path+".inputs", s.Inputs.Parameters)
	c.outputs(path+".outputs", t)
	c.rules(path, t, s)
	return t
}

// kind finds out what a template does.
func (c *compiler) kind(path string, t *Template) {
	var kinds []string
	has := func(there bool, k Kind) {
		if there {
			t.Kind = k
			kinds = append(kinds, k.String())
		}
	}
	s := t.Spec
	has(s.Container != nil, Container)
	has(s.Script != nil, Script)
	has(s.DAG != nil, DAG)
	has(s.Steps != nil, Steps)
	if name, ok := FuncName(s); ok {
		has(true, Func)
		if t.Func = c.funcs[name]; t.Func == nil {
			c.problem(path+".plugin", "needs the Go function %q, which this program does not have%s", name, c.hint(name, maps.Keys(c.funcs)))
		}
	}
	has(len(s.Plugin) > 0 && t.Kind != Func, Plugin)
	has(s.ContainerSet != nil, ContainerSet)
	has(s.Resource != nil, Resource)
	has(s.HTTP != nil, HTTP)
	has(s.Data != nil, Data)
	has(s.Suspend != nil, Suspend)
	switch {
	case len(kinds) == 0:
		c.problem(path, "does nothing: it has no container, script, dag or steps")
	case len(kinds) > 1:
		c.problem(path, "is of several kinds: %s", strings.Join(kinds, ", "))
	case s.Container != nil && s.Container.Image == "":
		c.problem(path+".container", "has no image")
	case s.Script != nil && s.Script.Image == "":
		c.problem(path+".script", "has no image")
	case s.Script != nil && len(s.Script.Command) == 0:
		c.problem(path+".script", "has no command: it is the interpreter of the source, such as [python]")
	}
}

// leaf checks what only some kinds of leaf say.
func (c *compiler) leaf(path string, t *Template) {
	switch t.Kind {
	case HTTP:
		c.request(path+".http", t.Spec.HTTP)
	case Plugin:
		c.plugin(path+".plugin", t.Spec.Plugin)
	case ContainerSet:
		c.containers(path+".containerSet", t.Spec.ContainerSet.Containers)
	case Data:
		c.data(path+".data", t.Spec.Data)
	case Resource:
		c.manifest(path+".resource", t.Spec)
	}
}

// inputs compiles the parameters that a template or the workflow takes.
func (c *compiler) inputs(path string, params []spec.Parameter) []Input {
	if len(params) == 0 {
		return nil
	}
	c.checkParameterNames(path, params)
	in := make([]Input, len(params))
	s := scope{c: c, call: -1}
	for i := range params {
		p := &params[i]
		at := path + ".parameters[" + p.Name + "]"
		in[i] = Input{Name: p.Name, Enum: p.Enum}
		value := p.Value
		if value == nil {
			value = p.Default
		}
		if value == nil && p.ValueFrom != nil {
			in[i].Default = c.configValue(at, p.ValueFrom)
			if in[i].Default == nil {
				value = p.ValueFrom.Default
			}
		}
		if value == nil {
			continue
		}
		text := s.parse(at, string(*value))
		in[i].Default = &text
		c.permits(at, &in[i], &text)
	}
	return in
}

func (c *compiler) permits(path string, in *Input, value *Text) {
	if len(value.Refs) == 0 && !in.Permits(value.Source) {
		c.problem(path, "the value %q is not permitted: the enum is %s", value.Source, list(in.Enum))
	}
}

// outputs compiles what a template gives; what a dag or steps template gives is resolved with its body.
func (c *compiler) outputs(path string, t *Template) {
	t.WantsResult = t.Spec.Outputs.Result != nil
	if t.WantsResult && !t.Kind.hasResult() {
		c.problem(path+".result", "a %v template has no standard output", t.Kind)
	}
	params := t.Spec.Outputs.Parameters
	if len(params) == 0 {
		return
	}
	c.checkParameterNames(path, params)
	t.Outputs = make([]Output, len(params))
	for i := range params {
		p := &params[i]
		at := path + ".parameters[" + p.Name + "]"
		c.supportedOutput(at, t.Kind, p)
		t.Outputs[i].Name = p.Name
		t.Outputs[i].Global = p.GlobalName
		if p.ValueFrom != nil && p.ValueFrom.Default != nil {
			d := string(*p.ValueFrom.Default)
			t.Outputs[i].Default = &d
		}
	}
}

func (c *compiler) entry() {
	name := c.plan.Resolved.Spec.Entrypoint
	t := c.named(c.main, name)
	if t == nil {
		if c.plan.Spec.Spec.WorkflowTemplateRef != nil && c.refused {
			return
		}
		if name == "" {
			c.problem("spec.entrypoint", "there is none")
		} else {
			c.problem("spec.entrypoint", "no template %q%s", name, c.hint(name, c.templateNames()))
		}
		return
	}
	c.plan.Entry = t
	for i := range t.Inputs {
		in := &t.Inputs[i]
		a := InputNamed(c.plan.Arguments, in.Name)
		if a != nil && a.Default != nil {
			c.permits("arguments.parameters["+a.Name+"]", in, a.Default)
		}
	}
	given := c.plan.Resolved.Spec.Arguments.Artifacts
	for _, g := range given {
		if artifactNamed(t.Spec.Inputs.Artifacts, g.Name) < 0 {
			c.warn("arguments.artifacts["+g.Name+"]", "the entrypoint's template %q has no input artifact %q%s", t.Name, g.Name,
				c.hint(g.Name, artifactNames(t.Spec.Inputs.Artifacts)))
		}
	}
	for i := range t.Spec.Inputs.Artifacts {
		if a := &t.Spec.Inputs.Artifacts[i]; needs(a, given) {
			c.problem("arguments.artifacts", "the entrypoint's template %q needs the artifact %q", t.Name, a.Name)
		}
	}
}

// body compiles what a template does.
func (c *compiler) body(t *Template) {
	path := t.Path
	var s *scope
	switch t.Kind {
	case DAG:
		s = c.dag(path, t)
	case Steps:
		s = c.steps(path, t)
	case Suspend:
		s = &scope{c: c, t: t, call: -1, body: true}
		t.Duration = s.duration(path+".suspend.duration", t.Spec.Suspend.Duration)
	default:
		s = &scope{c: c, t: t, call: -1, body: true}
		t.Fields = newStencil(t.Spec, func(at *place, source string) Text { return s.parse(path+at.String(), source) })
	}
	s.call = int32(len(t.Calls))
	for i := range t.Outputs {
		from := t.Spec.Outputs.Parameters[i].ValueFrom
		if from == nil {
			continue
		}
		at := path + ".outputs.parameters[" + t.Outputs[i].Name + "]"
		if from.Expression != "" {
			s.path = at
			t.Outputs[i].Expression = s.expressionAt(at, from.Expression)
		} else if !t.Kind.Leaf() {
			t.Outputs[i].From = s.parse(at, from.Parameter)
		}
	}
	c.files(path, t, s)
	if t.Graph != nil && !c.refused {
		s.checkOrder()
	}
	t.names = nil
}

// recursion finds templates that call themselves where nothing ends that.
func (c *compiler) recursion() {
	if c.refused {
		return
	}
	n := len(c.plan.Templates)
	a := arcs{at: make([]int32, 1, n+1)}
	for _, t := range c.plan.Templates {
		for i := range t.Calls {
			callee := t.Calls[i].Template
			if callee != nil && (i == 0 || t.Calls[i-1].Template != callee) && !t.Calls[i].conditional() {
				a.tails = append(a.tails, callee.index)
			}
		}
		a.at = append(a.at, int32(len(a.tails)))
	}
	g := newGraph(a)
	for _, cycle := range g.cycles(func(v int32) string { return c.plan.Templates[v].Name }) {
		// an edge leads from the called to the caller
		names := strings.Split(cycle, " → ")
		slices.Reverse(names)
		c.problem("templates["+names[0]+"]", "calls its own template without a condition, so the recursion has no end: %s", strings.Join(names, " → "))
	}
}

func (c *compiler) templateNames() iter.Seq[string] {
	return nearest.Names(c.plan.Templates, func(t **Template) string { return (*t).Name })
}

func inputNames(in []Input) iter.Seq[string] {
	return nearest.Names(in, func(i *Input) string { return i.Name })
}

func outputNames(out []Output) iter.Seq[string] {
	return nearest.Names(out, func(o *Output) string { return o.Name })
}

func list(vs []spec.AnyString) string {
	quoted := make([]string, len(vs))
	for i, v := range vs {
		quoted[i] = fmt.Sprintf("%q", string(v))
	}
	return strings.Join(quoted, ", ")
}
