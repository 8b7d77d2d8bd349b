package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// attempt is one attempt of a leaf while it is executed.
type attempt struct {
	task  executor.Task
	run   *Run
	node  *node
	ctx   context.Context
	delay time.Duration

	// the end
	result executor.Result
	err    error
	at     int64

	once    sync.Once
	spec    *spec.Template
	specErr error
}

func (r *Run) newAttempt(s start) *attempt {
	n := s.node
	a := &attempt{run: r, node: n, delay: s.delay}
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
	return a
}

// context is that of an attempt that can be stopped while others go on.
func (r *Run) context(a *attempt) (done func()) {
	if a.node.template.Rules == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancelCause(a.ctx)
	a.ctx = ctx
	r.kills.Store(a.node, cancel)
	if cause := r.killed(a.node); cause != nil {
		cancel(cause)
	}
	return func() { r.kills.Delete(a.node); cancel(nil) }
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

// execute runs an attempt to its end. A panic of the executor is the node's error and not the program's end.
func (r *Run) execute(a *attempt) {
	defer func() {
		if p := recover(); p != nil {
			a.err, a.at = &executor.PanicError{Value: p, Stack: debug.Stack()}, time.Now().UnixNano()
		}
	}()
	defer r.context(a)()
	switch {
	case r.over:
		a.result = executor.Result{Phase: spec.Failed, Message: "terminated"}
	case r.stopped.Load() && !a.node.exit:
		<-a.ctx.Done() // it is being cancelled
		a.err = context.Cause(a.ctx)
	case a.delay > 0 && !a.wait(a.ctx):
		a.err = context.Cause(a.ctx)
	case a.node.template.Func != nil && a.node.template.Files != nil:
		a.result, a.err = r.executeFunc(a)
	case a.node.template.Kind == plan.Resource:
		a.result, a.err = r.executeResource(a)
	default:
		a.result, a.err = r.executor(a.node.template).Execute(a.ctx, &a.task, a.notify)
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

func (a *attempt) notify(u executor.Update) {
	if !a.run.show(a, &u) {
		queued := u
		a.run.tell(event{attempt: a, update: &queued})
	}
}

// show applies an update from which nothing can follow, and which so need not wait for what is being recorded. It
// reports false if something can.
func (r *Run) show(a *attempt, u *executor.Update) bool {
	now := time.Now().UnixNano()
	r.mu.Lock()
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
