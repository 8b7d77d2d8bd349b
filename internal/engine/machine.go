package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// machine decides what happens in a run: given what has ended, what begins. It is pure: it reads no clock, starts
// nothing and waits for nothing; what is to be started it leaves in starts.
type machine struct {
	run    *executor.Run
	plan   *plan.Plan
	vars   runVars
	now    int64
	nodes  pages[node]
	count  int
	events pages[record]
	root   *node
	starts []start
	ended  []*node // whose end their scope does not know yet
	stop   error   // why nothing more begins
	ids    idIndex
}

// start is the command to execute an attempt of a leaf.
type start struct {
	node    *node
	attempt int32
	delay   time.Duration
}

// record is a change of a node, for those who follow the run.
type record struct {
	node    *node
	at      int64
	message string
	attempt int32
	phase   phase
}

// maxLost is how many attempts of a node the infrastructure may lose.
const maxLost = 5

// begin begins the run.
func (m *machine) begin() {
	entry := m.plan.Entry
	m.root = m.add(node{template: entry, inputs: m.rootInputs()})
	m.enter(m.root, "")
	m.settle()
}

// rootInputs are the workflow's arguments that the entry template takes, or its defaults.
func (m *machine) rootInputs() []executor.Value {
	if len(m.plan.Entry.Inputs) == 0 {
		return nil
	}
	values := make([]executor.Value, len(m.plan.Entry.Inputs))
	for i := range m.plan.Entry.Inputs {
		in := &m.plan.Entry.Inputs[i]
		values[i].Name = in.Name
		if v, ok := m.vars["workflow.parameters."+in.Name]; ok {
			values[i].Value = v
		} else if in.Default != nil {
			values[i].Value, _ = in.Default.Fill(m.vars.value)
		}
	}
	return values
}

func (m *machine) add(n node) *node {
	n.started = m.now
	m.count++
	return m.nodes.add(n)
}

// set changes the phase of a node and tells those who follow.
func (m *machine) set(n *node, p phase) {
	n.phase = p
	m.events.add(record{node: n, at: m.now, phase: p, attempt: n.attempt, message: n.message()})
	if p.ended() {
		n.finished = m.now
		m.ended = append(m.ended, n)
	}
}

// enter begins a node that has just been added. problem is why it cannot.
func (m *machine) enter(n *node, problem string) {
	switch {
	case problem != "":
		n.more().message = problem
		m.set(n, errored)
	case n.template.Kind.Leaf():
		m.set(n, pending)
		m.starts = append(m.starts, start{node: n})
	case n.template.Kind == plan.DAG:
		m.set(n, running)
		m.enterDAG(n)
	default:
		m.set(n, running)
		m.enterSteps(n)
	}
}

// beginCall begins the node of a call. scope is the dag node, or the group's; owner is the node whose template has
// the call, calls the nodes of that template's calls so far.
func (m *machine) beginCall(scope, owner *node, call int32) *node {
	c := &owner.template.Calls[call]
	inputs, problem := m.inputs(owner, c)
	n := m.add(node{scope: scope, template: c.Template, call: call, inputs: inputs})
	m.enter(n, problem)
	return n
}

// inputs are the values that a call gets.
func (m *machine) inputs(owner *node, c *plan.Call) (values []executor.Value, problem string) {
	if c.Texts == nil {
		return c.Inputs, ""
	}
	values = make([]executor.Value, len(c.Inputs))
	copy(values, c.Inputs)
	for i := range c.Texts {
		if len(c.Texts[i].Refs) == 0 {
			continue
		}
		v, missing := c.Texts[i].Fill(func(r *plan.Ref) (string, bool) { return m.value(owner, r) })
		in := &c.Template.Inputs[i]
		switch {
		case missing != "":
			problem = fmt.Sprintf("inputs.parameters.%s: {{%s}} has no value", in.Name, missing)
		case !in.Permits(v):
			problem = fmt.Sprintf("inputs.parameters.%s: the value %q is not one of its enum", in.Name, v)
		}
		values[i].Value = v
	}
	return values, problem
}

// finish is the end of a leaf's attempt, as the executor reported it.
func (m *machine) finish(n *node, res *executor.Result, err error) {
	if n.phase.ended() {
		return
	}
	var lost *executor.LostError
	switch {
	case err == nil:
		m.finishProgram(n, res)
		return
	case m.stop != nil:
		n.more().err = m.stop
		n.more().message = stopMessage(m.stop)
		m.set(n, failed)
		return
	case errors.As(err, &lost) && m.again(n, lost):
		return
	}
	n.more().err = err
	n.more().message = err.Error()
	m.set(n, errored)
}

// again runs a node once more whose attempt the infrastructure lost, if that has not happened too often.
func (m *machine) again(n *node, lost *executor.LostError) bool {
	i := n.more()
	i.lost++
	if i.lost > maxLost || lost.Once && slices.Contains(i.excused, lost.Reason) {
		return false
	}
	if lost.Once {
		i.excused = append(i.excused, lost.Reason)
	}
	n.attempt++
	i.message, i.podName, i.podIP, i.hostNode = lost.Error(), "", "", ""
	m.set(n, pending)
	m.starts = append(m.starts, start{node: n, attempt: n.attempt, delay: time.Second << min(i.lost-1, 5)})
	return true
}

func (m *machine) finishProgram(n *node, res *executor.Result) {
	p := succeeded
	if res.Phase != "" && res.Phase != spec.Succeeded {
		p = failed
		if res.Phase == spec.Errored {
			p = errored
		}
	}
	if n.info == nil && p == succeeded && res.Message == "" && len(n.template.Outputs) == 0 && res.Result == nil &&
		(res.ExitCode == nil || *res.ExitCode == 0) {
		if res.ExitCode != nil {
			n.info = &exitZero
		}
		m.set(n, succeeded)
		return
	}
	i := n.more()
	i.message, i.exitCode, i.result, i.err = res.Message, res.ExitCode, res.Result, res.Err
	if p == succeeded && len(n.template.Outputs) > 0 {
		var missing string
		if i.outputs, missing = outputs(n.template, res); missing != "" {
			p, i.message = errored, "outputs.parameters."+missing+": the container left no value, and there is no default"
		}
	}
	m.set(n, p)
}

// outputs are the values that a leaf left, in the order of the template's outputs.
func outputs(t *plan.Template, res *executor.Result) (values []executor.Value, missing string) {
	values = make([]executor.Value, len(t.Outputs))
	for i := range t.Outputs {
		o := &t.Outputs[i]
		v, ok := "", false
		for j := range res.Outputs {
			if res.Outputs[j].Name == o.Name {
				v, ok = res.Outputs[j].Value, true
			}
		}
		if !ok {
			if o.Default == nil {
				return nil, o.Name
			}
			v = *o.Default
		}
		values[i] = executor.Value{Name: o.Name, Value: v}
	}
	return values, ""
}

// update is what happened to a running leaf.
func (m *machine) update(n *node, u *executor.Update) {
	if n.phase.ended() {
		return
	}
	if u.PodName != "" || u.PodIP != "" || u.HostNode != "" {
		i := n.more()
		i.podName, i.podIP, i.hostNode = or(u.PodName, i.podName), or(u.PodIP, i.podIP), or(u.HostNode, i.hostNode)
	}
	if u.Phase == "" {
		return
	}
	p := pending
	if u.Phase == spec.Running {
		p = running
	}
	if p == n.phase && u.Message == n.message() {
		return
	}
	if n.message() != u.Message {
		n.more().message = u.Message
	}
	m.set(n, p)
}

// settle tells each scope what has ended in it, until nothing more follows from that.
func (m *machine) settle() {
	for len(m.ended) > 0 {
		n := m.ended[len(m.ended)-1]
		m.ended = m.ended[:len(m.ended)-1]
		switch scope := n.scope; {
		case scope == nil:
		case scope.isGroup():
			m.stepEnded(scope, n)
		case n.isGroup():
			m.groupEnded(scope, n)
		default:
			m.taskEnded(scope, n)
		}
	}
	m.ended = m.ended[:0]
}

// leave ends a dag or steps node, with its outputs if it went well.
func (m *machine) leave(n *node, p phase, message string) {
	if p == succeeded && len(n.template.Outputs) > 0 {
		values := make([]executor.Value, len(n.template.Outputs))
		for i := range n.template.Outputs {
			o := &n.template.Outputs[i]
			v, missing := o.From.Fill(func(r *plan.Ref) (string, bool) { return m.value(n, r) })
			if missing != "" {
				if o.Default == nil {
					p, message = errored, fmt.Sprintf("outputs.parameters.%s: {{%s}} has no value", o.Name, missing)
					break
				}
				v = *o.Default
			}
			values[i] = executor.Value{Name: o.Name, Value: v}
		}
		if p == succeeded {
			n.more().outputs = values
		}
	}
	if m.stop != nil && p != succeeded && message == "" {
		message = stopMessage(m.stop)
	}
	if message != "" {
		n.more().message = message
	}
	if n.frame != nil {
		n.frame.waits = nil
	}
	m.set(n, p)
}

func stopMessage(cause error) string { return "terminated: " + cause.Error() }

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// childFailed is what a steps node says of the step that failed it.
func (m *machine) childFailed(n *node) string {
	return "child '" + m.id(n) + "' failed"
}
