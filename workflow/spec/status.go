package spec

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowStatus is how far Argo's controller came with a workflow.
type WorkflowStatus struct {
	// Phase is the phase of the workflow. Empty is not begun.
	Phase Phase `json:"phase,omitzero"`
	// Message says why it is so.
	Message string `json:"message,omitzero"`
	// StartedAt is when it began.
	StartedAt metav1.Time `json:"startedAt,omitzero"`
	// FinishedAt is when it ended. Zero is not yet.
	FinishedAt metav1.Time `json:"finishedAt,omitzero"`
	// EstimatedDuration is how many seconds it may take, from earlier runs. 0 is not known.
	EstimatedDuration int64 `json:"estimatedDuration,omitzero"`
	// Progress is how many of its Pods have ended, as "3/5".
	Progress string `json:"progress,omitzero"`
	// ResourcesDuration is how many seconds it had of each resource.
	ResourcesDuration map[corev1.ResourceName]int64 `json:"resourcesDuration,omitzero"`
	// Conditions tell about trouble, and whether it has ended.
	Conditions []Condition `json:"conditions,omitzero"`
	// Outputs are those with a global name.
	Outputs *Outputs `json:"outputs,omitzero"`

	// Nodes are the nodes by ID.
	Nodes map[string]NodeStatus `json:"nodes,omitzero"`
	// CompressedNodes are the nodes if they are many: base64 of gzip of JSON.
	CompressedNodes string `json:"compressedNodes,omitzero"`
	// OffloadNodeStatusVersion says that the nodes are in a database, and which version of them.
	OffloadNodeStatusVersion string `json:"offloadNodeStatusVersion,omitzero"`
	// StoredTemplates are the templates that came from other objects, by scope, object and name.
	StoredTemplates map[string]Template `json:"storedTemplates,omitzero"`
	// StoredTemplateSpecs says that the templates are in a database.
	StoredTemplateSpecs *TemplateSpecReference `json:"storedTemplateSpecs,omitzero"`
	// StoredWorkflowSpec is the spec that runs, if it came from WorkflowTemplateRef.
	StoredWorkflowSpec *WorkflowSpec `json:"storedWorkflowTemplateSpec,omitzero"`
	// PersistentVolumeClaims are the claims that were made for it.
	PersistentVolumeClaims []corev1.Volume `json:"persistentVolumeClaims,omitzero"`
	// Synchronization is the locks that it holds and waits for.
	Synchronization *SynchronizationStatus `json:"synchronization,omitzero"`
	// ArtifactRepositoryRef is the artifact repository in use.
	ArtifactRepositoryRef *ArtifactRepositoryRefStatus `json:"artifactRepositoryRef,omitzero"`
	// ArtifactGCStatus is which artifacts were deleted.
	ArtifactGCStatus *ArtGCStatus `json:"artifactGCStatus,omitzero"`
	// TaskResultsCompletionStatus says for each node ID whether all of its outputs have come in.
	TaskResultsCompletionStatus map[string]bool `json:"taskResultsCompletionStatus,omitzero"`
}

// NodeStatus is how far one node is.
type NodeStatus struct {
	// ID is a hash of the name.
	ID string `json:"id,omitzero"`
	// Name is unique in the workflow: the path from its root, as "diamond.A(0)".
	Name string `json:"name,omitzero"`
	// DisplayName is the last part of the name.
	DisplayName string `json:"displayName,omitzero"`
	// Type is what kind of node it is.
	Type NodeType `json:"type,omitzero"`
	// TemplateName is its template, if it is in the workflow.
	TemplateName string `json:"templateName,omitzero"`
	// TemplateRef is its template, if it is in another object.
	TemplateRef *TemplateRef `json:"templateRef,omitzero"`
	// TemplateScope is where TemplateName is looked up, as "namespaced/<name>" or "cluster/<name>".
	TemplateScope string `json:"templateScope,omitzero"`

	// Phase is how far it is.
	Phase Phase `json:"phase,omitzero"`
	// Message says why it is so.
	Message string `json:"message,omitzero"`
	// StartedAt is when it began.
	StartedAt metav1.Time `json:"startedAt,omitzero"`
	// FinishedAt is when it ended. Zero is not yet.
	FinishedAt metav1.Time `json:"finishedAt,omitzero"`
	// EstimatedDuration is how many seconds it may take, from earlier runs. 0 is not known.
	EstimatedDuration int64 `json:"estimatedDuration,omitzero"`
	// Progress is how many of its Pods have ended, as "3/5", or what the program told of itself.
	Progress string `json:"progress,omitzero"`
	// ResourcesDuration is how many seconds it had of each resource.
	ResourcesDuration map[corev1.ResourceName]int64 `json:"resourcesDuration,omitzero"`
	// PodIP is the address of a daemon's Pod.
	PodIP string `json:"podIP,omitzero"`
	// HostNodeName is the machine that it runs on.
	HostNodeName string `json:"hostNodeName,omitzero"`
	// Daemoned says that it is a daemon that still has to be ended.
	Daemoned *bool `json:"daemoned,omitzero"`
	// NodeFlag says what made it.
	NodeFlag *NodeFlag `json:"nodeFlag,omitzero"`

	// Inputs are the values that it got.
	Inputs *Inputs `json:"inputs,omitzero"`
	// Outputs are what it made.
	Outputs *Outputs `json:"outputs,omitzero"`
	// BoundaryID is the node of the DAG or steps template that it is in.
	BoundaryID string `json:"boundaryID,omitzero"`
	// Children are the IDs of the nodes after it or in it.
	Children []string `json:"children,omitzero"`
	// OutboundNodes are the IDs of the last nodes in it, which what comes after it hangs on.
	OutboundNodes []string `json:"outboundNodes,omitzero"`
	// MemoizationStatus is set for a memoized node.
	MemoizationStatus *MemoizationStatus `json:"memoizationStatus,omitzero"`
	// SynchronizationStatus is the lock that it waits for.
	SynchronizationStatus *NodeSynchronizationStatus `json:"synchronizationStatus,omitzero"`
	// TaskResultSynced says whether all of its outputs have come in.
	TaskResultSynced *bool `json:"taskResultSynced,omitzero"`
	// FailedPodRestarts is how many times its Pod was made anew because it was lost before the main container began.
	FailedPodRestarts int32 `json:"failedPodRestarts,omitzero"`
	// RestartingPodUID is the Pod that is being made anew.
	RestartingPodUID string `json:"restartingPodUID,omitzero"`
}

// NodeFlag says what made a node.
type NodeFlag struct {
	// Hooked is a hook or an exit handler.
	Hooked bool `json:"hooked,omitzero"`
	// Retried is a retry strategy.
	Retried bool `json:"retried,omitzero"`
}

// MemoizationStatus is where a memoized node's outputs are.
type MemoizationStatus struct {
	// Hit says that they were there, so that nothing ran.
	Hit bool `json:"hit,omitzero"`
	// Key is their key.
	Key string `json:"key,omitzero"`
	// CacheName is the ConfigMap that they are in.
	CacheName string `json:"cacheName,omitzero"`
}

// Condition is something that is true, false or unknown.
type Condition struct {
	// Type is what.
	Type ConditionType `json:"type,omitzero"`
	// Status is True, False or Unknown.
	Status metav1.ConditionStatus `json:"status,omitzero"`
	// Message is for people.
	Message string `json:"message,omitzero"`
}

// ConditionType is what a condition is about.
type ConditionType string

// The types of conditions.
const (
	// ConditionCompleted is that the workflow has ended.
	ConditionCompleted ConditionType = "Completed"
	// ConditionPodRunning is that a Pod of it runs.
	ConditionPodRunning ConditionType = "PodRunning"
	// ConditionSpecWarning is something doubtful in the spec.
	ConditionSpecWarning ConditionType = "SpecWarning"
	// ConditionSpecError is a mistake in the spec.
	ConditionSpecError ConditionType = "SpecError"
	// ConditionMetricsError is trouble with its metrics.
	ConditionMetricsError ConditionType = "MetricsError"
	// ConditionArtifactGCError is trouble with deleting artifacts.
	ConditionArtifactGCError ConditionType = "ArtifactGCError"
	// ConditionSubmissionError is that a cron workflow could not start its workflow.
	ConditionSubmissionError ConditionType = "SubmissionError"
)

// TemplateSpecReference says where in a database templates are.
type TemplateSpecReference struct {
	// UID is the workflow's.
	UID string `json:"uid,omitzero"`
	// Version is a hash of the templates.
	Version string `json:"version,omitzero"`
	// Hydrated says that they were loaded.
	Hydrated bool `json:"hydrated,omitzero"`
}
