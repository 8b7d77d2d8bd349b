package plan

import (
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// dag compiles the tasks of a dag template and their order.
func (c *compiler) dag(path string, t *Template) *scope {
	tasks := t.Spec.DAG.Tasks
	if len(tasks) == 0 {
		c.problem(path+".dag", "has no tasks")
	}
	b := c.binder(t, len(tasks), func(i int) (string, *spec.Arguments) { return tasks[i].Template, &tasks[i].Arguments })
	for i := range tasks {
		b.name(path, "tasks", tasks[i].Name)
	}
	a := arcs{at: make([]int32, 1, len(tasks)+1)}
	edges := 0
	for i := range tasks {
		edges += len(tasks[i].Dependencies) // and few others
	}
	a.tails = make([]int32, 0, edges)
	stamp := make([]int32, len(tasks)) // which task last depended on it
	for i := range tasks {
		k := &tasks[i]
		c.supportedTask(path, k)
		b.bind(path, "tasks", k.Name, k.Template)
		field, names := "dependencies", k.Dependencies
		if k.Depends != "" {
			field, names = "depends", c.depends(path, k)
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

// depends are the names of a depends expression that is names joined by &&: it means the same as these dependencies.
func (c *compiler) depends(path string, k *spec.Task) []string {
	at := path + ".tasks[" + k.Name + "].depends"
	if len(k.Dependencies) > 0 {
		c.problem(at, "a task has dependencies or depends, not both")
	}
	names := strings.Split(k.Depends, "&&")
	for i, n := range names {
		if names[i] = strings.TrimSpace(n); !validName(names[i]) {
			c.unsupported(at, "an expression other than names joined by &&")
			return nil
		}
	}
	return names
}

// targets finds the tasks that decide the phase of a dag, and which tasks they need.
func (c *compiler) targets(path string, t *Template) {
	names := strings.Fields(t.Spec.DAG.Target)
	if strings.Contains(t.Spec.DAG.Target, "{{") {
		c.unsupported(path+".dag.target", "a tag in target")
		return
	}
	if len(names) == 0 {
		for v := range int32(len(t.Calls)) {
			if len(t.Graph.Succ(v)) == 0 {
				t.Targets = append(t.Targets, v)
			}
		}
		return
	}
	t.Wanted = make([]bool, len(t.Calls))
	for _, n := range names {
		v, ok := t.names[n]
		if !ok {
			c.problem(path+".dag.target", "no task %q%s", n, c.hint(n, t.callNames()))
			continue
		}
		t.Targets = append(t.Targets, v)
		t.Wanted[v] = true
	}
	order := t.Graph.Order()
	for i := len(order) - 1; i >= 0; i-- {
		if t.Wanted[order[i]] {
			for _, p := range t.Graph.Pred(order[i]) {
				t.Wanted[p] = true
			}
		}
	}
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
	b := c.binder(t, len(all), func(i int) (string, *spec.Arguments) { return all[i].Template, &all[i].Arguments })
	for _, k := range all {
		b.name(path, "steps", k.Name)
	}
	if len(all) == 0 {
		c.problem(path+".steps", "there are none")
	}
	for _, k := range all {
		c.supportedStep(path, k)
		b.bind(path, "steps", k.Name, k.Template)
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

// binder compiles the calls of one template. The room for all values is taken at once.
type binder struct {
	c     *compiler
	t     *Template
	s     scope
	args  func(int) (template string, args *spec.Arguments)
	room  []executor.Value
	named int
	next  int
}

func (c *compiler) binder(t *Template, n int, args func(int) (string, *spec.Arguments)) *binder {
	b := &binder{c: c, t: t, args: args, s: scope{c: c, t: t, calls: true}}
	t.Calls = make([]Call, n)
	t.names = make(map[string]int32, n)
	values := 0
	for i := range n {
		name, _ := args(i)
		if callee := c.byName[name]; callee != nil {
			t.Calls[i].Template = callee
			values += len(callee.Inputs)
		}
	}
	b.room = make([]executor.Value, values)
	return b
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

// bind compiles the next call: which template it calls with which values.
func (b *binder) bind(path, word, name, template string) {
	call := &b.t.Calls[b.next]
	_, args := b.args(b.next)
	b.s.call = int32(b.next)
	b.next++
	callee := call.Template
	if callee == nil {
		at := path + "." + word + "[" + name + "].template"
		if template == "" && !b.c.refused {
			b.c.problem(at, "there is none")
		} else if template != "" {
			b.c.problem(at, "no template %q%s", template, b.c.hint(template, b.c.templateNames()))
		}
		return
	}
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
				b.c.problem(path+"."+word+"["+name+"].arguments", "template %q needs the parameter %q", callee.Name, in.Name)
				continue
			}
			call.set(i, *in.Default)
			continue
		}
		given++
		if p.Value == nil { // said elsewhere, with why
			continue
		}
		if strings.Contains(string(*p.Value), "{{") || in.Enum != nil {
			at := path + "." + word + "[" + name + "].arguments.parameters[" + p.Name + "]"
			text := b.s.parse(at, string(*p.Value))
			b.c.permits(at, in, &text)
			call.set(i, text)
		} else {
			call.Inputs[i].Value = string(*p.Value)
		}
	}
	if given != len(args.Parameters) || len(args.Artifacts) > 0 || hasOddArgument(args) {
		b.c.strayArguments(path+"."+word+"["+name+"].arguments", callee, args)
	}
}

// set gives an input its text.
func (c *Call) set(i int, t Text) {
	c.Inputs[i].Value = t.Source
	if len(t.Refs) == 0 {
		return
	}
	if c.Texts == nil {
		c.Texts = make([]Text, len(c.Inputs))
	}
	c.Texts[i] = t
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
	if len(args.Artifacts) > 0 {
		c.unsupported(path+".artifacts", "artifacts")
	}
	seen := map[string]bool{}
	for i := range args.Parameters {
		p := &args.Parameters[i]
		at := path + ".parameters[" + p.Name + "]"
		switch {
		case seen[p.Name]:
			c.problem(at, "the parameter is given twice")
		case InputNamed(callee.Inputs, p.Name) == nil: // Argo accepts it; the Go builders do not
			c.warn(at, "template %q has no input %q%s", callee.Name, p.Name, c.hint(p.Name, inputNames(callee.Inputs)))
		case p.ValueFrom != nil:
			c.unsupported(at+".valueFrom", "valueFrom in an argument")
		case p.Value == nil:
			c.problem(at, "has no value")
		}
		seen[p.Name] = true
	}
}
