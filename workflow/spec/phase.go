package spec

// Phase is how far a node or a workflow is.
type Phase string

// The phases of nodes. A workflow has those of its entry node but for Skipped and Omitted, which count as Succeeded.
const (
	// Pending waits to begin: for a place in the cluster, an image, a lock.
	Pending Phase = "Pending"
	// Running has begun and not ended.
	Running Phase = "Running"
	// Succeeded ended well.
	Succeeded Phase = "Succeeded"
	// Skipped did not run because its condition was false or its list empty.
	Skipped Phase = "Skipped"
	// Failed ended by the program's own failure.
	Failed Phase = "Failed"
	// Errored ended by trouble around the program. Its text is "Error".
	Errored Phase = "Error"
	// Omitted did not run because of how the tasks before it ended.
	Omitted Phase = "Omitted"
)

// Ended says that the phase is a final one.
func (p Phase) Ended() bool {
	switch p {
	case Succeeded, Skipped, Failed, Errored, Omitted:
		return true
	}
	return false
}

// FailedOrErrored says that the phase is Failed or Errored.
func (p Phase) FailedOrErrored() bool { return p == Failed || p == Errored }

// NodeType is what kind of node it is in the tree of a run.
type NodeType string

// The types of nodes.
const (
	TypePod       NodeType = "Pod"
	TypeContainer NodeType = "Container"
	TypeSteps     NodeType = "Steps"
	TypeStepGroup NodeType = "StepGroup"
	TypeDAG       NodeType = "DAG"
	TypeTaskGroup NodeType = "TaskGroup"
	TypeRetry     NodeType = "Retry"
	TypeSkipped   NodeType = "Skipped"
	TypeSuspend   NodeType = "Suspend"
	TypeHTTP      NodeType = "HTTP"
	TypePlugin    NodeType = "Plugin"
)
