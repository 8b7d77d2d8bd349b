package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/podflow/podflow/executor"
)

// stop is why a run begins nothing more.
type stop struct {
	cause    error
	text     string // what nodes say that it ended; empty: terminated, and the cause
	handlers bool   // the exit handlers of the run still run
	fatal    bool   // the run is in error, whatever its nodes say
}

// outOfTime is that the run has had its time.
var outOfTime = stop{cause: errDeadline, text: errDeadline.Error(), handlers: true}

// ErrStopped and ErrTerminated are causes that are found again in a run that was recovered.
var (
	ErrStopped    = errors.New("the run was stopped")
	ErrTerminated = errors.New("the run was terminated")
)

// causeOf is the cause of a stop that was recorded.
func causeOf(text string) error {
	for _, err := range []error{ErrStopped, ErrTerminated, errDeadline, context.Canceled, context.DeadlineExceeded} {
		if err.Error() == text {
			return err
		}
	}
	return errors.New(text)
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
	m.endIdle(s)
	if m.plan.Gates {
		for n := range m.nodes.all() {
			if n.frame != nil && n.frame.gate != nil && m.halted(n) {
				m.shut(n.frame.gate)
			}
		}
	}
}

// endIdle ends what waits for nothing that is at work, in the order of the beginnings.
func (m *machine) endIdle(s *stop) {
	if len(m.idle) == 0 {
		return
	}
	for n := range m.nodes.all() {
		if _, idle := m.idle[n]; idle && m.halted(n) {
			delete(m.idle, n)
			m.end(n, failed, s.message())
		}
	}
	held := m.held
	for i, n := range held {
		if n.phase.ended() { // it has a place that others wait for
			m.leafLeft(n)
			held[i] = nil
		}
	}
	if m.held != nil {
		m.held = slices.DeleteFunc(m.held, func(n *node) bool { return n == nil })
	}
}
