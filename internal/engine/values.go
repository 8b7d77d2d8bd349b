package engine

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// value is what a tag stands for in the template of a node: in the arguments of its calls and in its outputs.
func (m *machine) value(owner *node, r *plan.Ref) (string, bool) {
	switch r.Kind {
	case plan.RefRun:
		return m.vars.value(r)
	case plan.RefConst:
		return r.Name, true
	case plan.RefNodeName:
		name, _ := owner.names(m.run.Name)
		return name, true
	case plan.RefInput:
		return owner.inputs[r.Index].Value, true
	case plan.RefInputs:
		return parametersJSON(owner.inputs), true
	}
	n := owner.child(r.Call)
	if n == nil {
		return "", false
	}
	switch r.Kind {
	case plan.RefCallStatus:
		return string(phases[n.phase]), true
	case plan.RefCallField:
		return m.field(n, plan.Fields[r.Index])
	}
	if n.phase != succeeded {
		return "", false
	}
	i := n.known()
	switch r.Kind {
	case plan.RefCallOutput:
		return i.outputs[r.Index].Value, true
	case plan.RefCallOutputs:
		return parametersJSON(i.outputs), true
	default: // RefCallResult
		if i.result == nil {
			return "", false
		}
		return *i.result, true
	}
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
func (v runVars) value(r *plan.Ref) (string, bool) { text, ok := v[r.Name]; return text, ok }

func newRunVars(run *executor.Run, p *plan.Plan, args []executor.Value) runVars {
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
			v, _ = in.Default.Fill(vars.value)
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

func priority(w *spec.Workflow) string {
	if w.Spec.Priority == nil {
		return "0"
	}
	return strconv.Itoa(int(*w.Spec.Priority))
}

// Resolve is a run's workflow as its executor sees it: with its arguments filled in, and every tag replaced that
// stands outside of the templates, which are shared with the plan.
func Resolve(p *plan.Plan, run *executor.Run, args []executor.Value) *spec.Workflow {
	w := *p.Spec
	w.Name, w.UID = run.Name, types.UID(run.UID)
	templates := w.Spec.Templates
	w.Spec.Templates = nil
	w = *w.DeepCopy()
	run.Workflow = &w
	vars := newRunVars(run, p, args)
	p.Fields.Fill(&w.Spec, vars.value)
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
