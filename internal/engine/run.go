// Package engine runs a plan: what has ended decides what begins. The decisions are the machine's, which is pure;
// this file carries them out.
//
// There is no loop that waits: whoever has an event, such as the goroutine of a leaf that has ended, queues it, and
// if nobody is at it carries out what follows for all that is queued. A chain of nodes so runs on one goroutine.
package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// Config is what a run is made of.
type Config struct {
	Plan     *plan.Plan
	Executor executor.Executor
	// Own is what is done without it.
	Own Own
	Run *executor.Run
	// Arguments are the values of the workflow's parameters; those that are not given have their defaults.
	Arguments []executor.Value
	// Config are the values of the keys of ConfigMaps that the plan names, by their variables.
	Config []executor.Value
	// Limits bound the run.
	Limits Limits
	// Locks and Memos are what the run shares with others.
	Locks *Locks
	Memos Memos
	// Repository is where artifacts are kept of which nothing else is said; its key is the format of their keys. Nil:
	// there is none.
	Repository *spec.ArtifactLocation
	// Stores is how this process reaches artifacts.
	Stores *artifact.Stores
	// Journal takes each end before anything acts on it; nil: nobody needs it.
	Journal journal.Journal
	// Kept is what the run takes over from another one, and Records what an earlier process recorded of it.
	Kept, Records []journal.Record
	// Replaces says that the run takes the place of the one that Kept is of, which so is no more.
	Replaces bool
	// Over says that the run is: it is shown as it ended, and nothing is executed.
	Over bool
}

// Run is one run of a plan.
type Run struct {
	run        *executor.Run
	exec       executor.Executor
	own        Own
	releaser   executor.Releaser
	journal    journal.Journal
	locks      *Locks
	memos      Memos
	repository repository
	stores     *artifact.Stores
	replaces   bool
	over       bool
	ctx        context.Context // of the run
	cancel     context.CancelCauseFunc
	workCtx    context.Context // of what is not in an exit handler of the run
	stopWork   context.CancelCauseFunc
	kills      sync.Map // *node to the context.CancelCauseFunc of what it has at work, for those that can be stopped alone
	alarms     sync.Map // the *time.Timer of each alarm that is set
	work       sync.WaitGroup
	stopped    atomic.Bool
	done       chan struct{} // closed when nothing of the run is at work any more

	mu       sync.RWMutex // guards what follows
	m        machine
	changed  chan struct{} // closed at the next change; nil if nobody waits
	err      error         // trouble of the run itself: its journal, its clean-up
	paths    map[string]*node
	indexed  int
	detached bool

	queueMu sync.Mutex // guards what follows
	queue   []event
	spare   []event
	driving bool
	closed  bool // the run has ended or was detached: nobody outside can tell it anything
}

// event is something that happened outside of the machine.
type event struct {
	attempt *attempt         // that has ended
	update  *executor.Update // not nil: no end, but what happened to the attempt
	stop    *stop            // not nil: the run is to stop, and why
	alarm   *timer           // not nil: the time has come
	resume  *resumption      // not nil: a suspended node, or the held run, goes on
	hold    bool             // the run is to be held
	answer  answer           // not nil: to something that the machine asked
	at      int64            // when it happened
}

// resumption is values for the outputs of a suspended node.
type resumption struct {
	path   string
	values []executor.Value
	done   chan error
}

// isEnd says that the event is the end of an attempt.
func (e *event) isEnd() bool { return e.attempt != nil && e.update == nil }

// New makes a run, as it was when it was last recorded; what it held of locks it holds again. [Run.Begin] must follow.
// The executor's BeginRun, and the journal's record of the start, are the caller's.
func New(c Config) *Run {
	r := &Run{run: c.Run, exec: c.Executor, own: c.Own, journal: c.Journal, locks: c.Locks, memos: c.Memos, done: make(chan struct{})}
	r.releaser, _ = c.Executor.(executor.Releaser)
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	r.workCtx, r.stopWork = context.WithCancelCause(r.ctx)
	r.m = machine{
		run: c.Run, plan: c.Plan, vars: newRunVars(c.Run, c.Plan, c.Arguments, c.Config), now: c.Run.Created.UnixNano(),
		limits: c.Limits,
	}
	if n, ok := c.Executor.(executor.Namer); ok {
		r.m.named = n.PodName
	}
	r.stores, r.replaces = c.Stores, c.Replaces
	if r.over = c.Over; c.Repository != nil {
		r.repository.location = c.Repository
		r.repository.format, _ = c.Plan.KeyFormat(artifact.Key(c.Repository)) // who made the run has checked it
	}
	r.work.Add(1) // for the run itself, until it is closed
	r.driving = true
	r.mu.Lock()
	r.m.keepAll(c.Kept)
	if s := c.Run.Workflow.Spec.Suspend; s != nil && *s {
		r.m.hold()
	}
	r.m.begin()
	if len(c.Records) > 0 {
		r.replay(c.Records)
	}
	if c.Over && !r.m.done() {
		r.m.halt(&stop{cause: errors.New("it ended before")})
		r.m.settle()
	}
	r.mu.Unlock()
	return r
}

// Begin lets a run do what is to be done.
func (r *Run) Begin() {
	r.mu.Lock()
	todo := r.m.take()
	ended := r.m.done()
	stop := r.m.stop
	r.mu.Unlock()
	if stop != nil {
		r.stopped.Store(true)
		r.halt(stop)
	}
	r.carryOut(todo)
	for _, s := range todo.starts {
		r.launch(s)
	}
	if ended {
		r.finish()
	}
	go func() {
		r.work.Wait()
		r.cancel(nil)
		close(r.done)
	}()
	r.driveAndLaunch()
}

// Cancel ends the run: what is at work is cancelled, nothing more begins.
func (r *Run) Cancel(cause error) { r.tell(event{stop: &stop{cause: cause}}) }

// Stop ends the run as Cancel does, but its exit handlers still run.
func (r *Run) Stop(cause error) { r.tell(event{stop: &stop{cause: cause, handlers: true}}) }

// Detach lets go of the run: what is at work goes on without it.
func (r *Run) Detach() { r.Cancel(executor.ErrDetach) }

// Hold keeps what has not begun from beginning until the run is resumed.
func (r *Run) Hold() { r.tell(event{hold: true}) }

// Resume lets a suspended node go on, or with an empty path the held run, with values for its outputs.
func (r *Run) Resume(ctx context.Context, path string, values []executor.Value) error {
	e := &resumption{path, values, make(chan error, 1)}
	r.tell(event{resume: e})
	select {
	case err := <-e.done:
		return err
	case <-r.done:
		select {
		case err := <-e.done:
			return err
		default:
			return errors.New("the run is over")
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done is closed when nothing of the run is at work any more: it ended, or was detached.
func (r *Run) Done() <-chan struct{} { return r.done }

// launch executes an attempt on a goroutine of its own.
func (r *Run) launch(s start) {
	r.work.Add(1)
	go r.workOn(s)
}

// workOn executes an attempt, and then whatever its end leaves to this goroutine. A panic of the executor is the node's
// error and not the program's end.
//
// The stack is kept small on the way to the executor and from there back into show: a goroutine that never needs a
// larger one than it began with costs a wide workflow of short nodes a quarter less.
func (r *Run) workOn(s start) {
	defer r.work.Done()
	var a *attempt
	defer func() {
		if a == nil {
			return
		}
		if p := recover(); p != nil {
			a.err = &executor.PanicError{Value: p, Stack: debug.Stack()}
		} else { // runtime.Goexit was called inside of Execute
			a.err = executor.ErrGoexit
		}
		a.finish()
		if s := r.post(a); s.node != nil {
			r.launch(s)
		}
	}()
	for s.node != nil {
		a = r.newAttempt(s)
		if s.node.template.Files != nil {
			a.task.Artifacts = a.taskFiles()
		}
		a.execute()
		ended := a
		a = nil
		s = r.post(ended)
	}
}

// tellChanged wakes those who wait for a change. The caller has the lock.
func (r *Run) tellChanged() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// tell queues an event from somebody who must not be held up by what follows from it: a journal may take its time.
// When the run has ended there is nothing to tell it.
func (r *Run) tell(e event) {
	r.queueMu.Lock()
	if r.closed || !r.enqueue(e) {
		r.queueMu.Unlock()
		return
	}
	r.work.Add(1)
	r.queueMu.Unlock()
	drive := func() {
		defer r.work.Done()
		r.driveAndLaunch()
	}
	if r.journal == nil {
		drive()
	} else {
		go drive()
	}
}

func (r *Run) driveAndLaunch() {
	if s := r.drive(); s.node != nil {
		r.launch(s)
	}
}

// post queues the end of an attempt and carries out what follows, unless somebody else is at it already. It returns a
// start for the caller to carry out itself.
func (r *Run) post(a *attempt) start {
	r.queueMu.Lock()
	mine := r.enqueue(event{attempt: a})
	r.queueMu.Unlock()
	if !mine {
		return start{}
	}
	return r.drive()
}

// enqueue reports whether the caller is to drive; r.queueMu is held.
func (r *Run) enqueue(e event) bool {
	r.queue = append(r.queue, e)
	if r.driving {
		return false
	}
	r.driving = true
	return true
}

// drive carries out what follows from the queued events until there are none. One goroutine does so at a time.
func (r *Run) drive() (mine start) {
	var batch []event
	for {
		r.queueMu.Lock()
		if batch != nil {
			r.spare = batch[:0]
		}
		batch = r.queue
		if len(batch) == 0 {
			r.driving = false
			if r.closed { // nobody needs the room any more
				r.queue, r.spare = nil, nil
			}
			r.queueMu.Unlock()
			return mine
		}
		r.queue, r.spare = r.spare, nil
		r.queueMu.Unlock()

		todo := r.apply(batch)
		r.carryOut(todo)
		for _, s := range todo.starts {
			if mine.node == nil {
				mine = s
				continue
			}
			r.launch(s)
		}
		clear(batch)
	}
}

// carryOut sets the timers and stops the attempts that the machine wants.
func (r *Run) carryOut(todo commands) {
	for _, a := range todo.asks {
		a.carryOut(r)
	}
	for _, k := range todo.kills {
		if cancel, ok := r.kills.Load(k.node); ok {
			cancel.(context.CancelCauseFunc)(k.cause)
		}
	}
	for _, t := range todo.timers {
		var set *time.Timer
		armed := make(chan struct{})
		set = time.AfterFunc(max(0, time.Until(time.Unix(0, t.at))), func() {
			<-armed
			r.alarms.Delete(set)
			r.tell(event{alarm: &t})
		})
		r.alarms.Store(set, nil)
		close(armed)
	}
}

// apply records what has ended, lets the machine act on the events, and returns what is to be done.
func (r *Run) apply(batch []event) commands {
	for i := range batch {
		if e := &batch[i]; e.isEnd() {
			e.at = e.attempt.at
		} else {
			e.at = time.Now().UnixNano()
		}
	}
	if err := r.record(batch); err != nil {
		batch = unrecorded(batch, fmt.Errorf("journal: %w", err))
	}
	r.mu.Lock()
	was := r.m.stop
	for i := range batch {
		e := &batch[i]
		r.m.now = e.at
		switch {
		case e.stop != nil:
			r.m.halt(e.stop)
		case e.alarm != nil:
			if !r.detached {
				r.m.alarm(*e.alarm)
			}
		case e.answer != nil:
			if !r.detached {
				e.answer.apply(&r.m)
			}
		case e.hold:
			r.m.hold()
		case e.resume != nil:
			e.resume.done <- r.m.resumePath(r.find(e.resume.path), e.resume)
		case e.update != nil:
			if int(e.attempt.node.attempt) == e.attempt.task.ID.Attempt {
				r.m.update(e.attempt.node, e.update)
			}
		case r.detached:
			// it goes on without this process
		default:
			r.m.finish(e.attempt.node, e.attempt.result, e.attempt.err)
		}
		r.m.settle()
		if s := r.m.stop; s != was {
			r.stopped.Store(true)
			r.detached = errors.Is(s.cause, executor.ErrDetach)
		}
	}
	todo := r.m.take()
	ended := r.m.done()
	stop := r.m.stop
	r.tellChanged()
	r.mu.Unlock()
	if stop != was {
		r.halt(stop)
	}
	switch {
	case ended:
		r.finish()
	case stop != was && errors.Is(stop.cause, executor.ErrDetach):
		if r.close() {
			r.work.Done()
		}
	}
	return todo
}

// halt stops what is at work.
func (r *Run) halt(s *stop) {
	if s.handlers {
		r.stopWork(s.cause)
	} else {
		r.cancel(s.cause)
	}
}

// cleanUpTime bounds each thing that is done after a run.
const cleanUpTime = 5 * time.Minute

// finish does once what is to be done when the root has ended.
func (r *Run) finish() {
	if !r.close() {
		return
	}
	defer r.work.Done()
	if r.over {
		return
	}
	r.cleanUp("artifactGC", func(ctx context.Context) error { return r.Collect(ctx, spec.ArtifactGCOnWorkflowCompletion) })
	if r.journal != nil {
		r.cleanUp("journal", func(ctx context.Context) error { return r.journal.End(ctx, r.run.Name, r.Phase()) })
	}
	if h, ok := r.exec.(executor.Handler); ok {
		r.cleanUp("", func(ctx context.Context) error { return h.EndRun(ctx, r.run, r.Phase()) })
	}
}

// cleanUp does something after the run, and notes what went wrong.
func (r *Run) cleanUp(what string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), cleanUpTime)
	defer cancel()
	err := safely(func() error { return do(ctx) })
	if err != nil && what != "" {
		err = fmt.Errorf("%s: %w", what, err)
	}
	if err != nil {
		r.trouble(err)
	}
}

// close says that nothing more can happen to the run; it reports whether that is new.
func (r *Run) close() bool {
	r.queueMu.Lock()
	defer r.queueMu.Unlock()
	was := r.closed
	r.closed = true
	r.alarms.Range(func(t, _ any) bool { return t.(*time.Timer).Stop() || true })
	return !was
}

// safely calls what is not ours: its panic is an error and not the program's end.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &executor.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}

// trouble notes an error that is not a node's.
func (r *Run) trouble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}
