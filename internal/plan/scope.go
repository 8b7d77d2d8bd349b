package plan

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/nearest"
)

// scope says what the tags at one place may refer to, and finds what they do.
type scope struct {
	c     *compiler
	t     *Template // nil: only what belongs to the workflow
	calls bool      // the tasks or steps of t
	body  bool      // t is a leaf and the place is its own text
	item  bool      // there is an item of a loop
	hook  bool      // it is about a hook of the call, which may speak of the call itself
	call  int32     // the call whose argument it is; len(t.Calls) for the outputs of t
	uses  []use     // of the tasks of a dag
	path  string
	roots []string // of a metric: the first words of the tags that only metrics have
}

// use is a reference from one call of a dag to another.
type use struct {
	user, used int32
	path, tag  string
}

// parse compiles a text that stands at path.
func (s *scope) parse(path, source string) Text {
	if !strings.Contains(source, "{{") {
		return Text{Source: source}
	}
	s.path = path
	return parseText(source, s.resolve, s.expression, func(wrong string) { s.c.problem(path, "%s", wrong) }, func(tag string) {
		if meant := meant(tag); meant != "" {
			s.c.warn(path, "{{%s}} is no tag of the language and stays as it is; did you mean {{%s}}?", tag, meant)
		}
	}, s.roots...)
}

// expressionAt compiles an expression that stands at path without braces. It is nil if there is something wrong.
func (s *scope) expressionAt(path, source string) *Expression {
	s.path = path
	e, wrong := s.expression(source)
	if wrong != "" {
		s.c.problem(path, "%s", wrong)
	}
	return e
}

// taggedExpression compiles an expression in which tags are replaced before it is one.
func (s *scope) taggedExpression(path, source string) *Expression {
	text := s.parse(path, source)
	if len(text.Refs) == 0 {
		return s.expressionAt(path, source)
	}
	guess, _ := text.Fill(func(*Ref) (string, error) { return "nil", nil })
	e := s.expressionAt(path, guess)
	if e != nil {
		e.Source, e.text = source, &text
	}
	return e
}

// expression compiles an expression and finds what its variables refer to.
func (s *scope) expression(source string) (*Expression, string) {
	p, err := expr.Compile(source)
	if err != nil {
		return nil, err.Error()
	}
	e := &Expression{Source: source, program: p, refs: map[string]*Ref{}}
	for _, chain := range p.Names() {
		if !roots[chain[0]] && !slices.Contains(s.roots, chain[0]) {
			return nil, fmt.Sprintf("no such variable: %q%s", chain[0], s.c.hint(chain[0], slices.Values(rootNames)))
		}
		tag := strings.Join(chain, ".")
		ref, wrong := s.resolve(tag)
		if wrong != "" {
			return nil, tag + ": " + wrong
		}
		if ref.Name == "" && ref.Kind != RefConst {
			ref.Name = tag
		}
		e.refs[tag] = &ref
	}
	return e, ""
}

// resolve finds what a tag refers to.
func (s *scope) resolve(tag string) (Ref, string) {
	root, rest, _ := strings.Cut(tag, ".")
	if s.roots != nil {
		return s.metric(tag, root, rest)
	}
	switch root {
	case "workflow":
		return s.workflow(tag, rest)
	case "inputs":
		return s.input(rest)
	case "tasks", "steps":
		return s.callRef(root, rest)
	case "outputs":
		return s.output(rest)
	case "node", "pod":
		if rest != "name" {
			return Ref{}, fmt.Sprintf("no such variable; did you mean \"%s.name\"?", root)
		}
		if root == "pod" {
			return Ref{Kind: RefPodName}, ""
		}
		return Ref{Kind: RefNodeName}, ""
	case "item":
		switch {
		case !s.item:
			return Ref{}, "there is no loop here: only the arguments, the condition and the hooks of a task or step with withItems, withParam or withSequence have an item"
		case rest == "":
			return Ref{Kind: RefItem}, ""
		}
		return Ref{Kind: RefItemField, Name: rest}, ""
	case "retries", "lastRetry":
		return s.retry(tag, rest)
	}
	return Ref{}, "is known only in the conditions of a CronWorkflow"
}

// RunVariables are the names of what RefRun tags may name, besides parameters, labels and annotations.
var RunVariables = []string{
	"workflow.name", "workflow.namespace", "workflow.uid", "workflow.mainEntrypoint", "workflow.serviceAccountName",
	"workflow.creationTimestamp", "workflow.creationTimestamp.RFC3339", "workflow.creationTimestamp.s",
	"workflow.parameters", "workflow.parameters.json", "workflow.labels", "workflow.labels.json",
	"workflow.annotations", "workflow.annotations.json", "workflow.priority", "workflow.scheduledTime",
}

func (s *scope) workflow(tag, rest string) (Ref, string) {
	if slices.Contains(RunVariables, tag) {
		return Ref{Kind: RefRun}, ""
	}
	group, name, _ := strings.Cut(rest, ".")
	w := &s.c.plan.Resolved
	switch group {
	case "parameters":
		if e := s.c.plan.Entry; argument(w.Spec.Arguments.Parameters, name, 0) == nil && (e == nil || InputNamed(e.Inputs, name) == nil) {
			return Ref{}, fmt.Sprintf("the workflow has no parameter %q%s", name, s.c.hint(name, inputNames(s.c.plan.Arguments)))
		}
		return Ref{Kind: RefRun}, ""
	case "labels":
		return s.known(name, w.Labels, "label")
	case "annotations":
		return s.known(name, w.Annotations, "annotation")
	case "outputs":
		return s.global(tag, name)
	case "status", "failures", "duration":
		if name == "" {
			return Ref{Kind: RefLate}, ""
		}
	case "creationTimestamp":
		if _, ok := expr.CreationTime(time.Time{}, name); ok {
			return Ref{Kind: RefRun}, ""
		}
	}
	return Ref{}, "no such variable" + s.c.hint(tag, slices.Values(RunVariables))
}

func (s *scope) known(name string, names map[string]string, what string) (Ref, string) {
	if _, ok := names[name]; !ok {
		return Ref{}, fmt.Sprintf("the workflow has no %s %q%s", what, name, s.c.hint(name, maps.Keys(names)))
	}
	return Ref{Kind: RefRun}, ""
}

func (s *scope) input(rest string) (Ref, string) {
	group, name, _ := strings.Cut(rest, ".")
	switch {
	case s.t == nil:
		return Ref{}, "there are no inputs here"
	case group == "artifacts":
		return s.artifact(s.t.Spec.Inputs.Artifacts, "inputs", name)
	case group != "parameters":
		return Ref{}, "no such variable; inputs have parameters and artifacts"
	case name == "":
		return Ref{Kind: RefInputs}, ""
	}
	for i := range s.t.Inputs {
		if s.t.Inputs[i].Name == name {
			return Ref{Kind: RefInput, Index: int32(i)}, ""
		}
	}
	return Ref{}, fmt.Sprintf("template %q declares no input %q%s", s.t.Name, name, s.c.hint(name, inputNames(s.t.Inputs)))
}

// output is the place where a leaf must leave an output.
func (s *scope) output(rest string) (Ref, string) {
	parts := strings.Split(rest, ".")
	if parts[0] == "artifacts" && s.body {
		return s.artifact(s.t.Spec.Outputs.Artifacts, "outputs", strings.TrimPrefix(rest, "artifacts."))
	}
	if !s.body || len(parts) != 3 || parts[0] != "parameters" || parts[2] != "path" {
		return Ref{}, "no such variable here; a container may use outputs.parameters.NAME.path"
	}
	for _, p := range s.t.Spec.Outputs.Parameters {
		if p.Name == parts[1] && p.ValueFrom != nil {
			return Ref{Kind: RefConst, Name: p.ValueFrom.Path}, ""
		}
	}
	return Ref{}, fmt.Sprintf("template %q declares no output %q%s", s.t.Name, parts[1], s.c.hint(parts[1], outputNames(s.t.Outputs)))
}

// callRef is a tag that names a task or step.
func (s *scope) callRef(root, rest string) (Ref, string) {
	name, what, _ := strings.Cut(rest, ".")
	switch {
	case rest == "name" && s.body:
		return Ref{Kind: RefCallName}, ""
	case rest == "name":
		return Ref{Kind: RefConst}, "" // it is empty where the call is written, as in Argo
	case !s.calls && root == "tasks":
		return Ref{}, "there are no tasks here: only the arguments of a dag's tasks and its outputs can refer to them; pass the value as an input"
	case !s.calls:
		return Ref{}, "there are no steps here: only the arguments of later steps and the outputs can refer to them; pass the value as an input"
	case s.t.Kind == DAG && root != "tasks", s.t.Kind == Steps && root != "steps":
		return Ref{}, fmt.Sprintf("template %q is a %v template", s.t.Name, s.t.Kind)
	}
	on, ok := s.t.names[name]
	if !ok {
		return Ref{}, fmt.Sprintf("no %s %q%s", strings.TrimSuffix(root, "s"), name, s.c.hint(name, s.t.callNames()))
	}
	if wrong := s.use(on, name, root+"."+rest); wrong != "" {
		return Ref{}, wrong
	}
	call := &s.t.Calls[on]
	if call.Template == nil { // said elsewhere
		return Ref{Kind: RefConst}, ""
	}
	return s.field(call, on, what)
}

// use checks that a call comes before the place that refers to it; for a dag that waits for its order.
func (s *scope) use(on int32, name, tag string) string {
	switch {
	case on == s.call && s.hook:
		return ""
	case on == s.call:
		return "refers to itself"
	case s.t.Kind == DAG:
		if int(s.call) < len(s.t.Calls) {
			s.uses = append(s.uses, use{s.call, on, s.path, tag})
		}
	case int(s.call) < len(s.t.Calls) && s.t.Group(on) >= s.t.Group(s.call):
		return fmt.Sprintf("step %q does not run before this one: it must be in an earlier group", name)
	}
	return ""
}

// field is what a tag says of a call.
func (s *scope) field(k *Call, on int32, what string) (Ref, string) {
	callee := k.Template
	switch {
	case what == "outputs.result":
		if !callee.Kind.hasResult() {
			return Ref{}, fmt.Sprintf("template %q is a %v template and has no standard output", callee.Name, callee.Kind)
		}
		k.WantResult, callee.UsesResult = true, true
		return Ref{Kind: RefCallResult, Call: on}, ""
	case what == "outputs.parameters":
		return Ref{Kind: RefCallOutputs, Call: on}, ""
	case strings.HasPrefix(what, "outputs.parameters."):
		name := strings.TrimPrefix(what, "outputs.parameters.")
		i := callee.Output(name)
		if i < 0 {
			return Ref{}, fmt.Sprintf("template %q has no output %q%s", callee.Name, name, s.c.hint(name, outputNames(callee.Outputs)))
		}
		return Ref{Kind: RefCallOutput, Call: on, Index: i}, ""
	case strings.HasPrefix(what, "outputs.artifacts."):
		return s.callArtifact(callee, strings.TrimPrefix(what, "outputs.artifacts."), on)
	case what == "status":
		return Ref{Kind: RefCallStatus, Call: on}, ""
	}
	if i := slices.Index(Fields, what); i >= 0 {
		return Ref{Kind: RefCallField, Call: on, Index: int32(i)}, ""
	}
	return Ref{}, "no such variable" + s.c.hint(what, slices.Values(append([]string{"status", "outputs.result"}, Fields...)))
}

// checkOrder checks that each task comes after those that its arguments refer to.
func (s *scope) checkOrder() {
	g := s.t.Graph
	var far []use
	for _, u := range s.uses {
		if !slices.Contains(g.Pred(u.user), u.used) {
			far = append(far, u)
		}
	}
	if len(far) == 0 {
		return
	}
	place := make([]int32, g.Len())
	for i, v := range g.Order() {
		place[v] = int32(i)
	}
	slices.SortStableFunc(far, func(a, b use) int { return int(a.used - b.used) })
	for len(far) > 0 {
		used, n, last := far[0].used, 0, int32(0)
		for ; n < len(far) && far[n].used == used; n++ {
			last = max(last, place[far[n].user])
		}
		after := g.reach(used, place, last)
		for _, u := range far[:n] {
			if !after[u.user] {
				s.c.problem(u.path, "{{%s}}: task %q does not run before this one: name it in the dependencies", u.tag, s.t.Calls[u.used].Name)
			}
		}
		far = far[n:]
	}
}

// callNames are the names of a template's calls.
func (t *Template) callNames() iter.Seq[string] {
	return nearest.Names(t.Calls, func(k *Call) string { return k.Name })
}

// retryFields are the fields of lastRetry.
var retryFields = []string{"exitCode", "status", "duration", "message"}

func (s *scope) retry(tag, rest string) (Ref, string) {
	switch {
	case !s.body:
		return Ref{}, "is known only inside of a template that may be run again"
	case tag == "retries", slices.Contains(retryFields, rest):
		return Ref{Kind: RefRetry}, ""
	}
	return Ref{}, "no such variable; lastRetry has " + strings.Join(retryFields, ", ")
}

// lateName is a global output that something refers to: whether a template gives it is known at the end.
type lateName struct {
	path, tag, name string
	artifact        bool
}

func (s *scope) global(tag, name string) (Ref, string) {
	kind, name, _ := strings.Cut(name, ".")
	switch {
	case kind == "artifacts" && name != "":
		s.c.late = append(s.c.late, lateName{s.path, tag, name, true})
		return Ref{Kind: RefGlobalArtifact}, ""
	case kind != "parameters":
		return Ref{}, "no such variable; workflow.outputs has parameters and artifacts"
	case name != "":
		s.c.late = append(s.c.late, lateName{s.path, tag, name, false})
	}
	return Ref{Kind: RefLate}, ""
}

// globals checks that some template gives each global output that something refers to.
func (c *compiler) globals() {
	if len(c.late) == 0 {
		return
	}
	parameters, artifacts := map[string]bool{}, map[string]bool{}
	for _, t := range c.plan.Templates {
		for i := range t.Outputs {
			parameters[t.Outputs[i].Global] = true
		}
		for i := range t.Spec.Outputs.Artifacts {
			artifacts[t.Spec.Outputs.Artifacts[i].GlobalName] = true
		}
	}
	delete(parameters, "")
	delete(artifacts, "")
	for _, l := range c.late {
		known, what := parameters, "output"
		if l.artifact {
			known, what = artifacts, "output artifact"
		}
		if !known[l.name] {
			c.problem(l.path, "{{%s}}: no template has an %s with the globalName %q%s", l.tag, what, l.name, c.hint(l.name, maps.Keys(known)))
		}
	}
}
