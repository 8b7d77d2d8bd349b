package workflow

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

type inputTypes = map[string]reflect.Type

// Error is one thing that is wrong in a workflow, with the path to it:
//
//	templates[diamond].tasks[B].dependencies: no task "X"; did you mean "A"?
type Error struct{ Path, Problem string }

// Error is the path and the problem.
func (e *Error) Error() string { return e.Path + ": " + e.Problem }

// besides are the problems that are not at a path at which others tell of one already, or below it.
func besides(others, problems []plan.Problem) []plan.Problem {
	if len(others) == 0 {
		return problems
	}
	told := make(map[string]bool, len(others))
	for _, p := range others {
		told[p.Path] = true
	}
	return slices.DeleteFunc(problems, func(p plan.Problem) bool {
		for i := range p.Path {
			if p.Path[i] == '.' && told[p.Path[:i]] {
				return true
			}
		}
		return told[p.Path]
	})
}

// joinProblems is nil if there are none.
func joinProblems(problems []plan.Problem) error {
	var errs []error
	seen := make(map[plan.Problem]bool, len(problems))
	for _, p := range problems {
		if !seen[p] {
			seen[p] = true
			errs = append(errs, &Error{p.Path, p.Text})
		}
	}
	return errors.Join(errs...)
}

// RunError is the end of a run that did not succeed. Its Nodes can be found with errors.As, and so can the errors of Go
// functions. Of a run that was ended errors.Is finds why: [ErrStopped], [ErrTerminated], or the cause with which it, or the
// ctx of [Workflow.Run], was cancelled, which is context.Canceled if none was given. In a run that was recovered since, only
// the text is left of a cause that is the program's own.
type RunError struct {
	// Run is the name of the run.
	Run string
	// Phase is Failed or Errored.
	Phase Phase
	// Message is what the run itself says.
	Message string
	// Nodes are the root causes, in the order in which they began, a hundred at most: nodes that went wrong by
	// themselves, not the dags and steps that failed because of them.
	Nodes []*NodeError
	// Err is trouble of the run itself, or nil: it was cancelled, its journal failed, its clean-up failed.
	Err error
}

// Error names the run and all root causes.
func (e *RunError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s: %s", e.Run, e.Phase)
	for i, n := range e.Nodes {
		if i == maxCauses {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Nodes)-i)
			break
		}
		if len(e.Nodes) == 1 {
			fmt.Fprintf(&b, ": %v", n)
			break
		}
		fmt.Fprintf(&b, "\n  %v", n)
	}
	if e.Err != nil && len(e.Nodes) == 0 {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// maxCauses is how many root causes the text of a RunError names.
const maxCauses = 10

// Unwrap is the root causes, and the trouble of the run itself.
func (e *RunError) Unwrap() []error {
	var errs []error
	for _, n := range e.Nodes {
		errs = append(errs, n)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// NodeError is a node that went wrong.
type NodeError struct {
	// Path is the node's path below the root; the root's is empty.
	Path string
	// Template is the name of its template.
	Template string
	// Message is what happened.
	Message string
	// Phase is Failed or Errored.
	Phase Phase
	// ExitCode is that of the main container or process; -1 if there is none.
	ExitCode int
	// Attempts is how often the node was begun.
	Attempts int
	// Err is what a Func returned, or the executor's error; nil if the program simply failed.
	Err error
}

// Error is the path and what happened.
func (e *NodeError) Error() string {
	what := e.Message
	if what == "" {
		what = string(e.Phase)
	}
	if e.ExitCode > 0 && !strings.Contains(what, "exit code") {
		what = fmt.Sprintf("%s (exit code %d)", what, e.ExitCode)
	}
	if e.Path == "" {
		return e.Template + ": " + what
	}
	return e.Path + ": " + what
}

// Unwrap is what a Func returned, or the executor's error.
func (e *NodeError) Unwrap() error { return e.Err }

// RunExistsError says that another run has the name: one of another workflow, or with other arguments.
type RunExistsError struct{ Name string }

// Error names the run.
func (e *RunExistsError) Error() string {
	return fmt.Sprintf("run %q exists, with another workflow or other arguments", e.Name)
}

// VersionError says that a run that was recorded cannot go on in this program, because the program lacks a Go function
// that the run needs, or has one of that name with other parameters.
type VersionError struct {
	Run string
	Err error
}

// Error names the run and what is missing.
func (e *VersionError) Error() string {
	return fmt.Sprintf("run %q was begun by another version of the program: %v", e.Run, e.Err)
}

// Unwrap is what is missing.
func (e *VersionError) Unwrap() error { return e.Err }

// runError is the error of a run that is over; nil if it succeeded.
func runError(r *engine.Run) error {
	trouble := r.Err()
	phase := r.Phase()
	if !phase.FailedOrErrored() {
		if trouble == nil {
			return nil
		}
		return &RunError{Run: r.Info().Name, Phase: phase, Err: trouble}
	}
	e := &RunError{Run: r.Info().Name, Phase: phase, Message: r.Message(), Err: errors.Join(trouble, r.StopCause())}
	for _, s := range r.Causes() {
		e.Nodes = append(e.Nodes, nodeStatus(r, s).nodeError())
	}
	return e
}

// Phase is how far a node or a run is.
type Phase = spec.Phase

// The phases. Errored is the one that Argo writes as Error.
const (
	Pending   = spec.Pending
	Running   = spec.Running
	Succeeded = spec.Succeeded
	Skipped   = spec.Skipped
	Failed    = spec.Failed
	Errored   = spec.Errored
	Omitted   = spec.Omitted
)
