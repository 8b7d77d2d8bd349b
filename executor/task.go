package executor

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/podflow/podflow/workflow/spec"
)

// ID names one attempt of one node, in all runs of all times. It is comparable.
type ID struct {
	// Run is the UID of the run.
	Run string
	// Node is the full name of the node, such as "diamond-x7k2p.A"; it begins with the name of the run.
	Node string
	// Attempt counts from 0. An attempt that was lost to the infrastructure is followed by one with the next number.
	Attempt int
}

// String is the node with its attempt, for messages.
func (id ID) String() string { return fmt.Sprintf("%s#%d", id.Node, id.Attempt) }

// Hash is 13 letters and digits that tell the attempt from all others: for names that have little room.
func (id ID) Hash() string {
	h := sha256.Sum256([]byte(id.Run + "\x00" + id.Node + "\x00" + strconv.Itoa(id.Attempt)))
	return lowerBase32.EncodeToString(h[:])[:13]
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Run is the run that a task belongs to. It does not change.
type Run struct {
	// Name is the name of the run, such as "diamond-x7k2p": a DNS label, unique among the runs of a namespace.
	Name string
	// UID is different for each run, also for two of one name.
	UID string
	// Workflow is the run's workflow, with its arguments filled in and every tag replaced that stands outside of
	// the templates. It is shared: do not change it.
	Workflow *spec.Workflow
	// Created is when the run began.
	Created time.Time
}

// Task is one attempt of one leaf node. It does not change.
type Task struct {
	ID  ID
	Run *Run
	// Path is the node's path in the run, without the run's name: "A", "api.compile", "[1].heads". It is empty
	// for a workflow whose entrypoint is itself a leaf.
	Path string
	// Name is the name of the task or step, or of the template if the node is called by neither.
	Name string
	// TemplateName is the name of the template that the node runs.
	TemplateName string
	// Template gives the template with every tag replaced. It is made at the first call and shared: do not change it.
	Template func() (*spec.Template, error)
	// Written is the template as it was written, with its tags, for those who need no more; nil if that is not known.
	// It is shared: do not change it.
	Written *spec.Template
	// Func is the Go function that the node calls, or nil. See [Task.Call].
	Func Func
	// Inputs are the values of the template's input parameters, in the order of their declaration.
	Inputs []Value
	// Artifacts are the template's input artifacts with the place where each is kept, in the order of their declaration.
	// An optional one that nobody gives is left out.
	Artifacts []Artifact
	// WantResult says that the workflow uses the standard output of the node: [Result].Result must hold it.
	WantResult bool
}

// Func is a Go function as a leaf: it takes the input parameters and gives the output parameters.
type Func func(ctx context.Context, inputs []Value) ([]Value, error)

// Value is a named value, as the text it travels as.
type Value struct{ Name, Value string }

// Result is how the program of a task ended.
type Result struct {
	// Phase is spec.Succeeded or spec.Failed. The zero value means Succeeded.
	Phase spec.Phase
	// ExitCode is that of the main container or process; nil where there is none.
	ExitCode *int
	// Message says why the phase is Failed.
	Message string
	// Outputs are the values of the template's output parameters.
	Outputs []Value
	// Artifacts are the output artifacts that the node left, each where the template's output artifact said that it is to
	// be kept. An optional one that was not there is left out.
	Artifacts []Artifact
	// Result is the standard output without one trailing newline; nil if it was not asked for.
	Result *string
	// Containers are the ends of the containers of a container set that are known, in the order of the template. Those
	// that are not there ended as the whole did.
	Containers []ContainerEnd
	// Err is what a Go function returned when it failed. It lives in this process only.
	Err error
}

// ContainerEnd is how one container of a container set ended.
type ContainerEnd struct {
	Name     string
	ExitCode int
	// Message says what went wrong; empty if nothing did.
	Message string
	// NotRun says that the container did not run, since one that it depends on failed.
	NotRun bool
}

// Update is what happens to a running attempt. A zero field leaves what was known unchanged.
type Update struct {
	// Phase is spec.Pending (waits for something, which Message tells) or spec.Running.
	Phase spec.Phase
	// Message replaces the last one when Phase is set.
	Message string
	// PodName, PodIP and HostNode are where it runs.
	PodName, PodIP, HostNode string
	// Ready says that a daemon is ready to serve.
	Ready bool
}

// Leaf is a template that a workflow runs as a leaf, as [Checker] sees it.
type Leaf struct {
	// Path is where the template stands: templates[echo].
	Path string
	// Template is as it was written, with its tags.
	Template *spec.Template
	// UsesResult says that the workflow uses its standard output.
	UsesResult bool
	// Func says that it is a Go function of the program.
	Func bool
}

// Input is the value of an input parameter; ok is false if the template has none of that name.
func (t *Task) Input(name string) (value string, ok bool) { return find(t.Inputs, name) }

// Call runs the task's Go function, on a goroutine of its own, and waits for it. An error that it returns is its
// failure: phase Failed, with the error in Result.Err. A panic is a [*PanicError], and runtime.Goexit, which
// testing's FailNow calls, is [ErrGoexit]. A function that fails once ctx has ended was stopped: the error is
// context.Cause(ctx), also when that is [ErrDetach], since no later process could adopt a function.
func (t *Task) Call(ctx context.Context) (Result, error) {
	var out []Value
	var err, crash error
	done := make(chan struct{})
	go func() {
		defer close(done)
		crash = ErrGoexit
		defer func() {
			if p := recover(); p != nil {
				crash = &PanicError{Value: p, Stack: debug.Stack()}
			}
		}()
		out, err = t.Func(ctx, t.Inputs)
		crash = nil
	}()
	<-done
	switch {
	case crash != nil:
		return Result{}, crash
	case err != nil && ctx.Err() != nil:
		return Result{}, context.Cause(ctx)
	case err != nil:
		return Result{Phase: spec.Failed, Message: err.Error(), Err: err}, nil
	}
	return Result{Phase: spec.Succeeded, Outputs: out}, nil
}

// ErrGoexit says that a Go function that ran as a node ended its goroutine instead of returning.
var ErrGoexit = errors.New("executor: the function called runtime.Goexit, as t.FailNow does")

// PanicError is the panic of a Go function that ran as a node.
type PanicError struct {
	Value any
	// Stack is the goroutine's stack as text.
	Stack []byte
}

// Error is the panic with its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n\n%s", e.Value, e.Stack) }

// Unwrap is the value of the panic if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Output is the value of an output parameter, or with the name "result" the standard output.
func (r *Result) Output(name string) (value string, ok bool) {
	if v, ok := find(r.Outputs, name); ok {
		return v, true
	}
	if name == "result" && r.Result != nil {
		return *r.Result, true
	}
	return "", false
}

func find(vs []Value, name string) (string, bool) {
	for i := range vs {
		if vs[i].Name == name {
			return vs[i].Value, true
		}
	}
	return "", false
}
