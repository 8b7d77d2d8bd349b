package spec

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// APIVersion is the apiVersion of this package's kinds.
const APIVersion = "argoproj.io/v1alpha1"

// Workflow is one piece of work: templates, the one to begin with, and the arguments to it.
type Workflow struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	// Spec says what to run.
	Spec WorkflowSpec `json:"spec"`
	// Status is how far Argo's controller came with it. It is empty in a workflow that was not fetched from a cluster.
	Status WorkflowStatus `json:"status,omitzero"`
}

// WorkflowTemplate is a workflow that is kept in a namespace, for other workflows to run or to take templates from.
type WorkflowTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	// Spec is the workflow.
	Spec WorkflowSpec `json:"spec"`
}

// ClusterWorkflowTemplate is a WorkflowTemplate that every namespace of the cluster sees.
type ClusterWorkflowTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	// Spec is the workflow.
	Spec WorkflowSpec `json:"spec"`
}

// WorkflowSpec says what a workflow runs and how its Pods are made.
type WorkflowSpec struct {
	// Entrypoint is the name of the template to begin with. It is needed unless WorkflowTemplateRef brings one.
	Entrypoint string `json:"entrypoint,omitzero"`
	// Arguments are the workflow's own: `{{workflow.parameters.x}}` reads them, and the entry template gets them.
	Arguments Arguments `json:"arguments,omitzero"`
	// Templates are what can run. The name of each is unique.
	Templates []Template `json:"templates,omitzero"`
	// TemplateDefaults holds values for all templates that do not set them themselves.
	TemplateDefaults *Template `json:"templateDefaults,omitzero"`
	// WorkflowTemplateRef runs the workflow of a WorkflowTemplate instead of Templates.
	WorkflowTemplateRef *WorkflowTemplateRef `json:"workflowTemplateRef,omitzero"`

	// OnExit is the name of the template that runs last, however the workflow ended.
	OnExit string `json:"onExit,omitzero"`
	// Hooks run templates when their expression becomes true. The hook "exit" runs last, like OnExit.
	Hooks map[string]LifecycleHook `json:"hooks,omitzero"`
	// Suspend, if true, lets nothing new start until somebody resumes the workflow.
	Suspend *bool `json:"suspend,omitzero"`
	// Shutdown asks a running workflow to end. Empty asks nothing.
	Shutdown ShutdownStrategy `json:"shutdown,omitzero"`
	// ActiveDeadlineSeconds is how many seconds the workflow may take from its start. Nil is no limit; 0 ends it now.
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitzero"`
	// Parallelism is how many Pods of the workflow may run at once. Nil is no limit.
	Parallelism *int64 `json:"parallelism,omitzero"`
	// Priority orders workflows that wait for a place: the higher first. Nil is 0.
	Priority *int32 `json:"priority,omitzero"`
	// RetryStrategy is for all templates that have none.
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitzero"`
	// Synchronization names the locks that the whole workflow holds while it runs.
	Synchronization *Synchronization `json:"synchronization,omitzero"`
	// Metrics are emitted when the workflow ends, or while it runs.
	Metrics *Metrics `json:"metrics,omitzero"`

	// PodGC says when Pods are deleted. Nil keeps them as long as the workflow.
	PodGC *PodGC `json:"podGC,omitzero"`
	// TTLStrategy says how long the workflow is kept after its end. Nil keeps it.
	TTLStrategy *TTLStrategy `json:"ttlStrategy,omitzero"`
	// VolumeClaimGC says when the claims made from VolumeClaimTemplates are deleted. Nil is after success.
	VolumeClaimGC *VolumeClaimGC `json:"volumeClaimGC,omitzero"`
	// ArtifactGC says when output artifacts are deleted. Nil keeps them.
	ArtifactGC *WorkflowLevelArtifactGC `json:"artifactGC,omitzero"`
	// ArtifactRepositoryRef names the store of artifacts that do not say their own.
	ArtifactRepositoryRef *ArtifactRepositoryRef `json:"artifactRepositoryRef,omitzero"`
	// ArchiveLogs, if true, keeps the logs of containers as artifacts.
	ArchiveLogs *bool `json:"archiveLogs,omitzero"`
	// WorkflowMetadata is added to the workflow's own labels and annotations.
	WorkflowMetadata *WorkflowMetadata `json:"workflowMetadata,omitzero"`

	// Volumes can be mounted by every container of the workflow.
	Volumes []corev1.Volume `json:"volumes,omitzero"`
	// VolumeClaimTemplates are claims made when the workflow starts. Containers mount them by name.
	VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates,omitzero"`
	// ServiceAccountName is what Pods run as. Empty is the namespace's default one.
	ServiceAccountName string `json:"serviceAccountName,omitzero"`
	// AutomountServiceAccountToken, if false, keeps the account's token out of Pods.
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitzero"`
	// Executor is how Argo's own containers in a Pod run.
	Executor *ExecutorConfig `json:"executor,omitzero"`
	// ExecutorPlugins are sidecars that run plugin templates. If any is here, those of the controller are not used.
	ExecutorPlugins []ExecutorPlugin `json:"executorPlugins,omitzero"`
	// ImagePullSecrets are the Secrets for pulling images.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// NodeSelector holds the labels of machines that Pods may run on. A template's own replaces it.
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// Affinity says which machines Pods go to. A template's own replaces it.
	Affinity *corev1.Affinity `json:"affinity,omitzero"`
	// Tolerations let Pods go to tainted machines.
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// SchedulerName is the scheduler of Pods. Empty is the cluster's default.
	SchedulerName string `json:"schedulerName,omitzero"`
	// PodPriorityClassName is the priority class of Pods.
	PodPriorityClassName string `json:"podPriorityClassName,omitzero"`
	// PodMetadata is put on all Pods.
	PodMetadata *Metadata `json:"podMetadata,omitzero"`
	// PodDisruptionBudget bounds how many of the Pods may be evicted at once. An empty selector is the workflow's Pods.
	PodDisruptionBudget *policyv1.PodDisruptionBudgetSpec `json:"podDisruptionBudget,omitzero"`
	// PodResources are the requests and limits of each Pod as a whole. A template's own replaces it.
	PodResources *corev1.ResourceRequirements `json:"podResources,omitzero"`
	// ResourceClaims are devices that Pods need before they start. A template's own list replaces it.
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitzero"`
	// PodSpecPatch is a strategic merge patch (YAML or JSON) of each Pod's spec. It may hold tags.
	PodSpecPatch string `json:"podSpecPatch,omitzero"`
	// SecurityContext is the security context of Pods.
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitzero"`
	// HostNetwork, if true, puts Pods into the network of their machine.
	HostNetwork *bool `json:"hostNetwork,omitzero"`
	// HostAliases are lines for the /etc/hosts of Pods.
	HostAliases []corev1.HostAlias `json:"hostAliases,omitzero"`
	// DNSPolicy is the DNS policy of Pods. Nil is ClusterFirst.
	DNSPolicy *corev1.DNSPolicy `json:"dnsPolicy,omitzero"`
	// DNSConfig is merged with what DNSPolicy says.
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitzero"`
}

// ShutdownStrategy is how a running workflow is asked to end.
type ShutdownStrategy string

// The ways to end a running workflow.
const (
	// ShutdownTerminate ends everything at once; exit handlers do not run.
	ShutdownTerminate ShutdownStrategy = "Terminate"
	// ShutdownStop ends what runs; then exit handlers run.
	ShutdownStop ShutdownStrategy = "Stop"
)

// WorkflowTemplateRef names a WorkflowTemplate.
type WorkflowTemplateRef struct {
	// Name is the name of the object.
	Name string `json:"name,omitzero"`
	// ClusterScope says that it is a ClusterWorkflowTemplate.
	ClusterScope bool `json:"clusterScope,omitzero"`
}

// WorkflowMetadata is what is added to a workflow's own metadata.
type WorkflowMetadata struct {
	// Labels are added as they are.
	Labels map[string]string `json:"labels,omitzero"`
	// Annotations are added as they are.
	Annotations map[string]string `json:"annotations,omitzero"`
	// LabelsFrom are labels whose values are computed.
	LabelsFrom map[string]LabelValueFrom `json:"labelsFrom,omitzero"`
}

// LabelValueFrom is how the value of a label is computed.
type LabelValueFrom struct {
	// Expression is an expr expression over the workflow's variables.
	Expression string `json:"expression,omitzero"`
}

// Metadata is the labels and annotations of a Pod.
type Metadata struct {
	// Annotations are the annotations, by their keys.
	Annotations map[string]string `json:"annotations,omitzero"`
	// Labels are the labels, by their keys.
	Labels map[string]string `json:"labels,omitzero"`
}

// ExecutorConfig is how Argo's own containers in a Pod run.
type ExecutorConfig struct {
	// ServiceAccountName is the account whose token they get.
	ServiceAccountName string `json:"serviceAccountName,omitzero"`
}

// ExecutorPlugin is a sidecar that runs plugin templates.
type ExecutorPlugin struct {
	metav1.ObjectMeta `json:"metadata"`
	// Spec says what the plugin is.
	Spec ExecutorPluginSpec `json:"spec"`
}

// ExecutorPluginSpec says what an executor plugin is.
type ExecutorPluginSpec struct {
	// Sidecar is the container.
	Sidecar ExecutorPluginSidecar `json:"sidecar"`
}

// ExecutorPluginSidecar is the container of an executor plugin.
type ExecutorPluginSidecar struct {
	// AutomountServiceAccountToken gives it the token of the account `<plugin name>-executor-plugin`.
	AutomountServiceAccountToken bool `json:"automountServiceAccountToken,omitzero"`
	// Container is the container itself.
	Container corev1.Container `json:"container"`
}
