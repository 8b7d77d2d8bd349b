package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// attempt is one attempt of a leaf while it is executed.
type attempt struct {
	task    executor.Task
	run     *Run
	node    *node
	ctx     context.Context
	delay   time.Duration
	files   *FuncFiles // of a Go function that has artifacts
	notify  func(executor.Update)
	queues  atomic.Bool // an update waits for its turn, and so must those after it
	release func()      // of what can be stopped alone

	// the end
	result *executor.Result // shared if it says no more than that all went well
	err    error
	at     int64

	once    sync.Once
	spec    *spec.Template
	specErr error
}

func (r *Run) newAttempt(s start) *attempt {
	n := s.node
	a := &attempt{run: r, node: n, delay: s.delay, result: &plain}
	t := &a.task
	t.ID.Run, t.ID.Attempt = r.run.UID, int(s.attempt)
	t.ID.Node, t.Path = n.names(r.run.Name)
	t.Run, t.Inputs, t.Func = r.run, n.inputs, n.template.Func
	t.TemplateName, t.Name = n.template.Name, n.template.Name
	t.WantResult = n.template.WantsResult
	if c := n.planCall(); c != nil {
		t.WantResult = c.WantResult
		if c.Name != "" {
			t.Name = c.Name
		}
	}
	t.Template, t.Written = a.template, n.template.Spec
	a.ctx = r.contextOf(n)
	a.notify = func(u executor.Update) {
		if a.queues.Load() || !a.run.show(a, &u) {
			a.queues.Store(true)
			queued := u
			a.run.tell(event{attempt: a, update: &queued})
		}
	}
	return a
}

// cancellable lets an attempt be stopped while others go on.
func (a *attempt) cancellable() {
	r := a.run
	ctx, cancel := context.WithCancelCause(a.ctx)
	a.ctx = ctx
	r.kills.Store(a.node, cancel)
	if cause := r.killed(a.node); cause != nil {
		cancel(cause)
	}
	a.release = func() { r.kills.Delete(a.node); cancel(nil) }
}

// plain is the result of an attempt of which there is nothing to say but that it went well, plainExit that of a program.
var plain, plainExit = executor.Result{}, executor.Result{ExitCode: new(int)}

// saysMore says that a result is neither plain nor plainExit.
func saysMore(r *executor.Result) bool {
	return r.Phase != "" && r.Phase != spec.Succeeded || r.ExitCode != nil && *r.ExitCode != 0 || r.Message != "" ||
		r.Outputs != nil || r.Artifacts != nil || r.Result != nil || r.Containers != nil || r.Err != nil
}

// killed is why a node is to be stopped, or nil.
func (r *Run) killed(n *node) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if n.phase.ended() {
		return errScope
	}
	return n.known().killed()
}

// execute runs the attempt to its end.
func (a *attempt) execute() {
	if a.prepare() {
		res, err := a.run.executor(a.node.template).Execute(a.ctx, &a.task, a.notify)
		if a.err = err; saysMore(&res) {
			kept := res
			a.result = &kept
		} else if res.ExitCode != nil {
			a.result = &plainExit
		}
	}
	a.finish()
}

// prepare does what precedes an attempt's execution; it reports false if the attempt has ended already.
func (a *attempt) prepare() bool {
	r, t := a.run, a.node.template
	if t.Rules != nil {
		a.cancellable()
	}
	switch {
	case r.over:
		a.result = &executor.Result{Phase: spec.Failed, Message: "terminated"}
		return false
	case r.stopped.Load() && !a.node.exit:
		<-a.ctx.Done() // it is being cancelled
		a.err = context.Cause(a.ctx)
	case a.delay > 0 && !a.wait(a.ctx):
		a.err = context.Cause(a.ctx)
	case t.Func != nil && t.Files != nil:
		a.err = a.openFiles()
	case t.Kind == plan.Resource && t.Spec.Resource.ManifestFrom != nil && !claims(r.exec, t.Spec):
		if err := r.readManifest(a); err != nil {
			a.err = fmt.Errorf("resource.manifestFrom: %w", err)
		}
	}
	return a.err == nil
}

// finish follows an attempt's execution, however that ended.
func (a *attempt) finish() {
	if a.files != nil {
		a.files.settle(a)
	}
	if a.release != nil {
		a.release()
	}
	a.at = time.Now().UnixNano()
}

// wait waits until the attempt is due; it reports false if ctx ends before.
func (a *attempt) wait(ctx context.Context) bool {
	timer := time.NewTimer(a.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// show applies an update from which nothing can follow, and which so need not wait for what is being recorded. It
// reports false if something can, or if others are at the run: waiting for them is dearer than queueing.
func (r *Run) show(a *attempt, u *executor.Update) bool {
	now := time.Now().UnixNano()
	if !r.mu.TryLock() {
		return false
	}
	defer r.mu.Unlock()
	switch {
	case a.node.template.Rules != nil || a.node.known().hooks != nil:
		return false
	case int(a.node.attempt) == a.task.ID.Attempt:
		r.m.now = now
		r.m.update(a.node, u)
		r.tellChanged()
	}
	return true
}

// template is the leaf's template with every tag replaced.
func (a *attempt) template() (*spec.Template, error) {
	a.once.Do(func() {
		t := a.node.template
		a.spec = t.Spec
		if len(t.Fields) == 0 && t.Files == nil && t.Kind != plan.Data {
			return
		}
		a.spec = t.Spec.DeepCopy()
		a.run.mu.RLock() // some of what tags stand for changes
		defer a.run.mu.RUnlock()
		if err := t.Fields.Fill(a.spec, a.run.m.lookup(place{owner: a.node, node: a.node})); err != nil {
			a.specErr = fmt.Errorf("%s: %w", t.Path, err)
			return
		}
		if t.Kind == plan.Data && a.spec.Data.Source.ArtifactPaths != nil {
			from := &a.spec.Data.Source.ArtifactPaths.ArtifactLocation
			*from = a.run.repository.complete(from, a.spec)
		}
		a.specErr = a.keepOutputs()
	})
	return a.spec, a.specErr
}
