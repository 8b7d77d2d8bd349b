package engine

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/podflow/podflow/internal/plan"
)

// beginAttempt begins the next attempt of a node that may be run again.
func (m *machine) beginAttempt(n *node) {
	delete(m.idle, n)
	if n.message() != "" {
		n.more().message = ""
	}
	i := len(n.frame.nodes)
	attempt := m.add(node{
		scope: n, template: n.template, inputs: n.inputs, call: n.call, role: roleAttempt,
		part: &part{label: "(" + strconv.Itoa(i) + ")", index: int32(i)},
	})
	n.frame.nodes = append(n.frame.nodes, attempt)
	if !m.tooMuch(attempt, 0) {
		m.ruled(attempt)
	}
}

// attemptEnded ends a node with its last attempt, or tries again.
func (m *machine) attemptEnded(n, attempt *node) {
	if n.phase.ended() {
		return
	}
	if !attempt.phase.bad() {
		m.endRetry(n, attempt, succeeded, "")
		return
	}
	wait, message := m.retry(n, attempt)
	switch {
	case message != "":
		m.endRetry(n, attempt, attempt.phase, message)
	case wait > 0 && !m.nextIsDone(n):
		n.more().message = "Backoff for " + wait.String()
		m.set(n, running)
		m.idle[n] = struct{}{}
		m.timers = append(m.timers, timer{node: n, at: m.now + int64(wait), why: alarmRetry})
	default:
		m.beginAttempt(n)
	}
}

// endRetry ends a node as its last attempt ended.
func (m *machine) endRetry(n, attempt *node, p phase, message string) {
	i := n.more()
	last := attempt.known()
	i.outputs, i.result, i.exitCode, i.err = last.outputs, last.result, last.exitCode, last.err
	i.podIP, i.hostNode = last.podIP, last.hostNode
	if out := attempt.filesOut(); out != nil {
		n.setFilesOut(out)
	}
	i.message = message
	m.set(n, p)
}

// retry says how long to wait before the next attempt, or why there is none.
func (m *machine) retry(n, last *node) (wait time.Duration, message string) {
	r := n.template.Retry
	lookup := m.lookup(place{owner: last, node: last, after: true})
	switch failure := last.message(); {
	case m.halted(n):
		return 0, or(failure, m.stop.message())
	case last.phase == failed && !r.OnFailed, last.phase == errored && !r.OnErrored, r.Transient && !transient(failure):
		return 0, or(failure, "not to be tried again")
	}
	number := func(t *plan.Text, what string) (v float64) {
		text, err := t.Fill(lookup)
		if err == nil {
			v, err = strconv.ParseFloat(text, 64)
		}
		if err != nil && message == "" {
			message = fmt.Sprintf("retryStrategy.%s: %v", what, err)
		}
		return v
	}
	backoff := func(t *plan.Text, what string) time.Duration {
		d, err := duration(t, lookup)
		if err != nil && message == "" {
			message = fmt.Sprintf("retryStrategy.backoff.%s: %v", what, err)
		}
		return d
	}
	if r.Limit != nil {
		if r.Base != nil { // a backoff without a limit is not honoured
			factor := 1.0
			if r.Factor != nil {
				factor = number(r.Factor, "backoff.factor")
			}
			wait = scaled(backoff(r.Base, "duration"), factor, len(n.frame.nodes)-1)
			if r.Cap != nil {
				wait = min(wait, backoff(r.Cap, "cap"))
			}
		}
		if r.MaxDuration != nil {
			until := n.frame.nodes[0].started + int64(backoff(r.MaxDuration, "maxDuration"))
			switch {
			case m.now > until:
				return 0, "Max duration limit exceeded"
			case m.now+int64(wait) > until:
				return 0, "Backoff would exceed max duration limit"
			}
		}
	}
	if r.Limit != nil && float64(len(n.frame.nodes)) > number(r.Limit, "limit") && message == "" {
		return 0, "No more retries left"
	}
	if message != "" {
		return 0, message
	}
	if r.Expression != nil {
		again, err := r.Expression.Bool(lookup)
		if err != nil {
			return 0, "retryStrategy.expression: " + err.Error()
		}
		if !again {
			return 0, "retryStrategy.expression evaluated to false"
		}
	}
	return wait, ""
}

// scaled is base times factor to the power of n, and not more than a time.Duration can be.
func scaled(base time.Duration, factor float64, n int) time.Duration {
	d := float64(base) * math.Pow(factor, float64(n))
	if d >= math.MaxInt64/4 || math.IsNaN(d) {
		return math.MaxInt64 / 4
	}
	return time.Duration(d)
}
