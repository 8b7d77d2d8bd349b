// Package executor is the contract between a workflow run and what runs its leaf nodes: a Pod, a process, a
// script of a test.
//
// The engine decides what runs and when; an [Executor] runs one attempt of one leaf to its end and knows
// nothing of the workflow language. Write one by implementing Execute, add the optional abilities that make
// sense ([Checker], [Handler], [Releaser], [LogReader], [Keeper], [Namer]), and prove it with the conformance suite of package
// executortest.
package executor

import (
	"context"
	"errors"
	"io"

	"github.com/podflow/podflow/workflow/spec"
)

// Executor runs leaf nodes. Its methods are called from many goroutines at once.
//
// Execute runs one attempt to its end and reports it. It is idempotent in t.ID: if an earlier call, of an earlier
// process even, already started that attempt, the attempt is adopted and not started twice.
//
// A Result with a nil error is the program's own end. An error means that the infrastructure failed, and the node
// ends in phase Error; a [*LostError] says besides that the attempt may be run again, under the next attempt number.
//
// notify reports what happens on the way; it never blocks and may be called until Execute returns.
//
// When ctx ends, Execute stops the work, waits until it is gone, and returns context.Cause(ctx). If that cause is
// [ErrDetach] it returns at once instead and leaves the work running, to be adopted later.
type Executor interface {
	Execute(ctx context.Context, t *Task, notify func(Update)) (Result, error)
}

// Checker is an Executor that can say before a run begins what it cannot do. The error joins all problems.
// Nothing of a workflow starts that was refused here.
type Checker interface {
	Check(w *spec.Workflow, leaves []Leaf) error
}

// Handler is an Executor that sets up what the nodes of a run share, and cleans it up. BeginRun comes before the
// first Execute of a run, EndRun after the last; a run that is detached does not see EndRun.
type Handler interface {
	BeginRun(ctx context.Context, r *Run) error
	EndRun(ctx context.Context, r *Run, phase spec.Phase) error
}

// Releaser is an Executor that keeps the remains of an attempt until its result is recorded. Release says that it
// is: only from then on may the remains be deleted.
type Releaser interface {
	Release(ctx context.Context, t *Task) error
}

// LogReader is an Executor that can give the log of an attempt, from its beginning to the attempt's end; reading
// waits for more while the attempt runs. The error is [ErrNoLog] if there is no log of it.
type LogReader interface {
	Logs(ctx context.Context, t *Task) (io.ReadCloser, error)
}

// Claimer is an Executor that also executes what a run otherwise does by itself, in its own process: HTTP requests, and
// the work of plugins. Claims says whether it executes the leaves of such a template. A fake claims them all, so that
// in a test nothing is requested.
type Claimer interface {
	Claims(t *spec.Template) bool
}

// Namer is an Executor whose attempts have a name that is known before they begin: that of the Pod. It is what
// {{pod.name}} stands for; with others that is the name that Argo would give the Pod.
type Namer interface {
	PodName(t *Task) string
}

// ErrDetach, as the cause of a cancelled context, leaves the work running for a later process to adopt.
var ErrDetach = errors.New("executor: detached")

// ErrNoLog says that an attempt left no log.
var ErrNoLog = errors.New("executor: no log")

// LostError says that an attempt was lost to trouble of the infrastructure, not of its program. The engine runs
// the node again as its next attempt, from a budget that the template's retryStrategy knows nothing of.
type LostError struct {
	// Reason is one CamelCase word, such as Preempted or NodeLost.
	Reason string
	// Once says that this reason excuses a node only one time.
	Once bool
	// Err is what happened, for people.
	Err error
}

// Error is the reason and what happened.
func (e *LostError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap is what happened.
func (e *LostError) Unwrap() error { return e.Err }
