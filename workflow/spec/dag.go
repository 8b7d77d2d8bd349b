package spec

// DAG is tasks that run in the order of their dependencies, as many at once as may.
type DAG struct {
	// Tasks are what runs. The name of each is unique.
	Tasks []Task `json:"tasks,omitzero"`
	// Target holds the names of the tasks to reach, with spaces between; others do not run. Empty is all that nothing
	// depends on.
	Target string `json:"target,omitzero"`
	// FailFast, if false, goes on with other branches after a task has failed. Nil is true.
	FailFast *bool `json:"failFast,omitzero"`
}

// Task calls a template from a DAG. One of Template, TemplateRef and Inline says which; one of WithItems, WithParam and
// WithSequence, or none, makes many of it.
type Task struct {
	// Name is unique in the DAG.
	Name string `json:"name,omitzero"`
	// Template is the name of a template of this workflow.
	Template string `json:"template,omitzero"`
	// TemplateRef is a template of another object.
	TemplateRef *TemplateRef `json:"templateRef,omitzero"`
	// Inline is the template itself.
	Inline *Template `json:"inline,omitzero"`
	// Arguments are for the template's inputs.
	Arguments Arguments `json:"arguments,omitzero"`
	// Dependencies are the names of the tasks that must end well before this one begins.
	Dependencies []string `json:"dependencies,omitzero"`
	// Depends says the same, and how they must end, as a condition: `A.Succeeded && (B || C.Failed)`. Not with
	// Dependencies.
	Depends string `json:"depends,omitzero"`
	// When is a condition; if it is false the task is skipped. Empty is true.
	When string `json:"when,omitzero"`
	// WithItems runs it once for each item, at once.
	WithItems []Item `json:"withItems,omitzero"`
	// WithParam is a JSON list, mostly a tag; it runs once for each element.
	WithParam string `json:"withParam,omitzero"`
	// WithSequence runs it once for each number.
	WithSequence *Sequence `json:"withSequence,omitzero"`
	// ContinueOn lets the DAG go on if the task did not end well. Not with Depends.
	ContinueOn *ContinueOn `json:"continueOn,omitzero"`
	// Hooks run templates when their expression becomes true. The hook "exit" runs when the task has ended.
	Hooks map[string]LifecycleHook `json:"hooks,omitzero"`
	// OnExit is the name of a template that runs when the task has ended.
	//
	// Deprecated: use the hook "exit".
	OnExit string `json:"onExit,omitzero"`
}
