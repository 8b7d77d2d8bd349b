package spec

import corev1 "k8s.io/api/core/v1"

// Arguments are the parameters and artifacts that a template is called with.
type Arguments struct {
	// Parameters are values for the parameters, by their names.
	Parameters []Parameter `json:"parameters,omitzero"`
	// Artifacts say where the artifacts come from, by their names.
	Artifacts []Artifact `json:"artifacts,omitzero"`
}

// Inputs are the parameters and artifacts that a template takes.
type Inputs struct {
	// Parameters are the values that the template takes.
	Parameters []Parameter `json:"parameters,omitzero"`
	// Artifacts are the files that it takes, with their paths in the container.
	Artifacts []Artifact `json:"artifacts,omitzero"`
}

// Outputs are what a template makes.
type Outputs struct {
	// Parameters are the values that the template gives, with where they come from.
	Parameters []Parameter `json:"parameters,omitzero"`
	// Artifacts are the files that it leaves, with their paths in the container.
	Artifacts []Artifact `json:"artifacts,omitzero"`
	// Result is the standard output, or the body of an HTTP response. It is set in the status of a run only.
	Result *string `json:"result,omitzero"`
	// ExitCode is the exit code of the process, as text. It is set in the status of a run only.
	ExitCode *string `json:"exitCode,omitzero"`
}

// Parameter is a named text: an input, an output or an argument.
type Parameter struct {
	// Name is unique among the parameters beside it.
	Name string `json:"name,omitzero"`
	// Default is the value of an input that no argument is given for. Nil is none.
	Default *AnyString `json:"default,omitzero"`
	// Value is the value. Nil is none; "" is a value.
	Value *AnyString `json:"value,omitzero"`
	// ValueFrom is where the value comes from, instead of Value.
	ValueFrom *ValueFrom `json:"valueFrom,omitzero"`
	// GlobalName makes an output readable everywhere, as `{{workflow.outputs.parameters.<GlobalName>}}`.
	GlobalName string `json:"globalName,omitzero"`
	// Enum holds the values that it may have. Nil is any.
	Enum []AnyString `json:"enum,omitzero"`
	// Description is for people.
	Description *AnyString `json:"description,omitzero"`
}

// ValueFrom is where the value of a parameter comes from. One field says where; Default may be beside it.
type ValueFrom struct {
	// Path is a file in the container (outputs).
	Path string `json:"path,omitzero"`
	// JSONPath selects from the object of a resource template (outputs).
	JSONPath string `json:"jsonPath,omitzero"`
	// JQFilter selects from the object of a resource template (outputs).
	JQFilter string `json:"jqFilter,omitzero"`
	// Event is an expr expression over the event (event bindings).
	Event string `json:"event,omitzero"`
	// Parameter is a tag that reads an output of a task or step: `{{steps.a.outputs.parameters.x}}` (outputs).
	Parameter string `json:"parameter,omitzero"`
	// Expression is an expr expression over the outputs of tasks or steps (outputs).
	Expression string `json:"expression,omitzero"`
	// Supplied says that somebody gives the value while the workflow runs (outputs of suspend templates).
	Supplied *SuppliedValueFrom `json:"supplied,omitzero"`
	// ConfigMapKeyRef is a key of a ConfigMap (inputs and workflow arguments).
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitzero"`
	// Default is the value if there is none there. Nil is an error then.
	Default *AnyString `json:"default,omitzero"`
}

// SuppliedValueFrom says that somebody gives the value while the workflow runs.
type SuppliedValueFrom struct{}
