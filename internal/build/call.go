package build

import (
	"fmt"
	"time"

	"github.com/podflow/podflow/workflow/spec"
)

// more is what few calls have.
type more struct {
	when     Condition
	each     *Loop
	depends  *Depends
	goesOn   *spec.ContinueOn
	timeout  time.Duration
	hooks    []Hook
	task     func(*spec.Task) // edits of what is finished
	step     func(*spec.Step)
	problems []Problem // below the call
}

func (c *Call) rare() *more {
	if c.more == nil {
		c.more = &more{}
	}
	return c.more
}

func (m *more) problem(path, format string, args ...any) {
	m.problems = append(m.problems, Problem{path, fmt.Sprintf(format, args...)})
}

// EditTask notes a change of the finished spec of a task.
func EditTask(c *Call, f func(*spec.Task)) {
	m := c.rare()
	m.task = chain(m.task, f)
}

// EditStep is EditTask for a step.
func EditStep(c *Call, f func(*spec.Step)) {
	m := c.rare()
	m.step = chain(m.step, f)
}

// SetWhen sets the condition under which a call runs.
func SetWhen(c *Call, when SealedCondition) {
	m := c.rare()
	if m.when = when.condition(); m.when.empty() {
		m.problem(".when", emptyCondition)
	}
}

// SetContinueOn sets the ends of a call after which the work goes on.
func SetContinueOn(c *Call, phases []spec.Phase) {
	m := c.rare()
	m.goesOn = &spec.ContinueOn{}
	if len(phases) == 0 {
		m.problem(".continueOn", "names no phase; it may be %s and %s", spec.Failed, spec.Errored)
	}
	for _, p := range phases {
		switch p {
		case spec.Failed:
			m.goesOn.Failed = true
		case spec.Errored:
			m.goesOn.Error = true
		default:
			m.problem(".continueOn", "names the phase %q; it may be %s and %s", string(p), spec.Failed, spec.Errored)
		}
	}
}

// SetTimeout bounds the time of a call.
func SetTimeout(c *Call, d time.Duration) {
	m := c.rare()
	if m.timeout = d; d <= 0 {
		m.problem(".timeout", "%s", notPositive(d))
	}
}

// Duration is a duration as text, and what is wrong with it.
func Duration(d time.Duration) (text, problem string) {
	if d <= 0 {
		return "", notPositive(d)
	}
	return d.String(), ""
}

// DurationOf is a duration of a template as text; one that is not positive is a problem at the path below it.
func DurationOf(t *Template, path string, d time.Duration) string {
	text, problem := Duration(d)
	if problem != "" {
		Problemf(t, path, "%s", problem)
	}
	return text
}

func notPositive(d time.Duration) string { return fmt.Sprintf("is %v; it must be positive", d) }

// path is where the call is in the workflow.
func (c *Call) path() string {
	return "templates[" + c.owner.spec.Name + "]." + c.owner.callWord() + "s[" + c.name + "]"
}
