package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// machine decides what happens in a run: given what has ended, what begins. It is pure: it reads no clock, starts
// nothing and waits for nothing; what is to be done it leaves in commands.
type machine struct {
	run     *executor.Run
	plan    *plan.Plan
	vars    runVars
	globals globals
	// named is the name of a node's Pod, where the executor says it.
	named func(*executor.Task) string
	// globalFiles are the artifacts that the whole run has, by their global names.
	globalFiles map[string]executor.Artifact
	// deleted are the places of artifacts that are gone.
	deleted map[string]bool
	limits  Limits
	now     int64
	nodes   pages[node]
	count   int
	coming  int // how many nodes are sure to begin at once, beside the one that is beginning
	events  pages[record]
	root    *node
	over    bool     // the root has ended, and the exit handlers too
	metrics []Metric // of the run, when it is over
	live    int      // how many attempts are at work
	ended   []*node
	stop    *stop              // why nothing more begins
	idle    map[*node]struct{} // nodes that wait for nothing that is at work: suspended, backing off, queued
	pods    gate
	locks   *holder                    // of the run's own locks
	kept    map[string]*journal.Record // what need not be done, by the node's name
	held    []*node                    // leaves that may not begin, while the run is held; nil: it is not
	commands
	taken []start // what take returned last
	ids   idIndex
}

// Limits bound a run whose templates call themselves.
type Limits struct {
	// Nodes and Depth are how many nodes a run may have, and how deep they may be nested.
	Nodes, Depth int
}

// commands are what the machine wants done.
type commands struct {
	starts []start
	timers []timer
	kills  []kill
	asks   []ask
}

// start is the command to execute an attempt of a leaf.
type start struct {
	node    *node
	attempt int32
	delay   time.Duration
}

// timer is the command to tell the machine when a time has come.
type timer struct {
	node *node
	at   int64
	why  alarm
}

// alarm is what a timer is for.
type alarm uint8

const (
	alarmRetry    alarm = iota // a backoff is over
	alarmTimeout               // a node has had its time
	alarmPending               // a node has waited long enough to run
	alarmResume                // a suspension is over
	alarmDeadline              // the run has had its time
)

// kill is the command to stop what a node has at work.
type kill struct {
	node  *node
	cause error
}

// take is the commands since it was last called, whose memory may be used again now.
func (m *machine) take() commands {
	todo := m.commands
	m.commands = commands{}
	if cap(m.taken) <= pageSize {
		m.commands.starts = m.taken[:0]
	}
	m.taken = todo.starts
	return todo
}

// done says that the run is over and nothing of it is at work.
func (m *machine) done() bool { return m.over && m.live == 0 }

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
	m.pods.limit = m.plan.Parallelism
	m.idle = map[*node]struct{}{}
	m.root = m.nodes.add(node{template: m.plan.Entry, form: m.formOf(m.plan.Entry), started: m.now})
	m.count++
	if waits, err := m.lockRun(); err != nil {
		m.end(m.root, errored, err.Error())
	} else if !waits {
		m.beginRoot()
	}
	m.settle()
}

// beginRoot begins the root, and the run's time.
func (m *machine) beginRoot() {
	m.root.started = m.now
	if len(m.plan.Hooks) > 0 {
		m.root.more().hooks = &hooks{defs: m.plan.Hooks}
	}
	m.runDeadline()
	inputs, err := m.rootInputs()
	m.root.inputs = inputs
	m.enter(m.root, err)
}

// rootInputs are the workflow's arguments that the entry template takes, or its defaults.
func (m *machine) rootInputs() (values []executor.Value, err error) {
	if len(m.plan.Entry.Inputs) == 0 {
		return nil, nil
	}
	values = make([]executor.Value, len(m.plan.Entry.Inputs))
	for i := range m.plan.Entry.Inputs {
		in := &m.plan.Entry.Inputs[i]
		values[i].Name = in.Name
		if v, ok := m.vars["workflow.parameters."+in.Name]; ok {
			values[i].Value = v
		} else if in.Default != nil {
			v, wrong := in.Default.Fill(m.lookup(place{}))
			if values[i].Value = v; err == nil {
				err = wrong
			}
		}
	}
	return values, err
}

// add makes a node. It inherits what holds for all that is below its scope.
func (m *machine) add(n node) *node {
	n.started = m.now
	n.exit = n.exit || n.scope.exit
	n.depth = n.scope.depth + 1
	m.count++
	return m.nodes.add(n)
}

// formOf is how a node of a template comes to its end.
func (m *machine) formOf(t *plan.Template) form {
	if t.Rules != nil && t.Retry != nil {
		return formRetry
	}
	return formBody
}

// set changes the phase of a node and tells those who follow.
func (m *machine) set(n *node, p phase) {
	if p == succeeded && n.known().guard != nil && m.keep(n) {
		return
	}
	if p.ended() && n.isSet() {
		m.endContainers(n, p)
	}
	n.phase = p
	m.events.add(record{node: n, at: m.now, phase: p, attempt: n.attempt, message: n.message()})
	if p.ended() {
		n.finished = m.now
		if n.measured() {
			m.measure(n)
		}
		m.ended = append(m.ended, n)
	} else if n.info != nil && n.info.hooks != nil {
		m.changed(n)
	}
}

// end ends a node with a message.
func (m *machine) end(n *node, p phase, message string) {
	if message != "" {
		n.more().message = message
	}
	m.set(n, p)
}

// enter begins a node that has just been added. err is why it cannot.
func (m *machine) enter(n *node, err error) {
	if n.template.Files != nil && err == nil {
		err = m.takeFiles(n)
	}
	switch {
	case err != nil:
		m.end(n, errored, err.Error())
	case m.stop != nil && m.halted(n):
		m.end(n, failed, m.stop.message())
	case m.tooMuch(n, 0):
	case n.template.Rules != nil:
		m.guarded(n)
	default:
		m.body(n)
	}
}

// body begins what a node's template does.
func (m *machine) body(n *node) {
	switch k := n.template.Kind; {
	case k == plan.Suspend:
		m.set(n, running)
		m.suspend(n)
	case k.Leaf():
		m.leaf(n)
	case k == plan.DAG:
		m.set(n, running)
		m.enterDAG(n)
	default:
		m.set(n, running)
		m.enterSteps(n)
	}
}

// leaf asks for a leaf to be executed, as soon as the run has room for another.
func (m *machine) leaf(n *node) {
	m.set(n, pending)
	if n.isSet() {
		m.beginContainers(n)
	}
	if m.pods.limit == 0 || !n.template.Kind.Pod() {
		m.leafAdmitted(n)
	} else if !m.pods.pass(n, func() { m.leafAdmitted(n) }) {
		m.idle[n] = struct{}{}
	}
}

func (m *machine) leafAdmitted(n *node) {
	delete(m.idle, n)
	if n.phase.ended() {
		m.leafLeft(n)
		return
	}
	if m.holds(n) || m.isDone(n) {
		return
	}
	m.live++
	m.starts = append(m.starts, start{node: n})
}

// leafLeft makes room for another leaf.
func (m *machine) leafLeft(n *node) {
	if m.pods.limit > 0 && n.template.Kind.Pod() {
		m.pods.leave()
	}
}

// finish is the end of a leaf's attempt, as the executor reported it.
func (m *machine) finish(n *node, res *executor.Result, err error) {
	m.live--
	if n.phase.ended() { // a daemon whose scope has ended
		m.leafLeft(n)
		return
	}
	killed := n.known().killed()
	switch {
	case killed != nil:
		m.leafLeft(n)
		n.more().exitCode = res.ExitCode
		m.end(n, failed, killed.Error())
	case err == nil && n.isDaemon():
		m.leafLeft(n)
		n.more().exitCode = res.ExitCode
		m.daemonEnded(n, failed, or(res.Message, "the daemon ended by itself"))
	case err == nil:
		m.leafLeft(n)
		m.finishProgram(n, res)
	case m.halted(n) && n.daemoned():
		m.leafLeft(n)
		m.daemonEnded(n, succeeded, "")
	case m.halted(n):
		m.leafLeft(n)
		n.more().err = m.stop.cause
		m.end(n, failed, m.stop.message())
	case m.again(n, err):
	default:
		m.leafLeft(n)
		n.more().err = err
		m.end(n, errored, err.Error())
	}
}

// again runs a node once more if the infrastructure lost its attempt, and that has not happened too often.
func (m *machine) again(n *node, err error) bool {
	var lost *executor.LostError
	if !errors.As(err, &lost) {
		return false
	}
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
	m.live++
	m.starts = append(m.starts, start{node: n, attempt: n.attempt, delay: time.Second << min(i.lost-1, 5)})
	return true
}

func (m *machine) finishProgram(n *node, res *executor.Result) {
	if n.info == nil && len(n.template.Outputs) == 0 && n.template.Files == nil && !saysMore(res) {
		if res.ExitCode != nil {
			n.info = &exitZero
		}
		m.set(n, succeeded)
		return
	}
	m.containersEnded(n, res.Containers)
	i := n.more()
	i.message, i.exitCode, i.result, i.err = res.Message, res.ExitCode, res.Result, res.Err
	p := succeeded
	switch res.Phase {
	case "", spec.Succeeded:
	case spec.Failed:
		p = failed
	case spec.Errored:
		p = errored
	default:
		p, i.message = errored, fmt.Sprintf("the executor says that it ended in phase %q: expected %s or %s", res.Phase, spec.Succeeded, spec.Failed)
	}
	if len(n.template.Outputs) > 0 {
		values, err := m.leafOutputs(n, res)
		switch {
		case err == nil:
			i.outputs = values
		case p == succeeded:
			p, i.message = errored, err.Error()
		}
	}
	if n.template.Files != nil {
		if err := m.leafFiles(n, res); err != nil {
			p, i.message = errored, err.Error()
		}
	}
	m.set(n, p)
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
	if u.Ready && n.template.Rules != nil && n.template.Daemon {
		m.daemonReady(n)
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
	was := n.phase
	m.set(n, p)
	if was == pending && p == running && n.template.Rules != nil {
		m.ran(n)
	}
}

// settle tells each scope what has ended in it, until nothing more follows from that.
func (m *machine) settle() {
	for len(m.ended) > 0 {
		n := m.ended[len(m.ended)-1]
		m.ended = m.ended[:len(m.ended)-1]
		if i := n.info; i != nil {
			if i.guard != nil {
				m.unlock(i.guard.locks)
			}
			if i.isReady() {
				continue // its scope went on when the daemon was ready
			}
			if i.hooks != nil && !m.changed(n) {
				continue // its hooks are at work
			}
		}
		m.fulfilled(n)
	}
	m.ended = m.ended[:0]
}

// fulfilled tells a node's scope that the node and all that belongs to it have ended.
func (m *machine) fulfilled(n *node) {
	switch scope := n.scope; {
	case scope == nil:
		m.over = true
		m.measureRun()
		m.unlock(m.locks)
	case n.role == roleHook:
		m.hookEnded(scope)
	case n.role == roleContainer: // it ends with its Pod
	case n.role == roleItem:
		m.itemEnded(scope, n)
	case n.role == roleAttempt:
		m.attemptEnded(scope, n)
	case n.role == roleGroup:
		m.groupEnded(scope, n)
	case scope.role == roleGroup:
		m.stepEnded(scope, n)
	default:
		m.taskEnded(scope, n)
	}
}

// leave ends a dag or steps node, with its outputs if it went well.
func (m *machine) leave(n *node, p phase, message string) {
	if p == succeeded && len(n.template.Outputs) > 0 {
		values, err := m.bodyOutputs(n)
		if err != nil {
			p, message = errored, err.Error()
		} else {
			n.more().outputs = values
		}
	}
	if p == succeeded && n.template.Files != nil {
		if err := m.bodyFiles(n); err != nil {
			p, message = errored, err.Error()
		}
	}
	if m.stop != nil && p != succeeded && message == "" && m.halted(n) {
		message = m.stop.message()
	}
	if n.frame != nil {
		n.frame.waits = nil
	}
	m.endDaemons(n)
	m.end(n, p, message)
}

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
