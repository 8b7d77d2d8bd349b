package engine

import (
	"fmt"
	"time"
)

// tooMuch stops a run that has grown beyond its limits: a template that calls itself without an end, most likely.
func (m *machine) tooMuch(n *node) {
	err := fmt.Errorf("the run has more than %d nodes: does a template call itself without an end?", m.limits.Nodes)
	m.end(n, errored, err.Error())
	m.halt(&stop{cause: err, text: err.Error(), handlers: true})
}

// runDeadline sets the timer of the run's own deadline.
func (m *machine) runDeadline() {
	if s := m.run.Workflow.Spec.ActiveDeadlineSeconds; s != nil {
		m.timers = append(m.timers, timer{node: m.root, at: m.now + *s*int64(time.Second), why: alarmDeadline})
	}
}
