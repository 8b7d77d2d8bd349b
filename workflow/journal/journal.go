// Package journal is the record of runs: what began, and how each node ended. Nothing acts on the end of a node
// before the journal has it, so a process that takes a run over repeats nothing that ended.
//
// [OpenDir] is a journal in a directory, for another process to go on after a crash. [NewMemory] is that of one process:
// it lets a new Runner of that process go on with what another one let go of, and lets tests see what is recorded.
//
// A journal holds the arguments of a run and the values of its nodes in clear text. What is secret belongs into Secrets.
package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Journal keeps the records of runs. Its methods may be called at the same time.
type Journal interface {
	// Begin records a new run. The error is an [*ExistsError] if there is a run of that name, unless it is the one that
	// s replaces, and is over.
	Begin(ctx context.Context, s Start) error
	// Append adds to what happened in a run. When it returns they are safe.
	Append(ctx context.Context, run string, records []Record) error
	// End records that a run is over.
	End(ctx context.Context, run string, phase spec.Phase) error
	// Read is all that is recorded of a run. The error is [ErrNoRun] if there is none of that name.
	Read(ctx context.Context, run string) (*Run, error)
	// Names are the names of all runs, in the order in which they began.
	Names(ctx context.Context) ([]string, error)
}

// Start is the first record of a run.
type Start struct {
	// Run has the run's name, its UID, its workflow with the arguments filled in, and when it began.
	Run executor.Run
	// Workflow is what was compiled: recovery runs this and not what the program has become.
	Workflow *spec.Workflow
	// WorkflowTemplates and ClusterWorkflowTemplates are those that the workflow refers to, by name.
	WorkflowTemplates, ClusterWorkflowTemplates map[string]*spec.WorkflowSpec
	// Funcs are the Go functions that the workflow uses, by the names of their templates: what they take and give.
	Funcs map[string]string
	// Config are the values of the keys of ConfigMaps that the workflow uses, as they were when the run began.
	Config []executor.Value
	// Arguments are the values given to the run, by name.
	Arguments []executor.Value
	// Digest tells workflows apart: equal ones are the same workflow.
	Digest string
	// Replaces is the UID of a run of the same name that is over and that this one repeats. Empty: the name is new.
	Replaces string
	// Kept is what this run takes over from another one when it comes to it: the ends of leaves, and Resumed nodes.
	Kept []Record
	// Repository is where artifacts are kept of which nothing else is said; its key is the format of keys. Nil: nowhere.
	Repository *spec.ArtifactLocation
}

// Run is what is recorded of a run.
type Run struct {
	Start
	// Records are what happened, in the order in which it was recorded.
	Records []Record
	// Phase is empty until the run is over.
	Phase spec.Phase
}

// Kind is what a [Record] records.
type Kind string

// The kinds of record.
const (
	// Ended is the end of an attempt of a leaf.
	Ended Kind = ""
	// Ready is that an attempt of a daemon serves.
	Ready Kind = "ready"
	// Running is that an attempt runs, where something depends on that: a hook, or a limit to how long it is Pending.
	Running Kind = "running"
	// Resumed is that a suspended node goes on, or the run itself: ID.Node names it, Result.Outputs are the values given.
	Resumed Kind = "resumed"
	// Suspended is that what had not begun was held back. It ends with a Resumed of the run itself.
	Suspended Kind = "suspended"
	// Backoff, TimedOut and PendingTimedOut are that the time of a node had come: to be tried again, or to end.
	Backoff         Kind = "backoff"
	TimedOut        Kind = "timeout"
	PendingTimedOut Kind = "pendingTimeout"
	// Locked is that a node, or the run, got its locks, or in Error why it cannot.
	Locked Kind = "locked"
	// Recalled is what there was in the cache of a node: a Result with a phase, or nothing. Stored is that the node's
	// outputs were put there. Error is why not.
	Recalled Kind = "recalled"
	Stored   Kind = "stored"
	// Collected is that artifacts of a node were deleted.
	Collected Kind = "collected"
	// Stopped and Cancelled are that the run was stopped, with and without its exit handlers: Error says why.
	Stopped   Kind = "stopped"
	Cancelled Kind = "cancelled"
)

// Record is something that happened to a run and from which other things follow: the end of one attempt of a leaf,
// most often. What happened in a run follows from its start and its records, in their order.
type Record struct {
	Kind   Kind
	ID     executor.ID
	Result executor.Result
	// Error is what the infrastructure's trouble was, or empty.
	Error string
	// Lost is the reason if the attempt was lost, and Once whether that excuses a node only one time.
	Lost string
	Once bool
	// PodName, PodIP and HostNode are where the attempt ran, as far as that is known.
	PodName, PodIP, HostNode string
	// Finished is when it happened, in nanoseconds since 1970.
	Finished int64
}

// ErrNoRun says that the journal has no run of a name.
var ErrNoRun = errors.New("journal: no such run")

// ExistsError says that the journal has a run of that name already.
type ExistsError struct{ Name string }

// Error names the run.
func (e *ExistsError) Error() string { return fmt.Sprintf("journal: run %q exists", e.Name) }

// NewRecord is the record of an attempt that ended as Execute returned it.
func NewRecord(id executor.ID, res executor.Result, err error, finished int64) Record {
	r := Record{ID: id, Result: res, Finished: finished}
	if err != nil {
		r.Error = err.Error()
		if lost, ok := errors.AsType[*executor.LostError](err); ok {
			r.Lost, r.Once = lost.Reason, lost.Once
			if lost.Err != nil {
				r.Error = lost.Err.Error()
			}
		}
	}
	return r
}

// Outcome is what Execute returned.
func (r *Record) Outcome() (executor.Result, error) {
	switch {
	case r.Lost != "":
		return r.Result, &executor.LostError{Reason: r.Lost, Once: r.Once, Err: errors.New(r.Error)}
	case r.Error != "":
		return r.Result, errors.New(r.Error)
	}
	return r.Result, nil
}
