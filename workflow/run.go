package workflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// RunOption is a setting of one run. An [Argument] is one.
type RunOption interface{ applyRun(*runConfig) }

type runConfig struct {
	args                []*build.Arg
	name                string
	labels, annotations map[string]string
	restart             []string
	memoized            bool
	replaces, keeps     *Run // the run whose place this one takes, and the one whose results it keeps
}

type runOption func(*runConfig)

func (o runOption) applyRun(c *runConfig) { o(c) }

// RunName names the run; without it the name is the workflow's, with a suffix if that ends in "-".
func RunName(name string) RunOption { return runOption(func(c *runConfig) { c.name = name }) }

// Run runs the workflow to its end. It is short for a [Runner] of its own: when ctx ends, the run is cancelled and what
// was at work is stopped before Run returns. The run is not nil if it began; the error is a *[RunError] if it did not
// succeed.
func (w *Workflow) Run(ctx context.Context, x executor.Executor, opts ...RunOption) (*Run, error) {
	r := NewRunner(x)
	run, err := r.Start(ctx, w, opts...)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { run.r.Cancel(context.Cause(ctx)) })
	defer stop()
	<-run.r.Done()
	return run, runError(run.r)
}

// Run is one run of a workflow. Its methods may be called at any time, also when it is over.
type Run struct {
	r    *engine.Run
	w    *Workflow
	args []executor.Value // that were given
}

// Name is the run's name.
func (r *Run) Name() string { return r.r.Info().Name }

// UID is different for each run, also for two of one name.
func (r *Run) UID() string { return r.r.Info().UID }

// Workflow is a copy of the run's workflow, as data, with its arguments filled in.
func (r *Run) Workflow() *spec.Workflow { return r.r.Info().Workflow.DeepCopy() }

// Wait waits for the run's end, or for ctx. It may be called again. The error is a *[RunError] if the run did not
// succeed, and [ErrDetached] if its Runner was closed.
func (r *Run) Wait(ctx context.Context) error {
	select {
	case <-r.r.Done():
	case <-ctx.Done():
		select {
		case <-r.r.Done():
		default:
			return context.Cause(ctx)
		}
	}
	if r.r.Detached() {
		return ErrDetached
	}
	return runError(r.r)
}

// ErrDetached says that the run goes on without this process, or waits for another to recover it.
var ErrDetached = errors.New("the run was let go of")

// Cancel ends the run: nothing more begins, what is at work is stopped. Wait tells when that is done.
func (r *Run) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	r.r.Cancel(cause)
}

// ErrStopped and ErrTerminated are why a run ended that was stopped or terminated.
var (
	ErrStopped    = engine.ErrStopped
	ErrTerminated = engine.ErrTerminated
)

// Stop ends the run, but its exit handlers still run: nothing else begins, the exit handlers of its tasks and steps
// neither, and what is at work is stopped. Wait tells when that is done.
func (r *Run) Stop(ctx context.Context) error {
	r.r.Stop(ErrStopped)
	return ctx.Err()
}

// Terminate ends the run: nothing more begins, its exit handlers neither, and what is at work is stopped. Wait tells
// when that is done.
func (r *Run) Terminate(ctx context.Context) error {
	r.r.Cancel(ErrTerminated)
	return ctx.Err()
}

// Suspend lets nothing more begin until the run is resumed. What is at work goes on.
func (r *Run) Suspend(ctx context.Context) error {
	r.r.Hold()
	return ctx.Err()
}

// Resume lets go on what [Run.Suspend] holds, if the path is empty; else the suspended node of that path, with values
// for the outputs that it is to be supplied with; see [Output.Set]. It is an error if the node is not suspended, or has
// no such output.
func (r *Run) Resume(ctx context.Context, path string, outputs ...OutputValue) error {
	values := make([]executor.Value, len(outputs))
	for i, o := range outputs {
		values[i].Name, values[i].Value = o.Output()
	}
	return r.r.Resume(ctx, path, values)
}

// Events are the changes of nodes, from the beginning of the run to its end or that of ctx. A slow reader misses
// nothing and holds nothing up.
func (r *Run) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for e := range r.r.Events(ctx) {
			if !yield(Event{e.Time, nodeStatus(r.r, e.Status)}) {
				return
			}
		}
	}
}

// Phase is the phase of the run.
func (r *Run) Phase() Phase { return r.r.Phase() }

// Output reads an output of the entry template; see [Output.Get].
func (r *Run) Output(name string) (value string, ok bool) { return r.Node("").Output(name) }

// Node is a node by its path below the root: "A", "api.compile", "[1].heads". The root's path is empty. It is nil if no
// such node has begun.
func (r *Run) Node(path string) *NodeStatus {
	s, ok := r.r.Node(path)
	if !ok {
		return nil
	}
	return nodeStatus(r.r, s)
}

// Nodes are the nodes that have begun, in that order. Each is as it is when the loop comes to it.
func (r *Run) Nodes() iter.Seq[*NodeStatus] {
	return func(yield func(*NodeStatus) bool) {
		for s := range r.r.Nodes() {
			if !yield(nodeStatus(r.r, s)) {
				return
			}
		}
	}
}

// Children are the paths of the nodes that come next after each node, as Argo draws its tree: a node is a child of
// every node that it waited for, and of its dag or group where it waited for none.
func (r *Run) Children() map[string][]string { return r.r.Children() }

// Logs follows the log of a node's last attempt to its end. The error is executor.ErrNoLog if there is none, or the
// executor keeps none.
func (r *Run) Logs(ctx context.Context, path string) (io.ReadCloser, error) {
	task, x := r.r.Task(path)
	if task == nil {
		return nil, fmt.Errorf("node %q: no container, script or function of that path has begun%s: %w", path, nearest.Hint(path, r.paths()), executor.ErrNoLog)
	}
	logs, ok := x.(executor.LogReader)
	if !ok {
		return nil, fmt.Errorf("node %q: %T: %w", path, x, executor.ErrNoLog)
	}
	return logs.Logs(ctx, task)
}

// Event says that a node changed.
type Event struct {
	Time time.Time
	// Node is the node as it was then.
	Node *NodeStatus
}

// NodeStatus is what was known of one node at one time.
type NodeStatus struct {
	// Path is the node's path below the root: "A", "api.compile", "[1].heads". The root's is empty.
	Path string
	// Name is the node's full name, which begins with the run's; DisplayName is its last part.
	Name, DisplayName string
	// Parent is the path of the dag, steps or group that the node is in. The root, whose Path is empty, has none.
	Parent string
	// Type says what the node is.
	Type spec.NodeType
	// Template is the name of the node's template; empty for a group of steps.
	Template string
	// Phase is how far the node is.
	Phase Phase
	// Message says why the node waits, or what went wrong.
	Message string
	// Attempts is how often the node was begun: more than once if the infrastructure lost it.
	Attempts int
	// Started and Finished are when the node began and ended; Finished is the zero time until then.
	Started, Finished time.Time
	// Inputs and Outputs are the values of the template's parameters, in the order of their declaration. They are
	// shared: do not change them.
	Inputs, Outputs []executor.Value
	// InputArtifacts and Artifacts are the files that the node was given and those that it left, each with the place where
	// it is kept. They are shared: do not change them.
	InputArtifacts, Artifacts []executor.Artifact
	// Result is the standard output; nil if it was not kept.
	Result *string
	// ExitCode is that of the main container or process; nil if there is none.
	ExitCode *int
	// Memoized says that the outputs are from a cache, and nothing ran.
	Memoized bool
	// Pod is the name of the node's Pod and Host that of the machine, where it has them.
	Pod, Host string
	// Metrics are what the node's template says is to be measured of it, which is done when it has ended: until then
	// there are only those that show how long it takes. A node that is tried again has them once for all its attempts.
	Metrics []Metric

	run *engine.Run
	err error
}

// ID is the node's ID as Argo makes it: the run's name and a number made of the node's name. Where two names make the
// same number, the later node's ID ends in -2. The first call for a run costs an index of all its nodes.
func (n *NodeStatus) ID() string { return n.run.ID(n.Path) }

// Err is what went wrong, as a *[NodeError]; nil if nothing did.
func (n *NodeStatus) Err() error {
	if n == nil || !n.Phase.FailedOrErrored() {
		return nil
	}
	return n.nodeError()
}

// Input is the value of an input parameter; see [Param.Get].
func (n *NodeStatus) Input(name string) (value string, ok bool) {
	if n == nil {
		return "", false
	}
	return find(n.Inputs, name)
}

// Output is the value of an output parameter, or with the name "result" the standard output; see [Output.Get].
func (n *NodeStatus) Output(name string) (value string, ok bool) {
	if n == nil {
		return "", false
	}
	return (&executor.Result{Outputs: n.Outputs, Result: n.Result}).Output(name)
}

func (n *NodeStatus) nodeError() *NodeError {
	e := &NodeError{Path: n.Path, Template: n.Template, Message: n.Message, Phase: n.Phase, ExitCode: -1, Attempts: n.Attempts, Err: n.err}
	if n.ExitCode != nil {
		e.ExitCode = *n.ExitCode
	}
	return e
}

func find(values []executor.Value, name string) (string, bool) {
	for _, v := range values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}

func nodeStatus(r *engine.Run, s engine.Status) *NodeStatus {
	return &NodeStatus{
		Path: s.Path, Name: s.Name, DisplayName: s.DisplayName, Parent: s.Parent, Type: s.Type, Template: s.TemplateName,
		Phase: s.Phase, Message: s.Message, Attempts: s.Attempts, Started: s.Started, Finished: s.Finished,
		Inputs: s.Inputs, Outputs: s.Outputs, Result: s.Result, ExitCode: s.ExitCode, Memoized: s.Memoized, Pod: s.PodName, Host: s.HostNode,
		InputArtifacts: s.FilesIn, Artifacts: s.FilesOut,
		Metrics: metrics(s.Metrics),
		run:     r, err: s.Err,
	}
}
