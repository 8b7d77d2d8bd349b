// Package steps puts templates in order one after another: groups of steps, where the groups run in order and the
// steps of a group at the same time.
//
//	s := steps.New("hello")
//	s.Step("first", echo, message.Set("one"))
//	both := s.Group()
//	both.Step("left", echo, message.Set("two"))
//	both.Step("right", echo, message.Set("three"))
package steps

import (
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

type (
	template = build.Template
	call     = build.Call
)

// Steps is a template made of groups of steps. [New] makes one.
type Steps struct{ template }

// New makes a steps template without steps.
func New(name string) *Steps {
	s := &Steps{}
	build.Steps(&s.template, name)
	return s
}

// Inputs declares what the template takes. Its steps pass it on with Param.Pass.
func (s *Steps) Inputs(in ...workflow.InputDecl) *Steps {
	build.Inputs(&s.template, in)
	return s
}

// Outputs declares what the template gives: outputs of its steps, with Output.From.
func (s *Steps) Outputs(out ...workflow.OutputDecl) *Steps {
	build.Outputs(&s.template, out)
	return s
}

// Step adds a group of one step. The name is unique in the template.
func (s *Steps) Step(name string, t workflow.Template, args ...workflow.Binding) *Step {
	return s.Group().Step(name, t, args...)
}

// Group adds a group, to be filled with steps that run at the same time.
func (s *Steps) Group() *Group { return &Group{s, build.Group(&s.template)} }

// With edits the template's spec, for all that has no method of its own. It is called by each workflow.New, with the
// steps in place.
func (s *Steps) With(edit func(*spec.Template)) *Steps {
	build.Edit(&s.template, edit)
	return s
}

// Group is steps that run at the same time. [Steps.Group] makes one.
type Group struct {
	steps *Steps
	i     int32
}

// Step adds a step to the group. The name is unique in the template. A step may take the outputs of steps of earlier
// groups.
func (g *Group) Step(name string, t workflow.Template, args ...workflow.Binding) *Step {
	k := &Step{}
	if g.steps != nil {
		build.AddCall(&g.steps.template, g.i, &k.call, name, t, args)
	}
	return k
}

// Step is one node of a steps template: a call of a template. [Steps.Step] and [Group.Step] make one.
type Step struct{ call }

// Name is the name of the step.
func (s *Step) Name() string { return build.CallName(&s.call) }

// With edits the step's spec, for all that has no method of its own. It is called by each workflow.New.
func (s *Step) With(edit func(*spec.Step)) *Step {
	build.EditStep(&s.call, edit)
	return s
}
