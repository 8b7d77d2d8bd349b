package engine

import (
	"time"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
)

// guard is what the rules of a template have done to a node.
type guard struct {
	kill  error // why what it has at work is being stopped
	ready bool  // it is a daemon, and what waited for it goes on
	runs  bool  // it has run
	timed bool  // the timers of its times are set
	locks *holder
	memo  *memo
}

// killed is why the node was stopped while others went on, or nil.
func (i *info) killed() error {
	if i.guard == nil {
		return nil
	}
	return i.guard.kill
}

// guards is the node's guard, to write to.
func (n *node) guards() *guard {
	i := n.more()
	if i.guard == nil {
		i.guard = &guard{}
	}
	return i.guard
}

// guarded begins a node of a template with rules, or goes on with its begin.
func (m *machine) guarded(n *node) {
	if n.form == formRetry && n.frame == nil {
		n.frame = &frame{}
	}
	switch g := n.known().guard; {
	case n.template.Locks != nil && (g == nil || g.locks == nil):
		m.lock(n)
	case n.template.Memo != nil && (g == nil || g.memo == nil):
		m.recall(n)
	case n.form == formRetry:
		m.set(n, running)
		m.beginAttempt(n)
	default:
		m.ruled(n)
	}
}

// ruled begins what the template does, and the time that it may take.
func (m *machine) ruled(n *node) {
	if m.timed(n) {
		m.body(n)
	}
}

// timed sets the timers of a node's times. It reports false if that ended the node.
func (m *machine) timed(n *node) bool {
	r := n.template.Rules
	if r.Timeout == nil && r.PendingTimeout == nil || n.known().guard != nil && n.info.guard.timed {
		return true
	}
	n.guards().timed = true
	for _, t := range []struct {
		text *plan.Text
		why  alarm
		name string
	}{{r.Timeout, alarmTimeout, "timeout"}, {r.PendingTimeout, alarmPending, "pendingTimeout"}} {
		if t.text == nil {
			continue
		}
		d, err := duration(t.text, m.lookup(place{owner: n, node: n}))
		if err != nil {
			m.end(n, errored, t.name+": "+err.Error())
			return false
		}
		m.timers = append(m.timers, timer{node: n, at: n.started + int64(d), why: t.why})
	}
	return true
}

// ran is called when a leaf begins to run.
func (m *machine) ran(n *node) { n.guards().runs = true }

// duration is the duration that a text becomes.
func duration(t *plan.Text, lookup plan.Lookup) (time.Duration, error) {
	text, err := t.Fill(lookup)
	if err != nil {
		return 0, err
	}
	return expr.Duration(text)
}

// deadline is the error of a node that had its time, in Argo's words.
type deadline string

func (d deadline) Error() string { return string(d) }

const (
	errDeadline deadline = "Step exceeded its deadline"
	errPending  deadline = "Step exceeded its pending timeout"
)

// alarm is called when a timer's time has come.
func (m *machine) alarm(t timer) {
	n := t.node
	if t.why == alarmDeadline {
		m.halt(&outOfTime)
		return
	}
	if n.phase.ended() {
		return
	}
	switch t.why {
	case alarmRetry:
		if _, waits := m.idle[n]; waits {
			m.beginAttempt(n)
		}
	case alarmResume:
		m.resume(n, nil)
	case alarmTimeout:
		m.kill(n, errDeadline)
	case alarmPending:
		if !n.guards().runs {
			m.kill(n, errPending)
		}
	}
}

// kill stops a leaf. It fails when the executor says that it has stopped.
func (m *machine) kill(n *node, cause error) {
	if g := n.guards(); g.ready || n.form == formRetry && g.locks.got() {
		return // it was to bound the waiting for the locks; each attempt has timers of its own
	}
	if _, idle := m.idle[n]; idle {
		delete(m.idle, n)
		m.end(n, failed, cause.Error())
		return
	}
	if n.guards().kill == nil {
		n.guards().kill = cause
		m.kills = append(m.kills, kill{n, cause})
	}
}
