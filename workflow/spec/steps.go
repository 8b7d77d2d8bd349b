package spec

// Step calls a template from a steps template. One of Template, TemplateRef and Inline says which; one of WithItems,
// WithParam and WithSequence, or none, makes many of it.
type Step struct {
	// Name is unique in the template.
	Name string `json:"name,omitzero"`
	// Template is the name of a template of this workflow.
	Template string `json:"template,omitzero"`
	// TemplateRef is a template of another object.
	TemplateRef *TemplateRef `json:"templateRef,omitzero"`
	// Inline is the template itself.
	Inline *Template `json:"inline,omitzero"`
	// Arguments are for the template's inputs.
	Arguments Arguments `json:"arguments,omitzero"`
	// When is a condition; if it is false the step is skipped. Empty is true.
	When string `json:"when,omitzero"`
	// WithItems runs it once for each item, at once.
	WithItems []Item `json:"withItems,omitzero"`
	// WithParam is a JSON list, mostly a tag; it runs once for each element.
	WithParam string `json:"withParam,omitzero"`
	// WithSequence runs it once for each number.
	WithSequence *Sequence `json:"withSequence,omitzero"`
	// ContinueOn lets the next group begin if the step did not end well.
	ContinueOn *ContinueOn `json:"continueOn,omitzero"`
	// Hooks run templates when their expression becomes true. The hook "exit" runs when the step has ended.
	Hooks map[string]LifecycleHook `json:"hooks,omitzero"`
	// OnExit is the name of a template that runs when the step has ended.
	//
	// Deprecated: use the hook "exit".
	OnExit string `json:"onExit,omitzero"`
}
