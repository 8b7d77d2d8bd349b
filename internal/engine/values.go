package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// place is where a text stands whose tags are to be replaced.
type place struct {
	owner *node      // whose template has the text; nil: what is outside of the templates
	item  *expr.Item // of the loop
	node  *node      // whose attempts retries and lastRetry speak of
	self  *node      // the node itself that its call's name means, in its hooks
	after bool       // node is the last attempt, and not the next one
}

// lookup gives the values of the references in a text.
func (m *machine) lookup(at place) plan.Lookup {
	return func(r *plan.Ref) (string, error) { return m.value(&at, r) }
}

// value is what a tag stands for.
func (m *machine) value(at *place, r *plan.Ref) (string, error) {
	v, ok := "", true
	switch r.Kind {
	case plan.RefRun:
		v, ok = m.vars.value(r)
	case plan.RefConst:
		v = r.Name
	case plan.RefExpr:
		return r.Expr.Text(m.lookup(*at))
	case plan.RefNodeName:
		if at.node != nil {
			v, _ = at.node.names(m.run.Name)
		} else {
			v, _ = at.owner.names(m.run.Name)
		}
	case plan.RefPodName:
		v, ok = at.node.known().podName, at.node.known().podName != ""
		if !ok {
			v, ok = m.podName(at.node), true
		}
	case plan.RefCallName:
		v = at.node.callName()
	case plan.RefArtifact, plan.RefCallArtifact, plan.RefGlobalArtifact:
		_, err := m.artifact(at, r)
		return r.Name, err
	case plan.RefInput:
		v = at.owner.inputs[r.Index].Value
	case plan.RefInputs:
		v = parametersJSON(at.owner.inputs)
	case plan.RefItem:
		if ok = at.item != nil; ok {
			v = at.item.Text()
		}
	case plan.RefItemField:
		if ok = at.item != nil; ok {
			v, ok = at.item.Field(r.Name)
		}
	case plan.RefRetry:
		v, ok = m.retryValue(at, r.Name)
	case plan.RefLate:
		if v, ok = m.late(r.Name); at.self == m.root && r.Name == "workflow.status" {
			v = string(phases[m.root.phase]) // hooks of the run follow it
		}
	default:
		v, ok = m.callValue(at, r)
	}
	if !ok {
		return "", &plan.NoValueError{Tag: r.Tag()}
	}
	return v, nil
}

// called is the node of a call that a tag names, or nil.
func (at *place) called(call int32) *node {
	if at.self != nil && at.self.call == call {
		return at.self
	}
	return at.owner.child(call)
}

// callValue is what a tag says of a task or step.
func (m *machine) callValue(at *place, r *plan.Ref) (string, bool) {
	n := at.called(r.Call)
	call := &at.owner.template.Calls[r.Call]
	switch r.Kind {
	case plan.RefCallStatus:
		if n == nil {
			return "", false
		}
		return string(phases[n.phase]), true
	case plan.RefCallField:
		if n == nil {
			return "", false
		}
		return m.field(n, plan.Fields[r.Index])
	case plan.RefCallOutput:
		if n != nil && n.form == formLoop {
			return expr.Parameters(n.gather(func(i *info) (string, bool) {
				if i.outputs == nil {
					return "", false
				}
				return i.outputs[r.Index].Value, true
			})), true
		}
		if n != nil && n.known().outputs != nil {
			return n.info.outputs[r.Index].Value, true
		}
		if d := call.Template.Outputs[r.Index].Default; d != nil && (n == nil || n.phase == skipped || n.phase == omitted) {
			return *d, true
		}
	case plan.RefCallOutputs:
		if n != nil && n.form == formLoop {
			return expr.Parameters(n.gather(func(i *info) (string, bool) { return outputsObject(i.outputs), i.outputs != nil })), true
		}
		if n != nil && (n.known().outputs != nil || n.phase == succeeded && len(n.template.Outputs) == 0) {
			return parametersJSON(n.known().outputs), true
		}
	default: // RefCallResult
		if n != nil && n.form == formLoop {
			return expr.Results(n.gather(func(i *info) (string, bool) { return deref(i.result) })), true
		}
		if n != nil && n.known().result != nil {
			return *n.info.result, true
		}
	}
	return "", false
}

func deref(s *string) (string, bool) {
	if s == nil {
		return "", false
	}
	return *s, true
}

// gather is the values of the nodes of a loop that succeeded.
func (n *node) gather(value func(*info) (string, bool)) (values []string) {
	for _, item := range n.frame.nodes {
		if item == nil || item.phase != succeeded {
			continue
		}
		if v, ok := value(item.known()); ok {
			values = append(values, v)
		}
	}
	return values
}

// outputsObject is output parameters as one JSON object.
func outputsObject(values []executor.Value) string {
	m := make(map[string]string, len(values))
	for _, v := range values {
		m[v.Name] = v.Value
	}
	return compactJSON(m)
}

// noValue says that an error is only that what a tag refers to has no value.
func noValue(err error) bool {
	_, none := errors.AsType[*plan.NoValueError](err)
	return none
}

// retryValue is retries and lastRetry.F. Before there is an attempt to speak of, the code is "0".
func (m *machine) retryValue(at *place, name string) (string, bool) {
	n := at.node
	if n == nil {
		return "", false
	}
	var last *node
	index := 0
	for a := n; a != nil; a = a.scope {
		if a.role == roleAttempt {
			index = int(a.part.index)
			if at.after {
				last = a
			} else if index > 0 {
				last = a.scope.frame.nodes[index-1]
			}
			break
		}
	}
	if name == "retries" {
		return strconv.Itoa(index), true
	}
	code, status, message, took := "0", "", "", int64(0)
	if at.after {
		code = "-1"
	}
	if last != nil {
		if c := last.known().exitCode; c != nil {
			code = strconv.Itoa(*c)
		} else {
			code = "-1"
		}
		status, message, took = string(phases[last.phase]), last.message(), (last.finished-last.started)/int64(time.Second)
	}
	switch name {
	case "lastRetry.exitCode":
		return code, true
	case "lastRetry.status":
		return status, true
	case "lastRetry.message":
		return message, true
	default: // lastRetry.duration
		return strconv.FormatInt(took, 10), true
	}
}

// leafOutputs are the values that a leaf left, in the order of the template's outputs. The run sees those that are global.
func (m *machine) leafOutputs(n *node, res *executor.Result) ([]executor.Value, error) {
	values, err := m.leafValues(n, res)
	if err == nil {
		m.publishAll(n.template, values)
	}
	return values, err
}

func (m *machine) leafValues(n *node, res *executor.Result) (values []executor.Value, err error) {
	t := n.template
	values = make([]executor.Value, len(t.Outputs))
	for i := range t.Outputs {
		o := &t.Outputs[i]
		v, ok := "", false
		for j := range res.Outputs {
			if res.Outputs[j].Name == o.Name {
				v, ok = res.Outputs[j].Value, true
			}
		}
		switch {
		case ok:
		case o.Expression != nil:
			if v, err = o.Expression.Text(m.lookup(place{owner: n, node: n})); err != nil {
				return nil, fmt.Errorf("outputs.parameters.%s: %w", o.Name, err)
			}
		case o.Default != nil:
			v = *o.Default
		default:
			return nil, fmt.Errorf("outputs.parameters.%s: it left no value, and there is no default", o.Name)
		}
		values[i] = executor.Value{Name: o.Name, Value: v}
	}
	return values, nil
}

// bodyOutputs are the values that a dag or steps template gives.
func (m *machine) bodyOutputs(n *node) ([]executor.Value, error) {
	lookup := m.lookup(place{owner: n})
	values := make([]executor.Value, len(n.template.Outputs))
	for i := range n.template.Outputs {
		o := &n.template.Outputs[i]
		var v string
		var err error
		if o.Expression != nil {
			v, err = o.Expression.Text(lookup)
		} else {
			v, err = o.From.Fill(lookup)
		}
		if err != nil {
			if o.Default == nil {
				return nil, fmt.Errorf("outputs.parameters.%s: %w", o.Name, err)
			}
			v = *o.Default
		}
		values[i] = executor.Value{Name: o.Name, Value: v}
	}
	m.publishAll(n.template, values)
	return values, nil
}

// globals are the outputs that the whole run sees, by their global names.
type globals map[string]string

// publishAll makes known to the whole run what a template gives under a global name.
func (m *machine) publishAll(t *plan.Template, values []executor.Value) {
	for i := range t.Outputs {
		if g := t.Outputs[i].Global; g != "" {
			if m.globals == nil {
				m.globals = globals{}
			}
			m.globals[g] = values[i].Value
		}
	}
}

// late is a variable of the run that changes while it runs.
func (m *machine) late(name string) (string, bool) {
	switch name {
	case "workflow.status":
		if !m.root.phase.ended() { // Argo knows it in exit handlers only
			return "", true
		}
		return string(phases[m.root.phase]), true
	case "workflow.failures":
		return m.failures(), true
	case "workflow.duration":
		return strconv.FormatFloat(float64(m.now-m.root.started)/float64(time.Second), 'f', 6, 64), true
	case "workflow.outputs.parameters":
		var all []executor.Value
		for _, name := range slices.Sorted(maps.Keys(m.globals)) {
			all = append(all, executor.Value{Name: name, Value: m.globals[name]})
		}
		return parametersJSON(all), true
	}
	v, ok := m.globals[strings.TrimPrefix(name, "workflow.outputs.parameters.")]
	return v, ok
}

// failures are the leaves that went wrong, as a JSON list that is quoted as one JSON string, as Argo gives it.
func (m *machine) failures() string {
	type failure struct {
		DisplayName  string `json:"displayName"`
		Message      string `json:"message"`
		TemplateName string `json:"templateName"`
		Phase        string `json:"phase"`
		PodName      string `json:"podName"`
		FinishedAt   string `json:"finishedAt"`
	}
	var list []failure
	for n := range m.nodes.all() {
		if !n.phase.bad() || n.template == nil || n.form != formBody || !n.template.Kind.Leaf() {
			continue
		}
		list = append(list, failure{
			m.displayName(n), n.message(), n.template.Name, string(phases[n.phase]), n.known().podName, timestamp(n.finished),
		})
	}
	return compactJSON(compactJSON(list))
}

// podName is the name of the Pod of a node, or that which Argo would give it.
func (m *machine) podName(n *node) string {
	if m.named != nil {
		return m.named(&executor.Task{ID: m.attemptID(n, n.attempt), Run: m.run, TemplateName: n.template.Name})
	}
	name, _ := n.names(m.run.Name)
	prefix := m.run.Name + "-" + n.template.Name
	return prefix[:min(len(prefix), 253-11)] + "-" + strconv.FormatUint(uint64(fnv32a(fnvBasis, []byte(name))), 10)
}

// child is the node of a call of the node's template, or nil.
func (n *node) child(call int32) *node {
	if n.template.Kind == plan.DAG {
		return n.frame.nodes[call]
	}
	g := n.frame.nodes[n.template.Group(call)]
	if g == nil {
		return nil
	}
	return g.frame.nodes[call-n.template.Begin(g.call)]
}

func (m *machine) field(n *node, field string) (string, bool) {
	i := n.known()
	switch field {
	case "id":
		return m.id(n), true
	case "ip":
		return i.podIP, i.podIP != ""
	case "hostNodeName":
		return i.hostNode, i.hostNode != ""
	case "exitCode":
		if i.exitCode == nil {
			return "", false
		}
		return strconv.Itoa(*i.exitCode), true
	case "startedAt":
		return timestamp(n.started), true
	default: // finishedAt
		return timestamp(n.finished), n.finished != 0
	}
}

func timestamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }

// parametersJSON is parameters as Argo writes them all at once.
func parametersJSON(values []executor.Value) string {
	type parameter struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]parameter, len(values))
	for i, v := range values {
		list[i] = parameter(v)
	}
	return compactJSON(list)
}

// jsonEscape is a text as it stands inside of the quotes of a JSON string.
func jsonEscape(text string) string {
	quoted := compactJSON(text)
	return quoted[1 : len(quoted)-1]
}

// compactJSON is the value as JSON, with <, > and & as they are.
func compactJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // maps and structs of strings always encode
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// runVars are the values of the variables that belong to the run and do not change, by name.
type runVars map[string]string

// value is what a plan.RefRun tag stands for.
func (v runVars) value(r *plan.Ref) (string, bool) {
	if text, ok := v[r.Name]; ok {
		return text, true
	}
	letter, ok := strings.CutPrefix(r.Name, "workflow.creationTimestamp.")
	if !ok {
		return "", false
	}
	created, err := time.Parse(time.RFC3339Nano, v[createdExactly])
	if err != nil {
		return "", false
	}
	return expr.CreationTime(created, letter)
}

// createdExactly is the name of the time that the parts of workflow.creationTimestamp are made of.
const createdExactly = "created"

// lookup gives the values of what does not change.
func (v runVars) lookup(r *plan.Ref) (string, error) {
	switch r.Kind {
	case plan.RefRun:
		if text, ok := v.value(r); ok {
			return text, nil
		}
	case plan.RefExpr:
		return r.Expr.Text(v.lookup)
	case plan.RefConst:
		return r.Name, nil
	}
	return "", &plan.NoValueError{Tag: r.Tag()}
}

// Lookup gives the values of what belongs to a run and does not change, but for those of ConfigMaps.
func Lookup(p *plan.Plan, run *executor.Run, args []executor.Value) plan.Lookup {
	return newRunVars(run, p, args, nil).lookup
}

func newRunVars(run *executor.Run, p *plan.Plan, args, config []executor.Value) runVars {
	w := run.Workflow
	vars := runVars{
		"workflow.name":                      run.Name,
		"workflow.namespace":                 w.Namespace,
		"workflow.uid":                       run.UID,
		"workflow.mainEntrypoint":            w.Spec.Entrypoint,
		"workflow.serviceAccountName":        w.Spec.ServiceAccountName,
		"workflow.creationTimestamp":         run.Created.UTC().Format(time.RFC3339),
		"workflow.creationTimestamp.RFC3339": run.Created.UTC().Format(time.RFC3339),
		"workflow.creationTimestamp.s":       strconv.FormatInt(run.Created.Unix(), 10),
		"workflow.labels":                    compactJSON(w.Labels),
		"workflow.labels.json":               compactJSON(w.Labels),
		"workflow.annotations":               compactJSON(w.Annotations),
		"workflow.annotations.json":          compactJSON(w.Annotations),
		"workflow.priority":                  priority(w),
	}
	if at, ok := w.Annotations[ScheduledTime]; ok {
		vars["workflow.scheduledTime"] = at
	}
	for _, c := range config {
		vars[c.Name] = c.Value
	}
	vars[createdExactly] = run.Created.UTC().Format(time.RFC3339Nano)
	for k, v := range w.Labels {
		vars["workflow.labels."+k] = v
	}
	for k, v := range w.Annotations {
		vars["workflow.annotations."+k] = v
	}
	given := make(map[string]string, len(args))
	for _, a := range args {
		given[a.Name] = a.Value
	}
	var all []executor.Value
	for i := range p.Arguments {
		in := &p.Arguments[i]
		v, ok := given[in.Name]
		if !ok {
			if in.Default == nil {
				continue
			}
			v, _ = in.Default.Fill(vars.lookup) // what has no value is empty
		}
		vars["workflow.parameters."+in.Name] = v
		all = append(all, executor.Value{Name: in.Name, Value: v})
	}
	for _, a := range args { // what only the entry template declares
		if _, ok := vars["workflow.parameters."+a.Name]; !ok {
			vars["workflow.parameters."+a.Name] = a.Value
			all = append(all, a)
		}
	}
	vars["workflow.parameters"] = parametersJSON(all)
	vars["workflow.parameters.json"] = vars["workflow.parameters"]
	return vars
}

// added is m with more in it. m is changed, unless it is nil.
func added(m, more map[string]string) map[string]string {
	if m == nil {
		return more
	}
	maps.Copy(m, more)
	return m
}

// ScheduledTime is the annotation that says for which time a schedule started a run.
const ScheduledTime = "workflows.argoproj.io/scheduled-time"

func priority(w *spec.Workflow) string {
	if w.Spec.Priority == nil {
		return "0"
	}
	return strconv.Itoa(int(*w.Spec.Priority))
}

// Resolve is a run's workflow as its executor sees it: with its arguments filled in, and every tag replaced that
// stands outside of the templates, which are shared with the plan.
func Resolve(p *plan.Plan, run *executor.Run, args, config []executor.Value, labels, annotations map[string]string) *spec.Workflow {
	w := p.Resolved
	w.Name, w.UID = run.Name, types.UID(run.UID)
	templates := w.Spec.Templates
	w.Spec.Templates = nil
	w = *w.DeepCopy()
	w.Labels, w.Annotations = added(w.Labels, labels), added(w.Annotations, annotations)
	run.Workflow = &w
	vars := newRunVars(run, p, args, config)
	_ = p.Fields.Fill(&w.Spec, vars.lookup) // the plan has seen that each has a value
	w.Spec.Templates = templates
	for i := range p.Arguments {
		value := spec.AnyString(vars["workflow.parameters."+p.Arguments[i].Name])
		w.Spec.Arguments.Parameters[i].Value = &value
	}
	for _, a := range args {
		if plan.InputNamed(p.Arguments, a.Name) == nil {
			value := spec.AnyString(a.Value)
			w.Spec.Arguments.Parameters = append(w.Spec.Arguments.Parameters, spec.Parameter{Name: a.Name, Value: &value})
		}
	}
	return &w
}
