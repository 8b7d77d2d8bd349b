package workflow

import (
	"time"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// SuspendTemplate is a template that waits. [Suspend] makes one.
type SuspendTemplate struct{ base }

// Suspend is a template that waits until somebody resumes the node, or for the time of [SuspendTemplate.For]. What is
// to be told when it is resumed is an output:
//
//	approval := workflow.Suspend("approval").Outputs(approved.Supplied())
func Suspend(name string) *SuspendTemplate {
	t := &SuspendTemplate{}
	build.Leaf(&t.base, name).Suspend = &spec.Suspend{}
	return t
}

// For is the longest wait.
func (t *SuspendTemplate) For(d time.Duration) *SuspendTemplate {
	build.Spec(&t.base).Suspend = &spec.Suspend{Duration: build.DurationOf(&t.base, ".suspend.duration", d)}
	return t
}

// Inputs declares what the template takes: to be seen by who resumes it.
func (t *SuspendTemplate) Inputs(in ...InputDecl) *SuspendTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what is to be told when the node is resumed; see [Output.Supplied]. One with a Default need not be.
func (t *SuspendTemplate) Outputs(out ...OutputDecl) *SuspendTemplate {
	build.Outputs(&t.base, out)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *SuspendTemplate) With(edit func(*spec.Template)) *SuspendTemplate {
	build.Edit(&t.base, edit)
	return t
}
