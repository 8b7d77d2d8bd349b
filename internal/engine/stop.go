package engine

import (
	"errors"

	"github.com/podflow/podflow/executor"
)

// stop is why a run begins nothing more.
type stop struct {
	cause    error
	text     string // what nodes say that it ended; empty: terminated, and the cause
	handlers bool   // the exit handlers of the run still run
}

func (s *stop) message() string {
	if s.text != "" {
		return s.text
	}
	return "terminated: " + s.cause.Error()
}

// halted says that nothing more may begin at a node, and what it has at work is being stopped.
func (m *machine) halted(n *node) bool {
	return m.stop != nil && !(n.exit && m.stop.handlers)
}

// halt stops the run. What waits for nothing that is at work ends here; what is at work is stopped by its context.
func (m *machine) halt(s *stop) {
	if m.stop != nil && (!m.stop.handlers || s.handlers) {
		return
	}
	m.stop = s
	if errors.Is(s.cause, executor.ErrDetach) {
		return
	}
	line := m.pods.line
	m.pods.line = nil
	for _, w := range line { // each is idle, too
		if !m.halted(w.scope) {
			m.pods.line = append(m.pods.line, w)
		}
	}
	for n := range m.idle {
		if m.halted(n) {
			delete(m.idle, n)
			m.end(n, failed, s.message())
		}
	}
	if m.plan.Gates {
		for n := range m.nodes.all() {
			if n.frame != nil && n.frame.gate != nil && m.halted(n) {
				m.shut(n.frame.gate)
			}
		}
	}
}
