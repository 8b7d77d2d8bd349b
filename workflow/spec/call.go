package spec

import "k8s.io/apimachinery/pkg/util/intstr"

// TemplateRef names a template of a WorkflowTemplate.
type TemplateRef struct {
	// Name is the name of the object.
	Name string `json:"name,omitzero"`
	// Template is the name of the template in it.
	Template string `json:"template,omitzero"`
	// ClusterScope says that the object is a ClusterWorkflowTemplate.
	ClusterScope bool `json:"clusterScope,omitzero"`
}

// Sequence is a run of numbers: Count numbers from Start, or all from Start to End. Each may be a tag.
type Sequence struct {
	// Count is how many numbers. Not with End.
	Count *intstr.IntOrString `json:"count,omitzero"`
	// Start is the first number. Nil is 0.
	Start *intstr.IntOrString `json:"start,omitzero"`
	// End is the last number; if it is below Start the numbers go down. Not with Count.
	End *intstr.IntOrString `json:"end,omitzero"`
	// Format makes the item's text, as printf does: "node-%02d". Empty is "%d".
	Format string `json:"format,omitzero"`
}

// ContinueOn says after which bad ends the work around a task or step goes on.
type ContinueOn struct {
	// Error goes on after phase Error.
	Error bool `json:"error,omitzero"`
	// Failed goes on after phase Failed.
	Failed bool `json:"failed,omitzero"`
}

// ExitHook is the name of the hook that runs when the work has ended.
const ExitHook = "exit"

// LifecycleHook is a template that runs at some moment in the life of a workflow, task or step. One of Template and
// TemplateRef says which.
type LifecycleHook struct {
	// Template is the name of a template of this workflow.
	Template string `json:"template,omitzero"`
	// TemplateRef is a template of another object.
	TemplateRef *TemplateRef `json:"templateRef,omitzero"`
	// Arguments are for the template's inputs.
	Arguments Arguments `json:"arguments,omitzero"`
	// Expression is an expr expression; the hook runs once it is true. The hook "exit" needs none.
	Expression string `json:"expression,omitzero"`
}
