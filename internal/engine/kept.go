package engine

import (
	"slices"
	"strconv"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/journal"
)

// Kept are the records of what another run need not do again that repeats this one: the leaves that succeeded, and
// those in a node that succeeded in spite of them; not what again names, nor exit handlers. They are records of the run
// to.
func (r *Run) Kept(to *executor.Run, again func(path string) bool) []journal.Record {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var records []journal.Record
	for n := range r.m.nodes.all() {
		if n.form != formBody || n.role == roleContainer || n.exit || !n.phase.ended() || !n.isKept(r.run.Name, again) ||
			slices.ContainsFunc(r.m.shown(n.filesOut()), func(a executor.Artifact) bool { return a.Deleted }) {
			continue
		}
		rec := journal.Record{Finished: n.finished}
		rec.ID.Run, rec.ID.Node = to.UID, to.Name+string(n.appendPath(nil))
		switch {
		case n.template.Kind == plan.Suspend && n.phase == succeeded:
			rec.Kind = journal.Resumed
		case n.template.Kind.Leaf() && !n.isDaemon():
		case n.role == roleAttempt:
			rec.Kind = journal.Backoff // its leaves are kept, so nobody waits for it
		default:
			continue
		}
		i := n.known()
		rec.PodName, rec.PodIP, rec.HostNode = i.podName, i.podIP, i.hostNode
		rec.Result = executor.Result{Phase: phases[n.phase], Message: i.message, ExitCode: i.exitCode, Outputs: i.outputs, Result: i.result, Artifacts: there(n.filesOut())}
		records = append(records, rec)
	}
	return records
}

// isKept says that a node, or one that it is in, succeeded, and none of them is to be done again. A hook is done again
// with what it is for.
func (n *node) isKept(run string, again func(path string) bool) bool {
	good := false
	for ; n != nil; n = n.scope {
		good = good || n.phase == succeeded
		if _, path := n.names(run); again(path) {
			return false
		}
		if n.role == roleHook {
			good = false
		}
	}
	return good
}

// keepAll tells the machine what it need not have done.
func (m *machine) keepAll(records []journal.Record) {
	if len(records) == 0 {
		return
	}
	m.kept = make(map[string]*journal.Record, len(records))
	for i := range records {
		m.kept[records[i].ID.Node] = &records[i]
	}
}

// isDone ends a leaf as it ended in the run that this one repeats, if it is kept.
func (m *machine) isDone(n *node) bool {
	rec := m.keptOf(n, "")
	if rec == nil || rec.Kind != journal.Ended {
		return false
	}
	i := n.more()
	i.podName, i.podIP, i.hostNode = rec.PodName, rec.PodIP, rec.HostNode
	res, err := rec.Outcome()
	m.live++
	m.finish(n, &res, err)
	return true
}

// keptOf is the record of a node, or of what is called label in it, that is kept.
func (m *machine) keptOf(n *node, label string) *journal.Record {
	if m.kept == nil {
		return nil
	}
	name, _ := n.names(m.run.Name)
	return m.kept[name+label]
}

// nextIsDone says that the next attempt of a node is kept.
func (m *machine) nextIsDone(n *node) bool {
	return m.kept != nil && m.keptOf(n, "("+strconv.Itoa(len(n.frame.nodes))+")") != nil
}
