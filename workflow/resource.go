package workflow

import (
	"time"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// ResourceTemplate is a template that does something with a Kubernetes object. [Resource] makes one.
type ResourceTemplate struct {
	base
	r *spec.Resource
}

// Resource is a template that does something with a Kubernetes object. The action is get, create, apply, delete,
// replace or patch; the manifest is YAML or JSON, where a value belongs with [JSON], so that it cannot be more than a
// value. What it gives are fields of the object: [Output.JSONPath] and [Output.JQ].
func Resource(name, action, manifest string) *ResourceTemplate {
	t := &ResourceTemplate{r: &spec.Resource{Action: action, Manifest: manifest}}
	build.Leaf(&t.base, name).Resource = t.r
	return t
}

// Success sets when the node has succeeded: requirements of the object's fields, such as "status.succeeded > 0",
// with commas between. Without any it has succeeded once the action is done.
func (t *ResourceTemplate) Success(condition string) *ResourceTemplate {
	t.resource().SuccessCondition = condition
	return t
}

// Failure sets when the node has failed, as Success does.
func (t *ResourceTemplate) Failure(condition string) *ResourceTemplate {
	t.resource().FailureCondition = condition
	return t
}

// Owned lets the object be deleted with the run.
func (t *ResourceTemplate) Owned() *ResourceTemplate {
	t.resource().SetOwnerReference = true
	return t
}

// Inputs declares what the template takes.
func (t *ResourceTemplate) Inputs(in ...InputDecl) *ResourceTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the template gives.
func (t *ResourceTemplate) Outputs(out ...OutputDecl) *ResourceTemplate {
	build.Outputs(&t.base, out)
	return t
}

// Retry says when the template is tried again.
func (t *ResourceTemplate) Retry(r Retry) *ResourceTemplate {
	build.SetRetry(&t.base, r)
	return t
}

// Timeout bounds the time of a node.
func (t *ResourceTemplate) Timeout(d time.Duration) *ResourceTemplate {
	setTimeout(&t.base, d)
	return t
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (t *ResourceTemplate) Mutex(name string) *ResourceTemplate {
	build.AddMutex(&t.base, name)
	return t
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (t *ResourceTemplate) Semaphore(configMap, key string) *ResourceTemplate {
	build.AddSemaphore(&t.base, configMap, key)
	return t
}

// Metrics adds values that are measured when a node has ended. They are in [NodeStatus.Metrics].
func (t *ResourceTemplate) Metrics(m ...spec.Prometheus) *ResourceTemplate {
	build.AddMetrics(&t.base, m)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *ResourceTemplate) With(edit func(*spec.Template)) *ResourceTemplate {
	build.Edit(&t.base, edit)
	return t
}

// resource is the spec; one to throw away if no constructor made the template.
func (t *ResourceTemplate) resource() *spec.Resource {
	if t.r == nil {
		t.r = &spec.Resource{}
	}
	return t.r
}
