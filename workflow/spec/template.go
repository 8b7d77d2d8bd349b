package spec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Template is something that can run. Exactly one of Container, Script, ContainerSet, Resource, Data, HTTP, Plugin,
// Suspend, DAG and Steps is set; it says what the template does.
type Template struct {
	// Name is how tasks and steps call it. An inline template and TemplateDefaults have none.
	Name string `json:"name,omitzero"`
	// Inputs are the parameters and artifacts that it takes.
	Inputs Inputs `json:"inputs,omitzero"`
	// Outputs are the parameters and artifacts that it makes.
	Outputs Outputs `json:"outputs,omitzero"`

	// Container runs a container.
	Container *corev1.Container `json:"container,omitzero"`
	// Script runs source text in a container.
	Script *Script `json:"script,omitzero"`
	// ContainerSet runs several containers in one Pod.
	ContainerSet *ContainerSet `json:"containerSet,omitzero"`
	// Resource creates, reads, changes or deletes a Kubernetes object.
	Resource *Resource `json:"resource,omitzero"`
	// Data makes a list from artifacts.
	Data *Data `json:"data,omitzero"`
	// HTTP makes an HTTP request.
	HTTP *HTTP `json:"http,omitzero"`
	// Plugin is run by an executor plugin.
	Plugin Plugin `json:"plugin,omitzero"`
	// Suspend waits for somebody to resume it, or for a time.
	Suspend *Suspend `json:"suspend,omitzero"`
	// DAG runs tasks in the order of their dependencies.
	DAG *DAG `json:"dag,omitzero"`
	// Steps runs groups of steps: the groups one after the other, the steps of a group at once.
	Steps [][]Step `json:"steps,omitzero"`

	// Daemon, if true, lets the workflow go on once the container is ready; it is ended with the template around it.
	Daemon *bool `json:"daemon,omitzero"`
	// FailFast, if true, fails the template as soon as one of its children failed.
	FailFast *bool `json:"failFast,omitzero"`
	// Parallelism is how many children of the template may run at once. Nil is no limit.
	Parallelism *int64 `json:"parallelism,omitzero"`
	// Timeout is how long a node may take, from its start and with its waiting: a duration as "2m". Not for DAG and Steps.
	Timeout string `json:"timeout,omitzero"`
	// PendingTimeout is how long a node may wait to begin: a duration as "2m". Not for DAG and Steps.
	PendingTimeout string `json:"pendingTimeout,omitzero"`
	// ActiveDeadlineSeconds is how many seconds a Pod may run. It may be a tag.
	ActiveDeadlineSeconds *intstr.IntOrString `json:"activeDeadlineSeconds,omitzero"`
	// RetryStrategy says whether and how often it is tried again. Nil tries once.
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitzero"`
	// Synchronization names the locks that a node holds while it runs.
	Synchronization *Synchronization `json:"synchronization,omitzero"`
	// Memoize keeps outputs and uses them again instead of running.
	Memoize *Memoize `json:"memoize,omitzero"`
	// Metrics are emitted when a node ends, or while it runs.
	Metrics *Metrics `json:"metrics,omitzero"`

	// Metadata is put on the template's Pods.
	Metadata Metadata `json:"metadata,omitzero"`
	// Annotations are put on the template itself when it runs.
	Annotations map[string]string `json:"annotations,omitzero"`
	// ArchiveLocation is where logs and artifacts go that do not say their own place.
	ArchiveLocation *ArtifactLocation `json:"archiveLocation,omitzero"`
	// Volumes can be mounted by the template's containers.
	Volumes []corev1.Volume `json:"volumes,omitzero"`
	// InitContainers run before the main container.
	InitContainers []UserContainer `json:"initContainers,omitzero"`
	// Sidecars run beside the main container, and are ended with it.
	Sidecars []UserContainer `json:"sidecars,omitzero"`
	// ServiceAccountName is what Pods run as. Empty is the workflow's.
	ServiceAccountName string `json:"serviceAccountName,omitzero"`
	// AutomountServiceAccountToken, if false, keeps the account's token out of Pods.
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitzero"`
	// Executor is how Argo's own containers in a Pod run.
	Executor *ExecutorConfig `json:"executor,omitzero"`
	// NodeSelector holds the labels of machines that Pods may run on. It replaces the workflow's.
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// Affinity says which machines Pods go to. It replaces the workflow's.
	Affinity *corev1.Affinity `json:"affinity,omitzero"`
	// Tolerations let Pods go to tainted machines.
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// SchedulerName is the scheduler of Pods. Empty is the workflow's.
	SchedulerName string `json:"schedulerName,omitzero"`
	// PriorityClassName is the priority class of Pods.
	PriorityClassName string `json:"priorityClassName,omitzero"`
	// HostAliases are lines for the /etc/hosts of Pods.
	HostAliases []corev1.HostAlias `json:"hostAliases,omitzero"`
	// SecurityContext is the security context of Pods.
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitzero"`
	// PodResources are the requests and limits of each Pod as a whole. It replaces the workflow's.
	PodResources *corev1.ResourceRequirements `json:"podResources,omitzero"`
	// ResourceClaims are devices that Pods need before they start. It replaces the workflow's.
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitzero"`
	// PodSpecPatch is a strategic merge patch (YAML or JSON) of each Pod's spec. It may hold tags.
	PodSpecPatch string `json:"podSpecPatch,omitzero"`
}

// Script is source text that runs in a container.
type Script struct {
	// Container is where it runs. The path of the file that holds the source is added to its Command.
	corev1.Container `json:",inline"`
	// Source is the text.
	Source string `json:"source,omitzero"`
}

// UserContainer is an init container or a sidecar.
type UserContainer struct {
	corev1.Container `json:",inline"`
	// MirrorVolumeMounts, if true, mounts what the main container mounts, artifacts too, at the same paths.
	MirrorVolumeMounts *bool `json:"mirrorVolumeMounts,omitzero"`
}

// ContainerSet is several containers in one Pod.
type ContainerSet struct {
	// Containers are what runs. The outputs are those of the one named "main".
	Containers []ContainerNode `json:"containers,omitzero"`
	// VolumeMounts are mounted by all of them.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitzero"`
	// RetryStrategy runs a failed container's process again, in the same Pod. Nil runs it once.
	RetryStrategy *ContainerSetRetryStrategy `json:"retryStrategy,omitzero"`
}

// ContainerNode is one container of a container set.
type ContainerNode struct {
	corev1.Container `json:",inline"`
	// Dependencies are the names of the containers that must succeed before this one begins.
	Dependencies []string `json:"dependencies,omitzero"`
}

// Suspend waits until somebody resumes the node, or until Duration has passed.
type Suspend struct {
	// Duration is the longest wait: seconds as "20", or a duration as "2m". Empty waits for ever.
	Duration string `json:"duration,omitzero"`
}

// Resource does something with a Kubernetes object.
type Resource struct {
	// Action is get, create, apply, delete, replace or patch.
	Action string `json:"action,omitzero"`
	// MergeStrategy is how a patch is merged: strategic, merge or json. Empty is strategic.
	MergeStrategy string `json:"mergeStrategy,omitzero"`
	// Manifest is the object as YAML or JSON.
	Manifest string `json:"manifest,omitzero"`
	// ManifestFrom is where the manifest comes from, instead of Manifest.
	ManifestFrom *ManifestFrom `json:"manifestFrom,omitzero"`
	// SetOwnerReference, if true, makes the workflow the object's owner, so that they are deleted together.
	SetOwnerReference bool `json:"setOwnerReference,omitzero"`
	// SuccessCondition is over the object's fields, as a label selector; the node succeeds once it is true.
	SuccessCondition string `json:"successCondition,omitzero"`
	// FailureCondition is the same for failing.
	FailureCondition string `json:"failureCondition,omitzero"`
	// Flags are given to kubectl.
	Flags []string `json:"flags,omitzero"`
}

// ManifestFrom is where a manifest comes from.
type ManifestFrom struct {
	// Artifact is a file with one manifest.
	Artifact *Artifact `json:"artifact,omitzero"`
}

// Data makes a list from a source by transformations.
type Data struct {
	// PodPolicy, if "Always", uses a Pod even where none is needed.
	PodPolicy PodPolicy `json:"podPolicy,omitzero"`
	// Source is where the list comes from.
	Source *DataSource `json:"source,omitzero"`
	// Transformation holds the steps, in order.
	Transformation []TransformationStep `json:"transformation,omitzero"`
}

// PodPolicy says when a data template uses a Pod.
type PodPolicy string

// PodPolicyAlways uses a Pod always.
const PodPolicyAlways PodPolicy = "Always"

// DataSource is where the list of a data template comes from.
type DataSource struct {
	// Raw is the data itself.
	Raw string `json:"raw,omitzero"`
	// ArtifactPaths is the list of files under an artifact's location.
	ArtifactPaths *ArtifactPaths `json:"artifactPaths,omitzero"`
}

// ArtifactPaths is the list of files under an artifact's location.
type ArtifactPaths struct {
	Artifact `json:",inline"`
}

// TransformationStep changes the list of a data template.
type TransformationStep struct {
	// Expression is an expr expression; `data` is what came in.
	Expression string `json:"expression,omitzero"`
}

// HTTP is an HTTP request. The response's body is the node's result.
type HTTP struct {
	// Method is the method. Empty is GET.
	Method string `json:"method,omitzero"`
	// URL is where it goes.
	URL string `json:"url,omitzero"`
	// Headers are sent with it.
	Headers []HTTPHeader `json:"headers,omitzero"`
	// Body is sent with it.
	Body string `json:"body,omitzero"`
	// BodyFrom is what is sent if Body is empty.
	BodyFrom *HTTPBodySource `json:"bodyFrom,omitzero"`
	// TimeoutSeconds is how long it may take; a number, or a text of one. Nil is 30.
	TimeoutSeconds *intstr.IntOrString `json:"timeoutSeconds,omitzero"`
	// SuccessCondition is an expr expression over `request` and `response`. Empty is any 2xx status.
	SuccessCondition string `json:"successCondition,omitzero"`
	// InsecureSkipVerify, if true, takes any certificate of the server.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitzero"`
}

// HTTPBodySource is a body that is not text.
type HTTPBodySource struct {
	// Bytes is the body. In JSON and YAML it is base64.
	Bytes []byte `json:"bytes,omitzero"`
}

// HTTPHeader is one header of a request: Value or ValueFrom.
type HTTPHeader struct {
	// Name is the header's name.
	Name string `json:"name,omitzero"`
	// Value is its value, with tags.
	Value string `json:"value,omitzero"`
	// ValueFrom is where the value comes from instead.
	ValueFrom *HTTPHeaderSource `json:"valueFrom,omitzero"`
}

// HTTPHeaderSource is where the value of a header comes from.
type HTTPHeaderSource struct {
	// SecretKeyRef is a key of a Secret that holds the value.
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef,omitzero"`
}

// Plugin is work for an executor plugin: one entry, whose key is the plugin's name, and whose value, any JSON, is for
// the plugin to understand. Nil is no plugin.
type Plugin map[string]Item
