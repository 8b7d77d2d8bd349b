// Package steps puts templates in order one after another: groups of steps, where the groups run in order and the
// steps of a group at the same time.
//
//	s := steps.New("hello")
//	s.Step("first", echo, message.Set("one"))
//	both := s.Group()
//	both.Step("left", echo, message.Set("two"))
//	both.Step("right", echo, message.Set("three"))
//
// A step may take what steps of earlier groups gave, have a condition (When), be a loop (Each), and have hooks. A steps
// template may call itself, as long as a condition ends that.
package steps

import (
	"time"

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

// Retry says when the template is tried again, as a whole.
func (s *Steps) Retry(r workflow.Retry) *Steps {
	build.SetRetry(&s.template, r)
	return s
}

// Parallelism bounds how many of its steps run at a time.
func (s *Steps) Parallelism(n int) *Steps {
	build.SetParallelism(&s.template, n)
	return s
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (s *Steps) Mutex(name string) *Steps {
	build.AddMutex(&s.template, name)
	return s
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (s *Steps) Semaphore(configMap, key string) *Steps {
	build.AddSemaphore(&s.template, configMap, key)
	return s
}

// FailFast begins no more steps of a group, and no more nodes of a loop, once one has failed.
func (s *Steps) FailFast() *Steps {
	build.SetFailFast(&s.template, true)
	return s
}

// Memoize keeps the outputs in a cache, which is the name of a ConfigMap, and uses them again where the key is the same
// and they are no older than maxAge; 0 is for ever. The key holds tags of the inputs.
func (s *Steps) Memoize(cache, key string, maxAge time.Duration) *Steps {
	build.SetMemoize(&s.template, cache, key, maxAge)
	return s
}

// Metrics adds values that are measured when a node has ended. They are in [workflow.NodeStatus.Metrics].
func (s *Steps) Metrics(m ...spec.Prometheus) *Steps {
	build.AddMetrics(&s.template, m)
	return s
}

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

// When runs the step only if the condition holds; otherwise it is Skipped. It may use
// what steps of earlier groups gave.
func (s *Step) When(c workflow.Condition) *Step {
	build.SetWhen(&s.call, c)
	return s
}

// Each makes the step a loop: one node for each item. Its arguments and its condition may use the item. See also
// Param.Each.
func (s *Step) Each(item workflow.Loop) *Step {
	build.SetEach(&s.call, item)
	return s
}

// ContinueOn lets the next group begin, and the template succeed, although the step ends in one of the phases:
// workflow.Failed and workflow.Errored. The step keeps its phase.
func (s *Step) ContinueOn(phases ...workflow.Phase) *Step {
	build.SetContinueOn(&s.call, phases)
	return s
}

// Timeout bounds the time of the step's node, from when it is ready to run. The step gets a template of its own for
// it, so what it calls must be no dag and no steps.
func (s *Step) Timeout(d time.Duration) *Step {
	build.SetTimeout(&s.call, d)
	return s
}

// OnExit runs a template when the step has ended, however it ended, unless it was Skipped. What waits for the
// step waits for that too. The arguments may use what the step gave.
func (s *Step) OnExit(tmpl workflow.Template, args ...workflow.Binding) *Step {
	build.AddHook(&s.call, build.NewHook(spec.ExitHook, nil, tmpl, args))
	return s
}

// Hook runs a template once the condition holds, while the step runs or when it has ended: a condition over
// workflow.NodePhase of the step, say. The name is unique among the step's hooks.
func (s *Step) Hook(name string, when workflow.Condition, tmpl workflow.Template, args ...workflow.Binding) *Step {
	build.AddHook(&s.call, build.NewHook(name, when, tmpl, args))
	return s
}

// With edits the step's spec, for all that has no method of its own. It is called by each workflow.New.
func (s *Step) With(edit func(*spec.Step)) *Step {
	build.EditStep(&s.call, edit)
	return s
}
