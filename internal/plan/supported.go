package plan

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// The language grows towards all of Argo's. What a workflow says and this version does not act on is refused by name
// when it would change what the workflow does, and is a warning when it would not.

// workflowFields are the fields of a workflow's spec that the plan, the engine or the executors act on.
var workflowFields = fieldSet[spec.WorkflowSpec](
	"Entrypoint", "Arguments", "Templates",
	// the Pods'
	"ServiceAccountName", "AutomountServiceAccountToken", "Volumes", "ImagePullSecrets", "NodeSelector", "Affinity",
	"Tolerations", "SecurityContext", "HostAliases", "HostNetwork", "DNSPolicy", "DNSConfig", "SchedulerName",
	"PodPriorityClassName", "PodMetadata",
)

// workflowHints are those that change nothing of what the workflow does.
var workflowHints = fieldSet[spec.WorkflowSpec](
	"TTLStrategy", "ArchiveLogs", "Executor", "WorkflowMetadata", "Priority", "ArtifactGC", "ArtifactRepositoryRef", "PodGC",
)

// templateFields are the fields of a template that something acts on.
var templateFields = fieldSet[spec.Template](
	"Name", "Inputs", "Outputs", "Container", "Script", "DAG", "Steps", "Plugin",
	// the Pod's
	"ServiceAccountName", "AutomountServiceAccountToken", "Volumes", "InitContainers", "Sidecars", "NodeSelector",
	"Affinity", "Tolerations", "SecurityContext", "HostAliases", "SchedulerName", "PriorityClassName", "Metadata",
	"ActiveDeadlineSeconds",
)

var templateHints = fieldSet[spec.Template]("Executor", "ArchiveLocation", "Annotations")

// kindFields are the fields of a template that say its kind, where that kind is still to come.
var kindFields = []string{"ContainerSet", "Resource", "Suspend", "HTTP", "Data", "Plugin"}

// fieldSet is the numbers of some fields of T. A name that T lacks is a mistake of this file.
func fieldSet[T any](names ...string) []bool {
	t := reflect.TypeFor[T]()
	set := make([]bool, t.NumField())
	for _, n := range names {
		f, ok := t.FieldByName(n)
		if !ok {
			panic("plan: " + t.String() + " has no field " + n)
		}
		set[f.Index[0]] = true
	}
	return set
}

func (c *compiler) unsupported(path, what string) {
	c.refused = true
	c.problem(path, "%s: not supported yet", what)
}

func (c *compiler) supportedWorkflow(w *spec.Workflow) {
	if len(w.Spec.Arguments.Artifacts) > 0 {
		c.unsupported("arguments.artifacts", "artifacts")
	}
	c.supportedFields("spec", reflect.ValueOf(&w.Spec).Elem(), workflowFields, workflowHints)
}

func (c *compiler) supportedTemplate(path string, t *spec.Template) {
	if len(t.Inputs.Artifacts) > 0 {
		c.unsupported(path+".inputs.artifacts", "artifacts")
	}
	if len(t.Outputs.Artifacts) > 0 {
		c.unsupported(path+".outputs.artifacts", "artifacts")
	}
	if t.DAG != nil && t.DAG.FailFast != nil && !*t.DAG.FailFast {
		c.unsupported(path+".dag.failFast", "failFast")
	}
	c.supportedFields(path, reflect.ValueOf(t).Elem(), templateFields, templateHints)
}

// supportedFields refuses the fields that are set and nothing acts on.
func (c *compiler) supportedFields(path string, v reflect.Value, acted, hints []bool) {
	for i := range v.NumField() {
		if acted[i] || v.Field(i).IsZero() {
			continue
		}
		name := jsonName(v.Type().Field(i))
		if hints[i] {
			c.warn(path+"."+name, "nothing acts on %s", name)
		} else {
			c.unsupported(path+"."+name, name)
		}
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// unsupportedKinds are the kinds of a template that are still to come.
func unsupportedKinds(t *spec.Template) []string {
	var kinds []string
	v := reflect.ValueOf(t).Elem()
	_, isFunc := FuncName(t)
	for _, name := range kindFields {
		if isFunc && name == "Plugin" {
			continue
		}
		f, _ := v.Type().FieldByName(name)
		if !v.FieldByIndex(f.Index).IsZero() {
			kinds = append(kinds, jsonName(f))
		}
	}
	return kinds
}

// supportedTask refuses what a task says and nothing acts on. There may be very many tasks, so it looks closer only
// where there is something.
func (c *compiler) supportedTask(path string, k *spec.Task) {
	if k.TemplateRef == nil && k.Inline == nil && k.When == "" && k.WithItems == nil &&
		k.WithParam == "" && k.WithSequence == nil && k.ContinueOn == nil && k.Hooks == nil &&
		//lint:ignore SA1019 what is refused includes what is deprecated
		k.OnExit == "" {
		return
	}
	plain := spec.Task{Name: k.Name, Template: k.Template, Arguments: k.Arguments, Dependencies: k.Dependencies, Depends: k.Depends}
	c.supportedCall(path+".tasks["+k.Name+"]", k, &plain)
}

// supportedStep is supportedTask for a step.
func (c *compiler) supportedStep(path string, k *spec.Step) {
	if k.TemplateRef == nil && k.Inline == nil && k.When == "" && k.WithItems == nil && k.WithParam == "" &&
		k.WithSequence == nil && k.ContinueOn == nil && k.Hooks == nil &&
		//lint:ignore SA1019 what is refused includes what is deprecated
		k.OnExit == "" {
		return
	}
	plain := spec.Step{Name: k.Name, Template: k.Template, Arguments: k.Arguments}
	c.supportedCall(path+".steps["+k.Name+"]", k, &plain)
}

// supportedCall refuses the fields that are set in a task or step and not in what is left of it when it is plain.
func (c *compiler) supportedCall(path string, k, plain any) {
	v, p := reflect.ValueOf(k).Elem(), reflect.ValueOf(plain).Elem()
	for i := range v.NumField() {
		if p.Field(i).IsZero() && !v.Field(i).IsZero() {
			name := jsonName(v.Type().Field(i))
			c.unsupported(path+"."+name, name)
		}
	}
}

func (c *compiler) supportedInput(path string, p *spec.Parameter) {
	if p.ValueFrom != nil {
		c.unsupported(path+".valueFrom", "valueFrom of an input")
	}
	if p.GlobalName != "" {
		c.unsupported(path+".globalName", "globalName")
	}
}

// supportedOutput checks where the value of an output comes from.
func (c *compiler) supportedOutput(path string, k Kind, p *spec.Parameter) {
	if p.GlobalName != "" {
		c.unsupported(path+".globalName", "globalName")
	}
	if p.Value != nil {
		c.problem(path+".value", "an output's value comes from a file or from a task: use valueFrom")
	}
	from := spec.ValueFrom{}
	if p.ValueFrom != nil {
		from = *p.ValueFrom
	}
	file, parameter := from.Path, from.Parameter
	from.Path, from.Parameter, from.Default = "", "", nil
	v := reflect.ValueOf(from)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			name := jsonName(v.Type().Field(i))
			c.unsupported(path+".valueFrom."+name, name)
		}
	}
	switch {
	case k == Func || c.refused:
	case k.Leaf() && file == "":
		c.problem(path+".valueFrom.path", "there is none: it is the file in which the container leaves the value")
	case !k.Leaf() && parameter == "":
		c.problem(path+".valueFrom.parameter", "there is none: it is what a task or step gave, such as {{%s.NAME.outputs.parameters.%s}}", map[Kind]string{DAG: "tasks", Steps: "steps"}[k], p.Name)
	}
}

// funcPlugin is the plugin whose configuration names a Go function, in Argo's form for what it does not know itself:
//
//	plugin: {podflow: {func: NAME}}
const funcPlugin = "podflow"

type funcConfig struct {
	Func string `json:"func"`
}

// FuncName is the name of the Go function that a template calls, if it does.
func FuncName(t *spec.Template) (string, bool) {
	raw, ok := t.Plugin[funcPlugin]
	if !ok {
		return "", false
	}
	var c funcConfig
	err := json.Unmarshal(raw, &c)
	return c.Func, err == nil
}

// FuncPlugin is the plugin field of a template that calls a Go function.
func FuncPlugin(name string) spec.Plugin {
	raw, _ := json.Marshal(funcConfig{name}) // a string always encodes
	return spec.Plugin{funcPlugin: raw}
}
