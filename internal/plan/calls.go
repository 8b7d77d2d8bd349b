package plan

import (
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// dag compiles the tasks of a dag template and their order.
func (c *compiler) dag(path string, t *Template) *scope {
	tasks := t.Spec.DAG.Tasks
	if len(tasks) == 0 {
		c.problem(path+".dag", "has no tasks")
	}
	b := c.binder(t, path, "tasks", len(tasks), func(i int) callSpec { return taskSpec(&tasks[i]) })
	for i := range tasks {
		b.name(path, "tasks", tasks[i].Name)
	}
	c.usesDepends(path, tasks)
	a := arcs{at: make([]int32, 1, len(tasks)+1)}
	edges := 0
	for i := range tasks {
		edges += len(tasks[i].Dependencies) // and few others
	}
	a.tails = make([]int32, 0, edges)
	stamp := make([]int32, len(tasks)) // which task last depended on it
	for i := range tasks {
		k := &tasks[i]
		b.bind(path, "tasks", taskSpec(k))
		field, names := "dependencies", k.Dependencies
		if k.Depends != "" {
			field, names = "depends", b.depends(path, i, k)
		}
		for _, d := range names {
			on, ok := t.names[d]
			if !ok {
				c.problem(path+".tasks["+k.Name+"]."+field, "no task %q%s", d, c.hint(d, t.callNames()))
				continue
			}
			if stamp[on] != int32(i)+1 {
				stamp[on] = int32(i) + 1
				a.tails = append(a.tails, on)
			}
		}
		a.at = append(a.at, int32(len(a.tails)))
	}
	g := newGraph(a)
	for _, cycle := range g.cycles(func(v int32) string { return t.Calls[v].Name }) {
		c.problem(path+".dag", "cycle: %s", cycle)
	}
	if len(g.order) == g.Len() {
		t.Graph = g
		c.targets(path, t)
	}
	return &b.s
}

// usesDepends checks that a dag with a depends has nothing that depends forbids.
func (c *compiler) usesDepends(path string, tasks []spec.Task) {
	if !slices.ContainsFunc(tasks, func(k spec.Task) bool { return k.Depends != "" }) {
		return
	}
	for i := range tasks {
		k := &tasks[i]
		at := path + ".tasks[" + k.Name + "]"
		if len(k.Dependencies) > 0 {
			c.problem(at+".dependencies", "a dag has dependencies or depends, not both: write %q", "depends: "+strings.Join(k.Dependencies, " && "))
		}
		if k.ContinueOn != nil {
			c.problem(at+".continueOn", "is not for a dag with depends: write the ends that are good enough into the depends of those that wait for it")
		}
	}
}

// depends compiles a depends expression and gives the names in it.
func (b *binder) depends(path string, i int, k *spec.Task) []string {
	d, err := expr.ParseDepends(k.Depends)
	if err != nil {
		b.c.problem(path+".tasks["+k.Name+"].depends", "%v", err)
		return nil
	}
	if names, all := d.All(); all {
		return names
	}
	names := d.Names()
	calls := make([]int32, len(names))
	for n, name := range names {
		calls[n] = b.t.names[name] // one that is missing is said by the caller
	}
	b.t.Calls[i].controls().Depends = &Depends{d, calls}
	return names
}

// controls is the call's control, to write to.
func (c *Call) controls() *Control {
	if c.Control == nil {
		c.Control = &Control{}
	}
	return c.Control
}

// targets finds the tasks that decide the phase of a dag, and which tasks they need.
func (c *compiler) targets(path string, t *Template) {
	names := strings.Fields(t.Spec.DAG.Target)
	if strings.Contains(t.Spec.DAG.Target, "{{") {
		s := scope{c: c, t: t, call: -1, body: true}
		t.Target = s.text(path+".dag.target", t.Spec.DAG.Target)
		return
	}
	if len(names) == 0 {
		leaves := 0
		for v := range int32(len(t.Calls)) {
			if len(t.Graph.Succ(v)) == 0 {
				leaves++
			}
		}
		t.Targets = make([]int32, 0, leaves)
		for v := range int32(len(t.Calls)) {
			if len(t.Graph.Succ(v)) == 0 {
				t.Targets = append(t.Targets, v)
			}
		}
		return
	}
	var unknown string
	if t.Targets, t.Wanted, unknown = t.Need(names); unknown != "" {
		c.problem(path+".dag.target", "no task %q%s", unknown, c.hint(unknown, t.callNames()))
	}
}

// Need is the tasks of the names, and for each task whether it is one of them or something that they wait for. A name
// that is not a task's is unknown.
func (t *Template) Need(names []string) (targets []int32, wanted []bool, unknown string) {
	wanted = make([]bool, len(t.Calls))
	for _, n := range names {
		i := slices.IndexFunc(t.Calls, func(c Call) bool { return c.Name == n })
		if i < 0 {
			return nil, nil, n
		}
		targets = append(targets, int32(i))
		wanted[i] = true
	}
	order := t.Graph.Order()
	for i := len(order) - 1; i >= 0; i-- {
		if wanted[order[i]] {
			for _, p := range t.Graph.Pred(order[i]) {
				wanted[p] = true
			}
		}
	}
	return targets, wanted, ""
}

// steps compiles the steps of a steps template. Between two groups its graph has a barrier.
func (c *compiler) steps(path string, t *Template) *scope {
	var all []*spec.Step
	for g := range t.Spec.Steps {
		for i := range t.Spec.Steps[g] {
			all = append(all, &t.Spec.Steps[g][i])
		}
		t.Groups = append(t.Groups, int32(len(all)))
	}
	b := c.binder(t, path, "steps", len(all), func(i int) callSpec { return stepSpec(all[i]) })
	for _, k := range all {
		b.name(path, "steps", k.Name)
	}
	if len(all) == 0 {
		c.problem(path+".steps", "there are none")
	}
	for _, k := range all {
		b.bind(path, "steps", stepSpec(k))
	}
	// vertices: the steps, then the barrier behind each group but the last
	a := arcs{at: make([]int32, 1, len(all)+len(t.Groups)+1)}
	for g, end := range t.Groups {
		begin := t.Begin(int32(g))
		for range end - begin {
			if g > 0 {
				a.tails = append(a.tails, int32(len(all)+g-1))
			}
			a.at = append(a.at, int32(len(a.tails)))
		}
	}
	for g := range max(0, len(t.Groups)-1) {
		if g > 0 {
			a.tails = append(a.tails, int32(len(all)+g-1))
		}
		for v := t.Begin(int32(g)); v < t.Groups[g]; v++ {
			a.tails = append(a.tails, v)
		}
		a.at = append(a.at, int32(len(a.tails)))
	}
	t.Graph = newGraph(a)
	return &b.s
}

// callSpec is what a task and a step have in common.
type callSpec struct {
	name, template  string
	ref             *spec.TemplateRef
	inline          *spec.Template
	arguments       *spec.Arguments
	when, withParam string
	withItems       []spec.Item
	withSequence    *spec.Sequence
	continueOn      *spec.ContinueOn
	hooks           map[string]spec.LifecycleHook
	onExit          string
}

func taskSpec(k *spec.Task) callSpec {
	//lint:ignore SA1019 a workflow may use what is deprecated
	return callSpec{k.Name, k.Template, k.TemplateRef, k.Inline, &k.Arguments, k.When, k.WithParam, k.WithItems, k.WithSequence, k.ContinueOn, k.Hooks, k.OnExit}
}

func stepSpec(k *spec.Step) callSpec {
	//lint:ignore SA1019 a workflow may use what is deprecated
	return callSpec{k.Name, k.Template, k.TemplateRef, k.Inline, &k.Arguments, k.When, k.WithParam, k.WithItems, k.WithSequence, k.ContinueOn, k.Hooks, k.OnExit}
}

func (k *callSpec) loops() bool {
	return k.withItems != nil || k.withParam != "" || k.withSequence != nil
}

// plain says that there is nothing but a template and its inputs.
func (k *callSpec) plain() bool {
	return !k.loops() && k.when == "" && k.continueOn == nil && k.hooks == nil && k.onExit == ""
}

// binder compiles the calls of one template. The room for all values is taken at once.
type binder struct {
	c     *compiler
	t     *Template
	s     scope
	room  []executor.Value
	named int
	next  int
}

func (c *compiler) binder(t *Template, path, word string, n int, call func(int) callSpec) *binder {
	b := &binder{c: c, t: t, s: scope{c: c, t: t, calls: true}}
	t.Calls = make([]Call, n)
	t.names = make(map[string]int32, n)
	values := 0
	for i := range n {
		k := call(i)
		var callee *Template
		if k.ref == nil && k.inline == nil && t.home == c.main { // the many
			callee = t.home.byName[k.template]
		} else {
			callee = c.callee(t.home, path+"."+word+"["+k.name+"]", k.template, k.ref, k.inline)
		}
		if callee != nil {
			t.Calls[i].Template = callee
			values += len(callee.Inputs)
		}
	}
	b.room = make([]executor.Value, values)
	return b
}

// callee is the template that something calls, or nil with the problem told.
func (c *compiler) callee(h *home, path, name string, ref *spec.TemplateRef, inline *spec.Template) *Template {
	ways := 0
	for _, is := range []bool{name != "", ref != nil, inline != nil} {
		if is {
			ways++
		}
	}
	switch {
	case ways > 1:
		c.problem(path, "has more than one of template, templateRef and inline")
		return nil
	case ref != nil:
		return c.referred(path+".templateRef", ref)
	case inline != nil:
		return c.head(h, path+".inline", inline)
	}
	t := c.named(h, name)
	switch {
	case t != nil:
	case name == "":
		c.problem(path+".template", "there is none")
	default:
		c.problem(path+".template", "no template %q%s", name, c.hint(name, specNames(h.specs)))
	}
	return t
}

// name takes down the name of the next call.
func (b *binder) name(path, word, name string) {
	i := int32(b.named)
	b.named++
	b.t.Calls[i].Name = name
	if first, twice := b.t.names[name]; twice {
		b.c.problem(path+"."+word+"["+name+"]", "the name is used twice: by the %s number %d and %d", strings.TrimSuffix(word, "s"), first+1, i+1)
		return
	}
	b.t.names[name] = i
	if !validName(name) {
		b.c.checkName(path+"."+word+"["+name+"]", strings.TrimSuffix(word, "s"), name)
	}
}

// bind compiles the next call: which template it calls with which values, and what is said of it besides.
func (b *binder) bind(path, word string, k callSpec) {
	call := &b.t.Calls[b.next]
	b.s.call = int32(b.next)
	b.s.item = false
	b.next++
	if call.Template == nil {
		if k.ref == nil && k.inline == nil && b.t.home == b.c.main { // else it is said already
			b.c.callee(b.t.home, path+"."+word+"["+k.name+"]", k.template, nil, nil)
		}
		return
	}
	at := ""
	if !k.plain() {
		at = path + "." + word + "[" + k.name + "]"
		call.Control = b.control(at, k)
	}
	b.argumentsOf(path, word, k.name, call, k.arguments)
}

// arguments compiles the values of a call that is not one of the template's own.
func (b *binder) arguments(path string, call *Call, args *spec.Arguments) {
	room := b.room
	b.room = make([]executor.Value, len(call.Template.Inputs))
	b.argumentsOf(path, "", "", call, args)
	b.room = room
}

// argumentsOf compiles the values of a call. Its path is made only where something is to be said: there are many.
func (b *binder) argumentsOf(path, word, name string, call *Call, args *spec.Arguments) {
	at := func(rest string) string {
		if word == "" {
			return path + rest
		}
		return path + "." + word + "[" + name + "]" + rest
	}
	callee := call.Template
	call.WantResult = callee.WantsResult
	n := len(callee.Inputs)
	call.Inputs, b.room = b.room[:n:n], b.room[n:]
	given := 0
	for i := range callee.Inputs {
		in := &callee.Inputs[i]
		call.Inputs[i].Name = in.Name
		p := argument(args.Parameters, in.Name, i)
		if p == nil {
			if in.Default == nil {
				b.c.problem(at(".arguments"), "template %q needs the parameter %q", callee.Name, in.Name)
				continue
			}
			call.set(i, *in.Default)
			continue
		}
		given++
		switch {
		case p.Value != nil && (strings.Contains(string(*p.Value), "{{") || in.Enum != nil):
			text := b.s.parse(at(".arguments.parameters["+p.Name+"]"), string(*p.Value))
			b.c.permits(at(".arguments.parameters["+p.Name+"]"), in, &text)
			call.set(i, text)
		case p.Value != nil:
			call.Inputs[i].Value = string(*p.Value)
		case p.ValueFrom != nil:
			if text := b.valueFrom(at(".arguments.parameters["+p.Name+"]"), p.ValueFrom); text != nil {
				call.set(i, *text)
			}
		}
	}
	if len(args.Artifacts) > 0 || len(callee.Spec.Inputs.Artifacts) > 0 {
		b.artifacts(at(".arguments"), call, args.Artifacts)
	}
	if given != len(args.Parameters) || hasOddArgument(args) {
		b.c.strayArguments(at(".arguments"), callee, args)
	}
}

// valueFrom compiles a value that an argument takes from elsewhere.
func (b *binder) valueFrom(path string, v *spec.ValueFrom) *Text {
	if v.Expression != "" {
		e := b.s.expressionAt(path+".valueFrom.expression", v.Expression)
		if e == nil {
			return nil
		}
		return &Text{Source: v.Expression, Refs: []Ref{{end: int32(len(v.Expression)), Kind: RefExpr, Name: "=" + v.Expression, Expr: e}}}
	}
	if t := b.c.configValue(path, v); t != nil {
		return t
	}
	b.c.problem(path+".valueFrom", "an argument's value comes from configMapKeyRef or expression")
	return nil
}

// set gives an input its text.
func (c *Call) set(i int, t Text) {
	c.Inputs[i].Value = t.Source
	if len(t.Refs) == 0 {
		return
	}
	ctl := c.controls()
	if ctl.Texts == nil {
		ctl.Texts = make([]Text, len(c.Inputs))
	}
	ctl.Texts[i] = t
}

// argument is the argument of that name; it is looked for first where it most likely is.
func argument(params []spec.Parameter, name string, likely int) *spec.Parameter {
	if likely < len(params) && params[likely].Name == name {
		return &params[likely]
	}
	for i := range params {
		if params[i].Name == name {
			return &params[i]
		}
	}
	return nil
}

func hasOddArgument(args *spec.Arguments) bool {
	for i := range args.Parameters {
		if args.Parameters[i].Value == nil || args.Parameters[i].ValueFrom != nil {
			return true
		}
	}
	return false
}

// strayArguments says which arguments are given twice, have no value, or are no inputs of the template.
func (c *compiler) strayArguments(path string, callee *Template, args *spec.Arguments) {
	seen := map[string]bool{}
	for i := range args.Parameters {
		p := &args.Parameters[i]
		at := path + ".parameters[" + p.Name + "]"
		switch {
		case seen[p.Name]:
			c.problem(at, "the parameter is given twice")
		case InputNamed(callee.Inputs, p.Name) == nil: // Argo accepts it; the Go builders do not
			c.warn(at, "template %q has no input %q%s", callee.Name, p.Name, c.hint(p.Name, inputNames(callee.Inputs)))
		case p.Value == nil && p.ValueFrom == nil:
			c.problem(at, "has no value")
		}
		seen[p.Name] = true
	}
}
