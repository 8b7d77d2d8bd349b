package spec

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TTLStrategy says how many seconds a workflow is kept after its end. Nil keeps it.
type TTLStrategy struct {
	// SecondsAfterCompletion is after any end that the others do not say.
	SecondsAfterCompletion *int32 `json:"secondsAfterCompletion,omitzero"`
	// SecondsAfterSuccess is after success.
	SecondsAfterSuccess *int32 `json:"secondsAfterSuccess,omitzero"`
	// SecondsAfterFailure is after failure or error.
	SecondsAfterFailure *int32 `json:"secondsAfterFailure,omitzero"`
}

// PodGC says when Pods are deleted.
type PodGC struct {
	// Strategy says when. Empty keeps them.
	Strategy PodGCStrategy `json:"strategy,omitzero"`
	// LabelSelector chooses the Pods that it is for. Nil is all.
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitzero"`
	// DeleteDelayDuration is how long after: seconds as "20", or a duration as "2m". Empty leaves it to the controller.
	DeleteDelayDuration string `json:"deleteDelayDuration,omitzero"`
}

// PodGCStrategy says when Pods are deleted.
type PodGCStrategy string

// The times when Pods are deleted.
const (
	// PodGCOnPodCompletion is when the Pod has ended.
	PodGCOnPodCompletion PodGCStrategy = "OnPodCompletion"
	// PodGCOnPodSuccess is when the Pod has succeeded.
	PodGCOnPodSuccess PodGCStrategy = "OnPodSuccess"
	// PodGCOnWorkflowCompletion is when the workflow has ended.
	PodGCOnWorkflowCompletion PodGCStrategy = "OnWorkflowCompletion"
	// PodGCOnWorkflowSuccess is when the workflow has succeeded.
	PodGCOnWorkflowSuccess PodGCStrategy = "OnWorkflowSuccess"
)

// VolumeClaimGC says when the claims of a workflow are deleted.
type VolumeClaimGC struct {
	// Strategy says when. Empty is OnWorkflowSuccess.
	Strategy VolumeClaimGCStrategy `json:"strategy,omitzero"`
}

// VolumeClaimGCStrategy says when claims are deleted.
type VolumeClaimGCStrategy string

// The times when claims are deleted.
const (
	// VolumeClaimGCOnCompletion is when the workflow has ended.
	VolumeClaimGCOnCompletion VolumeClaimGCStrategy = "OnWorkflowCompletion"
	// VolumeClaimGCOnSuccess is when the workflow has succeeded.
	VolumeClaimGCOnSuccess VolumeClaimGCStrategy = "OnWorkflowSuccess"
)

// ArtifactGC says when an output artifact is deleted.
type ArtifactGC struct {
	// Strategy says when. Empty is the workflow's, and there it is Never.
	Strategy ArtifactGCStrategy `json:"strategy,omitzero"`
	// PodMetadata is put on the Pod that deletes.
	PodMetadata *Metadata `json:"podMetadata,omitzero"`
	// ServiceAccountName is what that Pod runs as.
	ServiceAccountName string `json:"serviceAccountName,omitzero"`
}

// WorkflowLevelArtifactGC says when the output artifacts of a workflow are deleted.
type WorkflowLevelArtifactGC struct {
	ArtifactGC `json:",inline"`
	// ForceFinalizerRemoval, if true, lets the workflow go even if deleting artifacts failed.
	ForceFinalizerRemoval bool `json:"forceFinalizerRemoval,omitzero"`
	// PodSpecPatch is a strategic merge patch of the deleting Pod's spec.
	PodSpecPatch string `json:"podSpecPatch,omitzero"`
}

// ArtifactGCStrategy says when artifacts are deleted.
type ArtifactGCStrategy string

// The times when artifacts are deleted.
const (
	// ArtifactGCOnWorkflowCompletion is when the workflow has ended.
	ArtifactGCOnWorkflowCompletion ArtifactGCStrategy = "OnWorkflowCompletion"
	// ArtifactGCOnWorkflowDeletion is when the workflow is deleted.
	ArtifactGCOnWorkflowDeletion ArtifactGCStrategy = "OnWorkflowDeletion"
	// ArtifactGCNever keeps them.
	ArtifactGCNever ArtifactGCStrategy = "Never"
)
