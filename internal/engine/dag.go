package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
)

// enterDAG begins the tasks that wait for nothing.
func (m *machine) enterDAG(n *node) {
	t := n.template
	f := m.newFrame(n, len(t.Calls))
	if t.Target != nil && !m.aim(n) {
		return
	}
	f.waits = make([]int32, len(t.Calls))
	ready := 0
	for v := range f.waits {
		if f.waits[v] = int32(len(t.Graph.Pred(int32(v)))); f.waits[v] == 0 && n.wants(int32(v)) {
			ready++
		}
	}
	m.coming += ready
	for v := range f.waits {
		if f.waits[v] == 0 && f.nodes[v] == nil && n.wants(int32(v)) {
			m.coming--
			ready--
			m.beginTask(n, int32(v))
		}
	}
	m.coming -= ready
	m.leaveDAG(n)
}

// aim finds the targets of a dag whose target has tags.
func (m *machine) aim(n *node) bool {
	names, err := n.template.Target.Fill(m.lookup(place{owner: n, node: n}))
	if err == nil {
		var unknown string
		if n.frame.targets, n.frame.wanted, unknown = n.template.Need(strings.Fields(names)); unknown != "" {
			err = fmt.Errorf("no task %q", unknown)
		} else if len(n.frame.targets) == 0 {
			err = errors.New("names no task")
		}
	}
	if err != nil {
		m.end(n, errored, "dag.target: "+err.Error())
	}
	return err == nil
}

// targets are the tasks that decide the phase of a dag.
func (n *node) targets() []int32 {
	if n.template.Target != nil {
		return n.frame.targets
	}
	return n.template.Targets
}

// wants says that a dag's targets need a task.
func (n *node) wants(call int32) bool {
	w := n.template.Wanted
	if n.template.Target != nil {
		w = n.frame.wanted
	}
	return w == nil || w[call]
}

// newFrame is the progress of a dag or steps node.
func (m *machine) newFrame(n *node, size int) *frame {
	n.frame = &frame{nodes: make([]*node, size)}
	if r := n.template.Rules; r != nil && r.Parallelism > 0 {
		n.frame.gate = &gate{limit: r.Parallelism}
	}
	return n.frame
}

// beginTask begins a task whose dependencies have all ended, or omits it.
func (m *machine) beginTask(dag *node, call int32) {
	f := dag.frame
	f.running++
	c := &dag.template.Calls[call]
	if (f.odd || c.Control != nil && c.Depends != nil) && !m.dependenciesMet(dag, call) {
		f.nodes[call] = m.without(node{scope: dag, template: c.Template, call: call}, omitted, "omitted: depends condition not met")
		return
	}
	if f.gate == nil || c.Control != nil && c.Loop != nil {
		f.nodes[call] = m.beginCall(dag, dag, call)
		return
	}
	f.gate.pass(dag, func() { f.nodes[call] = m.beginCall(dag, dag, call) })
}

// dependenciesMet says whether what a task waits for has ended as it needs it.
func (m *machine) dependenciesMet(dag *node, call int32) bool {
	if c := dag.template.Calls[call].Control; c != nil && c.Depends != nil {
		return c.Depends.Eval(func(on int32, cond expr.Condition) bool {
			return m.meets(dag.frame.nodes[on], &dag.template.Calls[on], cond)
		})
	}
	for _, p := range dag.template.Graph.Pred(call) {
		if !m.meets(dag.frame.nodes[p], &dag.template.Calls[p], expr.Bare) {
			return false
		}
	}
	return true
}

// meets says whether a node ended, or is ready as a daemon, as a condition wants it.
func (m *machine) meets(n *node, c *plan.Call, cond expr.Condition) bool {
	if n == nil {
		return false
	}
	switch cond {
	case expr.Succeeded:
		return n.phase == succeeded
	case expr.Failed:
		return n.phase == failed
	case expr.Errored:
		return n.phase == errored
	case expr.Skipped:
		return n.phase == skipped
	case expr.Omitted:
		return n.phase == omitted
	case expr.Daemoned:
		return n.daemoned()
	case expr.AnySucceeded:
		return anyNode(n, func(n *node) bool { return n.phase == succeeded })
	case expr.AllFailed:
		return !anyNode(n, func(n *node) bool { return n.phase != failed })
	}
	return n.phase == succeeded || n.phase == skipped || n.daemoned() || c.Continues(n.phase == failed, n.phase == errored)
}

// anyNode says whether one of the nodes of a loop, or the node itself, is as asked.
func anyNode(n *node, is func(*node) bool) bool {
	if n.form != formLoop {
		return is(n)
	}
	for _, item := range n.frame.nodes {
		if item != nil && is(item) {
			return true
		}
	}
	return false
}

// taskEnded begins the tasks that waited for n only.
func (m *machine) taskEnded(dag, n *node) {
	f := dag.frame
	f.running--
	if n.phase != succeeded {
		f.odd = true
	}
	m.release(dag, n.call)
	m.left(dag, n)
	m.leaveDAG(dag)
}

// release begins the tasks that waited for a call only.
func (m *machine) release(dag *node, call int32) {
	f, t := dag.frame, dag.template
	for _, s := range t.Graph.Succ(call) {
		f.waits[s]--
		if f.waits[s] == 0 && !m.halted(dag) && dag.wants(s) {
			m.beginTask(dag, s)
		}
	}
}

// leaveDAG ends the dag once none of its tasks runs: then none can begin either.
func (m *machine) leaveDAG(dag *node) {
	f := dag.frame
	if f.running > 0 || dag.phase.ended() {
		return
	}
	p, message := succeeded, ""
	if f.gate != nil && f.gate.shut {
		p, message = failed, failedFast
	} else if f.odd || m.halted(dag) {
		p = m.dagPhase(dag)
	}
	m.leave(dag, p, message)
}

// failedFast is what a template says that began no more children after a failure.
const failedFast = "template has failed or errored children and failFast enabled"

// dagPhase is that of the first target that went wrong. A target that did not run has the phase of its branch:
// what went wrong before it.
func (m *machine) dagPhase(dag *node) phase {
	f, t := dag.frame, dag.template
	branch := make([]phase, len(t.Calls))
	for _, v := range t.Graph.Order() {
		n := f.nodes[v]
		if n != nil && n.phase != omitted && n.phase != skipped {
			branch[v] = n.phase
			continue
		}
		branch[v] = succeeded
		if n == nil && m.stop != nil && (int(v) >= len(t.Calls) || dag.wants(v)) {
			branch[v] = failed
		}
		for _, p := range t.Graph.Pred(v) {
			if branch[p].bad() {
				branch[v] = branch[p]
				break
			}
		}
	}
	for _, v := range dag.targets() {
		if branch[v].bad() && !t.Calls[v].Continues(branch[v] == failed, branch[v] == errored) {
			return branch[v]
		}
	}
	return succeeded
}
