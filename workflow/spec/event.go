package spec

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkflowEventBinding starts a workflow when an event comes in.
type WorkflowEventBinding struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	// Spec says which event starts what.
	Spec WorkflowEventBindingSpec `json:"spec"`
}

// WorkflowEventBindingSpec says which event starts what.
type WorkflowEventBindingSpec struct {
	// Event chooses the events.
	Event Event `json:"event,omitzero"`
	// Submit is what starts.
	Submit *Submit `json:"submit,omitzero"`
}

// Event chooses events.
type Event struct {
	// Selector is an expr expression over `payload`, `metadata`, `namespace` and `discriminator`.
	Selector string `json:"selector,omitzero"`
}

// Submit is the workflow that an event starts.
type Submit struct {
	// WorkflowTemplateRef names it.
	WorkflowTemplateRef WorkflowTemplateRef `json:"workflowTemplateRef,omitzero"`
	// Arguments are for it; ValueFrom.Event takes them from the event.
	Arguments *Arguments `json:"arguments,omitzero"`
	// ObjectMeta is put on the new workflow: a name or a prefix, labels and annotations.
	metav1.ObjectMeta `json:"metadata,omitzero"`
}
