package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// The language grows towards all of Argo's. What a workflow says and this version does not act on is refused by name
// when it would change what the workflow does, and is a warning when it would not.

// workflowFields are the fields of a workflow's spec that the plan, the engine or the executors act on.
var workflowFields = fieldSet[spec.WorkflowSpec](
	"Entrypoint", "Arguments", "Templates", "TemplateDefaults", "WorkflowTemplateRef",
	"OnExit", "Hooks", "Suspend", "ActiveDeadlineSeconds", "Parallelism", "RetryStrategy",
	"Synchronization", "Priority", "Metrics", "ArtifactGC", "ArtifactRepositoryRef",
	// the Pods'
	"ServiceAccountName", "AutomountServiceAccountToken", "Volumes", "ImagePullSecrets", "NodeSelector", "Affinity",
	"Tolerations", "SecurityContext", "HostAliases", "HostNetwork", "DNSPolicy", "DNSConfig", "SchedulerName",
	"PodPriorityClassName", "PodMetadata", "PodSpecPatch", "PodResources", "ResourceClaims", "VolumeClaimTemplates",
	"VolumeClaimGC", "PodDisruptionBudget",
)

// workflowHints are those that change nothing of what the workflow does.
var workflowHints = fieldSet[spec.WorkflowSpec](
	"TTLStrategy", "ArchiveLogs", "Executor", "ExecutorPlugins", "WorkflowMetadata", "PodGC",
)

// templateFields are the fields of a template that something acts on.
var templateFields = fieldSet[spec.Template](
	"Name", "Inputs", "Outputs", "Container", "Script", "ContainerSet", "Resource", "HTTP", "Data", "Plugin", "Suspend",
	"DAG", "Steps",
	"RetryStrategy", "Timeout", "PendingTimeout", "Parallelism", "FailFast", "Daemon",
	"Synchronization", "Memoize", "Metrics", "ArchiveLocation",
	// the Pod's
	"ServiceAccountName", "AutomountServiceAccountToken", "Volumes", "InitContainers", "Sidecars", "NodeSelector",
	"Affinity", "Tolerations", "SecurityContext", "HostAliases", "SchedulerName", "PriorityClassName", "Metadata",
	"ActiveDeadlineSeconds", "PodSpecPatch", "PodResources", "ResourceClaims",
)

var templateHints = fieldSet[spec.Template]("Executor", "Annotations")

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
	c.supportedFields("spec", reflect.ValueOf(&w.Spec).Elem(), workflowFields, workflowHints)
}

func (c *compiler) supportedTemplate(path string, t *spec.Template) {
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

// supportedOutput checks where the value of an output comes from.
func (c *compiler) supportedOutput(path string, k Kind, p *spec.Parameter) {
	if p.Value != nil {
		c.problem(path+".value", "an output's value comes from a file or from a task: use valueFrom")
	}
	from := spec.ValueFrom{}
	if p.ValueFrom != nil {
		from = *p.ValueFrom
	}
	if from.Event != "" || from.ConfigMapKeyRef != nil {
		c.problem(path+".valueFrom", "an output's value comes from path, parameter, expression, jsonPath, jqFilter or supplied")
	}
	need := func(kind string, ok bool) {
		if !ok && from.Expression == "" {
			c.problem(path+".valueFrom", "has no %s", kind)
		}
	}
	switch k {
	case Container, Script, ContainerSet:
		need("path: it is the file in which the container leaves the value", from.Path != "")
	case DAG, Steps:
		need(fmt.Sprintf("parameter: it is what a task or step gave, such as {{%s.NAME.outputs.parameters.%s}}", map[Kind]string{DAG: "tasks", Steps: "steps"}[k], p.Name), from.Parameter != "")
	case Suspend:
		need("supplied: a suspension's outputs are given by who resumes it", from.Supplied != nil)
	case HTTP:
		need("expression: a request gives nothing by itself but its result", false)
	case Resource:
		need("jsonPath or jqFilter: it is what to take from the object", from.JSONPath != "" || from.JQFilter != "")
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
