package engine

import (
	"errors"
	"fmt"
	"time"
)

// tooMuch stops a run that has grown beyond its limits: a template that calls itself without an end, most likely.
// more is how many nodes it is about to begin.
func (m *machine) tooMuch(n *node, more int) bool {
	var problem string
	switch {
	case m.limits.Nodes > 0 && m.count+m.coming+more > m.limits.Nodes:
		problem = fmt.Sprintf("the run has more than %d nodes", m.limits.Nodes)
	case m.limits.Depth > 0 && int(n.depth) > m.limits.Depth:
		problem = fmt.Sprintf("the run is nested more than %d deep", m.limits.Depth)
	default:
		return false
	}
	err := errors.New(problem + ": does a template call itself without an end?")
	m.end(n, errored, err.Error())
	m.halt(&stop{cause: err, text: err.Error(), fatal: true})
	return true
}

// runDeadline sets the timer of the run's own deadline.
func (m *machine) runDeadline() {
	if s := m.run.Workflow.Spec.ActiveDeadlineSeconds; s != nil {
		m.timers = append(m.timers, timer{node: m.root, at: m.now + *s*int64(time.Second), why: alarmDeadline})
	}
}
