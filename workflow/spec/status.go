package spec

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkflowStatus is how far Argo's controller came with a workflow.
type WorkflowStatus struct {
	// Phase is the phase of the workflow. Empty is not begun.
	Phase Phase `json:"phase,omitzero"`
	// Message says why it is so.
	Message string `json:"message,omitzero"`
}

// Condition is something that is true, false or unknown of a workflow.
type Condition struct {
	// Type is what: Completed, PodRunning, SpecWarning, SpecError, MetricsError, ArtifactGCError, SubmissionError.
	Type string `json:"type,omitzero"`
	// Status is True, False or Unknown.
	Status metav1.ConditionStatus `json:"status,omitzero"`
	// Message is for people.
	Message string `json:"message,omitzero"`
}
