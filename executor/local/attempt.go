package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// attempt is a process from before its start to after its end. One goroutine runs it; any number follow it.
type attempt struct {
	task   *executor.Task
	dir    string
	grace  time.Duration
	stores *artifact.Stores
	stop   context.CancelCauseFunc

	waits   chan struct{} // closed when it has to wait for a place
	started chan struct{} // closed when the process runs
	done    chan struct{} // closed when res and err are set
	res     executor.Result
	err     error
}

func (a *attempt) root() string   { return filepath.Join(a.dir, "root") }
func (a *attempt) source() string { return filepath.Join(a.dir, "script") }
func (a *attempt) log() string    { return filepath.Join(a.dir, "log") }

// follow reports what happens to the attempt until it ends or ctx does.
func (a *attempt) follow(ctx context.Context, notify func(executor.Update)) (executor.Result, error) {
	waits, started := a.waits, a.started
	running := func() {
		notify(executor.Update{Phase: spec.Running})
		waits, started = nil, nil
	}
	for {
		select {
		case <-waits:
			notify(executor.Update{Phase: spec.Pending, Message: fmt.Sprintf("waits for one of %d processes to end", maxProcesses)})
			waits = nil
		case <-started:
			running()
		case <-a.done:
			select {
			case <-started:
				running()
			default:
			}
			return a.res, a.err
		case <-ctx.Done():
			cause := context.Cause(ctx)
			if !errors.Is(cause, executor.ErrDetach) {
				a.stop(cause)
				<-a.done
			}
			return executor.Result{}, cause
		}
	}
}

// run waits for a place, runs the process, and reads what it left. When ctx ends, so does the process.
func (a *attempt) run(ctx context.Context, places chan struct{}) (executor.Result, error) {
	select {
	case places <- struct{}{}:
	default:
		close(a.waits)
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return executor.Result{}, context.Cause(ctx)
		}
	}
	defer func() { <-places }()
	template, err := a.task.Template()
	if err != nil {
		return executor.Result{}, err
	}
	deadline, err := activeDeadline(template.ActiveDeadlineSeconds)
	if err != nil {
		return executor.Result{}, err
	}
	c, err := a.prepare(ctx, template)
	if err != nil {
		return executor.Result{}, err
	}
	p, err := start(c)
	if err != nil {
		return executor.Result{}, err
	}
	close(a.started)
	bounded := ctx
	if deadline > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeoutCause(ctx, deadline, errDeadline)
		defer cancel()
	}
	end, err := p.wait(bounded, a.grace)
	if err != nil {
		return executor.Result{}, err
	}
	if end.stopped != nil && end.stopped != errDeadline {
		return executor.Result{}, end.stopped
	}
	res := executor.Result{Phase: spec.Succeeded, ExitCode: &end.code, Result: p.result()}
	switch {
	case end.stopped != nil:
		res.Phase, res.Message = spec.Failed, fmt.Sprintf("main: ran longer than its activeDeadlineSeconds, %v", deadline)
	case end.code != 0:
		res.Phase, res.Message = spec.Failed, end.message()
	}
	var missing error
	res.Outputs, missing = readOutputs(c.root, template.Outputs.Parameters)
	res.Artifacts, err = a.save(ctx, template.Outputs.Artifacts)
	switch {
	case ctx.Err() != nil && err != nil:
		return executor.Result{}, context.Cause(ctx)
	case res.Phase == spec.Succeeded && errors.Join(missing, err) != nil:
		return executor.Result{}, errors.Join(missing, err)
	}
	return res, nil
}

var errDeadline = errors.New("local: activeDeadlineSeconds")

// activeDeadline is the time that a process may run; 0 means no bound.
func activeDeadline(v *intstr.IntOrString) (time.Duration, error) {
	if v == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(v.String())
	if err != nil || n < 1 {
		return 0, fmt.Errorf("activeDeadlineSeconds: %q is not a number of seconds above 0", v.String())
	}
	return time.Duration(n) * time.Second, nil
}

// removeAll removes a directory, also if a program took away its own rights to parts of it.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
