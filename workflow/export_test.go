package workflow

import "github.com/podflow/podflow/workflow/spec"

// Assemble is what New does before it compiles.
func Assemble(name string, entry Template, opts ...Option) (*spec.Workflow, error) {
	w, _, problems := assemble(name, entry, applied(opts))
	return w, joinProblems(problems)
}
