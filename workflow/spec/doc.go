// Package spec is the workflow as data: the objects of Argo Workflows 4.1, apiVersion argoproj.io/v1alpha1, field for
// field. There are five kinds: [Workflow], [WorkflowTemplate], [ClusterWorkflowTemplate], [CronWorkflow] and
// [WorkflowEventBinding]. Where Argo uses a Kubernetes type, so does this package.
//
// Beside them, files of workflows hold ConfigMaps, PersistentVolumeClaims and ResourceQuotas; these are read and written
// as the types of k8s.io/api/core/v1. Secrets are not: they do not belong into files that are kept.
//
// [Decode] reads YAML or JSON and refuses what Argo does not know. [Encode] writes YAML. Everything else here is plain
// structs: nothing is checked, defaulted or resolved. A WorkflowSpec has templates; a template is a container, a
// script or the like, or puts other templates in order as a [DAG] of tasks or as groups of steps.
//
// The zero value of a field is "not said", and is not written. Where it matters whether a zero was said, the field is a
// pointer, a slice or a map: nil is not said, and an empty one is. So Parameter.Value pointing to "" is an empty value,
// and Template.Suspend pointing to a zero Suspend is `suspend: {}`.
//
// All types have DeepCopy and DeepCopyInto.
//
// +k8s:deepcopy-gen=package
package spec

//go:generate go run k8s.io/code-generator/cmd/deepcopy-gen@v0.35.4 --go-header-file /dev/null --output-file zz_generated.deepcopy.go .
