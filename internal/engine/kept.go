package engine

import (
	"slices"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/journal"
)

// Kept are the records of what another run need not do again that repeats this one: the leaves that succeeded, and
// those in a node that succeeded in spite of them; not what again names, nor the exit handlers of the run. They are
// records of the run to.
func (r *Run) Kept(to *executor.Run, again func(path string) bool) []journal.Record {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var records []journal.Record
	for n := range r.m.nodes.all() {
		if n.form != formBody || n.role == roleContainer || n.exit || !n.phase.ended() || !n.kept(r.run.Name, again) {
			continue
		}
		rec := journal.Record{Finished: n.finished}
		rec.ID.Run = to.UID
		rec.ID.Node = to.Name + string(n.appendPath(nil))
		i := n.known()
		rec.PodName, rec.PodIP, rec.HostNode = i.podName, i.podIP, i.hostNode
		rec.Result = executor.Result{Phase: phases[n.phase], Message: i.message, ExitCode: i.exitCode, Outputs: i.outputs, Result: i.result}
		switch {
		case n.template.Kind == plan.Suspend && n.phase == succeeded:
			rec.Kind = journal.Resumed
		case !n.template.Kind.Leaf() || n.isDaemon():
			continue
		}
		records = append(records, rec)
	}
	slices.SortStableFunc(records, func(a, b journal.Record) int { return int(a.Finished - b.Finished) })
	return records
}

// kept says that a node, or one that it is in, succeeded, and none of them is to be done again.
func (n *node) kept(run string, again func(path string) bool) bool {
	good := false
	for ; n != nil; n = n.scope {
		good = good || n.phase == succeeded
		if _, path := n.names(run); again(path) {
			return false
		}
	}
	return good
}
