package spec

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CronWorkflow is a workflow that runs at times.
type CronWorkflow struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	// Spec says what runs and when.
	Spec CronWorkflowSpec `json:"spec"`
	// Status is what ran so far. It is empty in one that was not fetched from a cluster.
	Status CronWorkflowStatus `json:"status,omitzero"`
}

// CronWorkflowSpec says what runs and when.
type CronWorkflowSpec struct {
	// Schedules are the times, in cron's five fields: "0 * * * *" is each hour. It runs at the times of all.
	Schedules []string `json:"schedules,omitzero"`
	// Timezone is where the times are: "Asia/Tokyo". Empty is the machine's.
	Timezone string `json:"timezone,omitzero"`
	// When is an expression in a tag, over `cronworkflow`; if it is false the time is left out. Empty is true.
	When string `json:"when,omitzero"`
	// ConcurrencyPolicy says what to do if the one before still runs. Empty is Allow.
	ConcurrencyPolicy ConcurrencyPolicy `json:"concurrencyPolicy,omitzero"`
	// StartingDeadlineSeconds is how late a run may start that was missed. Nil is not at all.
	StartingDeadlineSeconds *int64 `json:"startingDeadlineSeconds,omitzero"`
	// StopStrategy ends the schedule for good. Nil goes on.
	StopStrategy *StopStrategy `json:"stopStrategy,omitzero"`
	// Suspend, if true, starts nothing.
	Suspend bool `json:"suspend,omitzero"`
	// SuccessfulJobsHistoryLimit is how many succeeded workflows are kept. Nil is 3.
	SuccessfulJobsHistoryLimit *int32 `json:"successfulJobsHistoryLimit,omitzero"`
	// FailedJobsHistoryLimit is how many failed workflows are kept. Nil is 1.
	FailedJobsHistoryLimit *int32 `json:"failedJobsHistoryLimit,omitzero"`
	// WorkflowMetadata is put on each workflow.
	WorkflowMetadata *metav1.ObjectMeta `json:"workflowMetadata,omitzero"`
	// WorkflowSpec is the workflow.
	WorkflowSpec WorkflowSpec `json:"workflowSpec,omitzero"`
}

// ConcurrencyPolicy says what to do at a time when the run before has not ended.
type ConcurrencyPolicy string

// The concurrency policies.
const (
	// AllowConcurrent starts another.
	AllowConcurrent ConcurrencyPolicy = "Allow"
	// ForbidConcurrent leaves the time out.
	ForbidConcurrent ConcurrencyPolicy = "Forbid"
	// ReplaceConcurrent ends the one before and starts another.
	ReplaceConcurrent ConcurrencyPolicy = "Replace"
)

// StopStrategy ends a schedule for good.
type StopStrategy struct {
	// Expression is an expr expression over `cronworkflow`; once it is true nothing starts any more.
	Expression string `json:"expression,omitzero"`
}

// CronWorkflowStatus is what ran so far.
type CronWorkflowStatus struct {
	// Active are the workflows that run.
	Active []corev1.ObjectReference `json:"active,omitzero"`
	// LastScheduledTime is when the last one was started. Nil is never.
	LastScheduledTime *metav1.Time `json:"lastScheduledTime,omitzero"`
	// Conditions tell about trouble.
	Conditions []Condition `json:"conditions,omitzero"`
	// Succeeded is how many succeeded.
	Succeeded int64 `json:"succeeded,omitzero"`
	// Failed is how many failed.
	Failed int64 `json:"failed,omitzero"`
	// Phase is Active, or Stopped after the stop strategy.
	Phase CronWorkflowPhase `json:"phase,omitzero"`
}

// CronWorkflowPhase says whether a schedule still runs.
type CronWorkflowPhase string

// The phases of cron workflows.
const (
	// CronActive goes on.
	CronActive CronWorkflowPhase = "Active"
	// CronStopped was ended by the stop strategy.
	CronStopped CronWorkflowPhase = "Stopped"
)
