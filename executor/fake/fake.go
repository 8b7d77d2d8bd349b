// Package fake is an executor whose nodes end as a test says, without running anything.
//
//	x := fake.New(t).
//		On("split", fake.Succeed(parts.Set(list))).
//		On("fetch", fake.Fail(1, "connection refused"), fake.Succeed()). // first attempt, all later ones
//		OnFunc("map", func(task *executor.Task) (fake.Outcome, error) { … }). // by its inputs
//		On("train", fake.Succeed().Taking(3*time.Hour))
//	run, err := wf.Run(t.Context(), x)
//
// A node for which nothing is scripted succeeds at once if the workflow wants no values of it; else it ends in Error
// and says which script is missing. A Go function runs for real unless it is scripted. In a testing/synctest bubble
// hours pass in no time, so that timeouts, backoffs and schedules can be tested as they are.
//
// # Which script is whose
//
// A script is for a task or step by its name, or by its path if several share the name; a workflow that is a single
// leaf, an exit handler or a hook has the name of its template. The most exact script wins. Of a node that is
// attempt 1 of the child for item x of the loop "map" in the dag "api" these match, in this order:
//
//	api.map(0:x)(1)    this attempt only
//	api.map(0:x)       this child, whatever attempt
//	api.map            every child of the loop
//	map                every task of that name
//
// Several outcomes are for the attempts of one node, be they retried by the template's retryStrategy or after trouble
// of the infrastructure: each child of a loop, in each run, begins with the first outcome, and the last one is for
// all attempts that follow.
//
// A fake serves one workflow: a script for a name that the workflow does not have is refused before a run begins,
// unless a templateRef hides which names there are. What was scripted and not used fails the test when it ends; see
// [Executor.Verify] and [Outcome.Optional].
//
// # Limits
//
// Nothing runs, and nothing is requested: HTTP requests and the work of plugins are scripted as containers are. Images,
// commands, sources, volumes and Pod fields are not looked at, and there are no logs. Containers leave their output
// artifacts, but reading one is an error unless a script says what is in it: [Succeed] or [Fail] with Set of a
// workflow.Artifact. Every node runs at once, however many there are. A scripted result is what the workflow gets: nothing
// is trimmed or cut. A daemon is ready at once and runs until it is stopped, unless it is scripted to fail. What runs
// longer than its template's activeDeadlineSeconds is Failed, as a Pod is.
package fake

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// Executor is the fake. Make it with [New], script it, then run one workflow on it, as often as you like.
type Executor struct {
	mu       sync.Mutex
	scripts  map[string]*script
	order    []*script
	problems []error        // of the scripts themselves
	workflow *spec.Workflow // the one that was checked last
	refused  error          // what was wrong with the scripts then
	calls    []*executor.Task
	attempts map[executor.ID]*attempt // of what is scripted; nil for Go functions that are not
	counts   map[place]int

	files     files
	filesOnce sync.Once
	stores    *artifact.Stores
}

// T is what a fake needs of a test: *testing.T, *testing.B and testing.TB are one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// attempt is one attempt of a node that is scripted, kept until it is released.
type attempt struct {
	known  chan struct{} // closed when the rest is set
	update executor.Update
	due    time.Time
	end
}

// end is how an attempt ended.
type end struct {
	res executor.Result
	err error
}

// place is a node, whatever its attempt, as a script sees it.
type place struct {
	run, path string
	script    *script
}

// New makes a fake. When the test ends, what [Executor.Verify] finds fails it. With nil, which is for examples and
// programs, Verify is the caller's.
func New(t T) *Executor {
	x := &Executor{
		scripts:  map[string]*script{},
		attempts: map[executor.ID]*attempt{},
		counts:   map[place]int{},
	}
	if t != nil {
		t.Cleanup(func() {
			t.Helper()
			if err := x.Verify(); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	return x
}

// Calls is what was executed, in the order of the beginnings: one task for each attempt.
func (x *Executor) Calls() []*executor.Task {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.calls)
}

// Paths is the paths of [Executor.Calls].
func (x *Executor) Paths() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	paths := make([]string, len(x.calls))
	for i, t := range x.calls {
		paths[i] = t.Path
	}
	return paths
}

// Execute ends as scripted.
func (x *Executor) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (res executor.Result, err error) {
	if ctx.Err() != nil {
		return res, context.Cause(ctx)
	}
	a, s, first := x.begin(t)
	notify(runs)
	if s == nil && isPlain(t) {
		res.Phase, res.ExitCode = spec.Succeeded, exitCode(t.Written)
		return res, nil
	}
	e := x.execute(ctx, t, a, s, first, notify)
	return e.res, e.err
}

// execute is what Execute does for a task of which more is to be said than that it succeeds. It is apart, and returns a
// pointer, so that a goroutine whose task is plain needs no larger stack than it begins with: growing it would be a
// third of such a test's time.
func (x *Executor) execute(ctx context.Context, t *executor.Task, a *attempt, s *script, first bool, notify func(executor.Update)) *end {
	switch {
	case s != nil && first:
		a.resolve(ctx, x, s, t, x.count(s, t))
	case s != nil:
	case t.Func != nil:
		res, err := t.Call(ctx)
		return &end{res, err}
	case !isDaemon(t):
		var e end
		if e.res, e.err = settle(Outcome{}, nil, t); e.err == nil {
			e.err = x.leave(ctx, t, nil, &e.res)
		}
		return &e
	default:
		a = &attempt{known: make(chan struct{})}
		a.resolve(ctx, x, nil, t, 0)
	}
	return a.wait(ctx, notify)
}

// runs says that an attempt has begun.
var runs = executor.Update{Phase: spec.Running}

// Claims says that HTTP requests and plugins are scripted too.
func (x *Executor) Claims(*spec.Template) bool { return true }

// BeginRun does nothing.
func (x *Executor) BeginRun(context.Context, *executor.Run) error { return nil }

// EndRun forgets the attempts of the run.
func (x *Executor) EndRun(_ context.Context, r *executor.Run, _ spec.Phase) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(x.attempts, func(id executor.ID, _ *attempt) bool { return id.Run == r.UID })
	maps.DeleteFunc(x.counts, func(p place, _ int) bool { return p.run == r.UID })
	return nil
}

// begin is the script of the task, nil if it has none, with its attempt then; first says that this call began it.
func (x *Executor) begin(t *executor.Task) (a *attempt, s *script, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.scripts) > 0 {
		s = x.find(t)
	}
	a, again := x.attempts[t.ID]
	if again && a == nil {
		return nil, nil, false // also if it was scripted meanwhile
	}
	if again {
		return a, s, false
	}
	x.calls = append(x.calls, t)
	if s == nil {
		if t.Func != nil {
			x.attempts[t.ID] = nil
		}
		return nil, nil, true
	}
	a = &attempt{known: make(chan struct{})}
	x.attempts[t.ID] = a
	return a, s, true
}

// resolve decides how and when the attempt ends; n is its number among the attempts of its node. A mistake of the
// script ends it at once.
func (a *attempt) resolve(ctx context.Context, x *Executor, s *script, t *executor.Task, n int) {
	defer close(a.known)
	began := time.Now()
	var o Outcome
	if s != nil {
		if o, a.err = s.outcome(t, n); a.err != nil {
			return
		}
	}
	if a.res, a.err = settle(o, s, t); a.err == nil {
		a.err = x.leave(ctx, t, &o, &a.res)
	}
	if a.err == nil || o.Err != nil {
		var takes time.Duration
		a.update, takes = o.begin(t)
		deadline, err := activeDeadline(t)
		switch {
		case err != nil:
			a.err, takes = err, 0
		case deadline > 0 && takes > deadline:
			a.res, a.err, takes = executor.Result{Phase: spec.Failed, Message: exceeded}, nil, deadline
		}
		a.due = began.Add(takes)
	}
}

// wait waits until the attempt ends.
func (a *attempt) wait(ctx context.Context, notify func(executor.Update)) *end {
	select {
	case <-a.known:
	case <-ctx.Done():
		return &end{err: context.Cause(ctx)}
	}
	if a.update != (executor.Update{}) {
		notify(a.update)
	}
	if left := time.Until(a.due); left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return &end{err: context.Cause(ctx)}
		}
	}
	return &a.end
}
