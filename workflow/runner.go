package workflow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// Runner runs workflows on an executor. It owns what runs share: the journal, the locks, the memoized outputs and the
// goroutines. One Runner is enough for a program; its methods may be called at the same time. [Runner.Close] ends its
// use.
//
// Mutexes and semaphores are those of one Runner: they do not hold between two of them, be it in one process or in two.
// Who wants several gets all of them or none. Who waits is Pending with a message that says for what, and gets its turn
// by the priority of its run, then in the order of arrival; its timeouts count meanwhile. A node holds its locks over all
// its attempts, a run until its exit handlers have ended. The limit of a semaphore is read from the [ConfigSource] each
// time somebody comes or leaves, so a change holds from then on; what cannot be read is an Error of the node that waits.
// A run that is recovered holds the locks again that it held, before any that waited can take them.
type Runner struct {
	executor executor.Executor
	journal  journal.Journal
	config   ConfigSource
	limits   engine.Limits
	own      engine.Own
	locks    *engine.Locks
	memos    MemoStore
	secrets  artifact.Secrets
	// stores is how artifacts are reached, and repository where they are kept of which nothing else is said.
	stores     *artifact.Stores
	repository *spec.ArtifactLocation

	mu     sync.Mutex // guards what follows
	runs   map[string]*entry
	names  []string
	closed bool
}

// entry is a run that this Runner drives.
type entry struct {
	name   string
	run    *Run
	old    *entry // that it takes the place of
	digest string
	args   []executor.Value
	ready  chan struct{} // closed when run, or err, is there
	err    error
}

// RunnerOption is a setting of a [Runner].
type RunnerOption interface{ applyRunner(*Runner) }

type runnerOption func(*Runner)

func (o runnerOption) applyRunner(r *Runner) { o(r) }

// WithJournal records the runs in j, so that another Runner with the same journal can go on with them. Without it the
// runs end with their Runner.
func WithJournal(j journal.Journal) RunnerOption {
	return runnerOption(func(r *Runner) { r.journal = j })
}

// NewRunner makes a Runner.
func NewRunner(x executor.Executor, opts ...RunnerOption) *Runner {
	r := &Runner{executor: x, runs: map[string]*entry{}, own: ownExecutors(), limits: engine.Limits{Nodes: DefaultMaxNodes, Depth: DefaultMaxDepth}}
	for _, o := range opts {
		o.applyRunner(r)
	}
	r.useExecutor()
	r.useStores()
	r.own.HTTP.(*engine.HTTP).Secrets = r.secrets
	r.locks = engine.NewLocks(r.configValue)
	if r.memos == nil {
		r.memos = &memos{}
	}
	return r
}

// ErrClosed says that a Runner was closed.
var ErrClosed = errors.New("the runner is closed")

// Start begins a run. ctx bounds the starting, not the run; if it has ended, nothing begins. With a name that exists it
// gives the existing run if that is of the same workflow with the same arguments; else the error is a *[RunExistsError].
// An argument that is wrong, or work that the executor cannot do, is an error before anything starts.
func (r *Runner) Start(ctx context.Context, w *Workflow, opts ...RunOption) (*Run, error) {
	return r.start(ctx, w, runConfigOf(opts))
}

func (r *Runner) start(ctx context.Context, w *Workflow, c *runConfig) (*Run, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s, err := r.prepare(ctx, w, c)
	if err != nil {
		return nil, err
	}
	e, mine, err := r.claim(s.Run.Name, s.Digest, s.Arguments, c.replaces)
	if err != nil {
		return nil, err
	}
	if !mine {
		select {
		case <-e.ready:
			return e.run, e.err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	run, err := r.fill(e, func() (*Run, error) { return r.begin(ctx, w, s) })
	if run != nil {
		if c.replaces != nil {
			run.r.TakeOver(ctx, c.replaces.r, s.Kept)
		}
		run.r.Begin()
	}
	return run, err
}

// fill makes a run whose name is taken, and lets the name go if that fails.
func (r *Runner) fill(e *entry, start func() (*Run, error)) (*Run, error) {
	e.err = errors.New("the executor or the journal panicked when the run was to begin")
	defer func() {
		if e.run == nil {
			r.giveUp(e)
		}
		e.old = nil
		close(e.ready)
	}()
	e.run, e.err = start()
	return e.run, e.err
}

// prepare checks what a run is to be made of, before anything is done.
func (r *Runner) prepare(ctx context.Context, w *Workflow, c *runConfig) (*journal.Start, error) {
	switch {
	case build.IsNil(r.executor):
		return nil, errors.New("the runner has no executor")
	case w == nil || w.plan == nil:
		return nil, errors.New("the workflow is nil, or one that New did not make")
	}
	args, err := w.arguments(c.args)
	if err != nil {
		return nil, err
	}
	if err := w.missing(args); err != nil {
		return nil, err
	}
	name := c.resolvedName(w.plan)
	if problem := plan.RunNameProblem(name); problem != "" {
		return nil, fmt.Errorf("run name %q %s", name, problem)
	}
	s := &journal.Start{Workflow: w.plan.Spec, Arguments: args, Funcs: w.funcs.signatures()}
	if lib := w.plan.Library; lib != nil {
		s.WorkflowTemplates, s.ClusterWorkflowTemplates = lib.WorkflowTemplates, lib.ClusterWorkflowTemplates
	}
	if r.journal != nil || c.name != "" || w.plan.Spec.Name != "" { // else nobody can ask for it by name
		if s.Digest, err = w.digest(); err != nil {
			return nil, err
		}
	}
	s.Run = executor.Run{Name: name, UID: newUID(), Created: time.Now(), Workflow: &w.plan.Resolved}
	if len(w.plan.Config) > 0 {
		if s.Config, err = r.configValues(ctx, w.plan, engine.Lookup(w.plan, &s.Run, args)); err != nil {
			return nil, err
		}
	}
	s.Run.Workflow = engine.Resolve(w.plan, &s.Run, args, s.Config, c.labels, c.annotations)
	if s.Repository, err = r.repositoryOf(ctx, s.Run.Workflow); err != nil {
		return nil, err
	}
	leaves := w.plan.Leaves()
	for i := range leaves {
		leaves[i].Template = engine.Located(leaves[i].Template, s.Repository)
	}
	if err := errors.Join(r.checkFiles(w.plan, leaves, s.Repository), r.check(w.plan, leaves)); err != nil {
		return nil, err
	}
	if c.keeps != nil {
		s.Kept = c.keeps.r.Kept(&s.Run, c.again)
	}
	if c.replaces != nil {
		s.Replaces = c.replaces.UID()
	}
	return s, nil
}

// missing says which inputs of the entry template, and which parameters of the workflow, have no value.
func (w *Workflow) missing(args []executor.Value) error {
	var problems []plan.Problem
	for _, ins := range [][]plan.Input{w.plan.Arguments, w.plan.Entry.Inputs} {
		for _, in := range ins {
			_, given := find(args, in.Name)
			if !given && !w.hasDefault(in.Name) {
				problems = append(problems, plan.Problem{Path: "arguments.parameters[" + in.Name + "]", Text: "needs a value"})
			}
		}
	}
	return joinProblems(problems)
}

// hasDefault says that a parameter of the workflow has a value where none is given.
func (w *Workflow) hasDefault(name string) bool {
	for _, ins := range [][]plan.Input{w.plan.Arguments, w.plan.Entry.Inputs} {
		if in := plan.InputNamed(ins, name); in != nil && in.Default != nil {
			return true
		}
	}
	return false
}

// claim takes a name for a run, or finds the run that has it and is not the one to be replaced.
func (r *Runner) claim(name, digest string, args []executor.Value, replaces *Run) (e *entry, mine bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false, ErrClosed
	}
	old := r.runs[name]
	if e := old; e != nil && (replaces == nil || e.started() != replaces) {
		if replaces != nil {
			return nil, false, errRepeated(name)
		}
		if e.digest != digest || !slices.Equal(e.args, args) {
			return nil, false, &RunExistsError{name}
		}
		return e, false, nil
	}
	e = &entry{name: name, digest: digest, args: args, ready: make(chan struct{}), old: old}
	r.put(e)
	return e, true, nil
}

// put makes an entry the last one; r.mu is held.
func (r *Runner) put(e *entry) {
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == e.name })
	r.names = append(r.names, e.name)
	r.runs[e.name] = e
}

// giveUp lets go of a name that was taken in vain.
func (r *Runner) giveUp(e *entry) {
	r.forget(e.name)
	if e.old != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.put(e.old)
	}
}

func (r *Runner) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.runs, name)
	r.names = slices.DeleteFunc(r.names, func(n string) bool { return n == name })
}

// begin records a run and makes it; a run that the journal has already it goes on with.
func (r *Runner) begin(ctx context.Context, w *Workflow, s *journal.Start) (*Run, error) {
	if r.journal != nil {
		err := r.journal.Begin(ctx, *s)
		if _, exists := errors.AsType[*journal.ExistsError](err); exists && s.Replaces != "" {
			return nil, errRepeated(s.Run.Name)
		} else if exists {
			rec, err := r.journal.Read(ctx, s.Run.Name)
			if err != nil {
				return nil, err
			}
			if rec.Digest != s.Digest || !slices.Equal(rec.Arguments, s.Arguments) {
				return nil, &RunExistsError{s.Run.Name}
			}
			if err := w.funcs.fit(rec.Funcs); err != nil {
				return nil, &VersionError{s.Run.Name, err}
			}
			return r.launch(ctx, w, rec)
		}
		if err != nil {
			return nil, err
		}
	}
	run, err := r.launch(ctx, w, &journal.Run{Start: *s})
	if err != nil && r.journal != nil { // it never began
		err = errors.Join(err, r.journal.End(context.WithoutCancel(ctx), s.Run.Name, Errored))
	}
	return run, err
}

// launch makes a run of what is recorded of it, be that only its start.
func (r *Runner) launch(ctx context.Context, w *Workflow, rec *journal.Run) (*Run, error) {
	over := rec.Phase != ""
	if h, ok := r.executor.(executor.Handler); ok && !over {
		if err := h.BeginRun(ctx, &rec.Run); err != nil {
			return nil, err
		}
	}
	run := engine.New(engine.Config{
		Plan: w.plan, Executor: r.executor, Own: r.own, Locks: r.locks, Memos: r.memos, Limits: r.limits, Journal: r.journal,
		Run: &rec.Run, Arguments: rec.Arguments, Config: rec.Config, Kept: rec.Kept, Records: rec.Records, Over: over,
		Repository: rec.Repository, Stores: r.stores, Replaces: rec.Replaces != "",
	})
	return &Run{run, w, rec.Arguments}, nil
}

// Recover goes on with the recorded runs that this Runner does not drive: after a crash of the process that did, or
// after its Close. Nothing that was recorded as ended runs again, and what is still at work is adopted where the
// executor can. What runs is the workflow as it was recorded; only its Go functions come from ws. A run that needs a
// function that they lack, or that has other parameters now, or a plugin that this Runner lacks, is a
// [*VersionError] and is left alone; the others go on, and the errors are joined.
func (r *Runner) Recover(ctx context.Context, ws ...*Workflow) ([]*Run, error) {
	if r.journal == nil {
		return nil, nil
	}
	names, err := r.journal.Names(ctx)
	if err != nil {
		return nil, err
	}
	program := funcsOf(ws)
	var runs []*Run
	defer func() {
		for _, run := range runs { // all have their locks again
			run.r.Begin()
		}
	}()
	var errs []error
	for _, name := range names {
		run, err := r.recoverRun(ctx, name, program)
		if err != nil {
			errs = append(errs, err)
		}
		if run != nil {
			runs = append(runs, run)
		}
	}
	return runs, errors.Join(errs...)
}

// recoverRun makes a recorded run as it was, unless it is over or driven already.
func (r *Runner) recoverRun(ctx context.Context, name string, program funcs) (*Run, error) {
	rec, err := r.journal.Read(ctx, name)
	if err != nil || rec.Phase != "" {
		return nil, err
	}
	var lib *plan.Library
	if rec.WorkflowTemplates != nil || rec.ClusterWorkflowTemplates != nil {
		lib = &plan.Library{WorkflowTemplates: rec.WorkflowTemplates, ClusterWorkflowTemplates: rec.ClusterWorkflowTemplates}
	}
	w, err := compile(rec.Workflow, lib, program, nil, nil)
	if err == nil {
		err = program.fit(rec.Funcs)
	}
	if err == nil {
		_, err = r.checkOwn(w.plan, w.plan.Leaves())
	}
	if err != nil {
		return nil, &VersionError{name, err}
	}
	e, mine, err := r.claim(name, rec.Digest, rec.Arguments, nil)
	if err != nil || !mine {
		return nil, err
	}
	return r.fill(e, func() (*Run, error) { return r.launch(ctx, w, rec) })
}

// Get is the run of that name that this Runner drives or drove, or nil.
func (r *Runner) Get(name string) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.runs[name]; e != nil {
		return e.started()
	}
	return nil
}

// List is the runs that this Runner drives or drove, in the order in which they were started.
func (r *Runner) List() iter.Seq[*Run] {
	return func(yield func(*Run) bool) {
		r.mu.Lock()
		var runs []*Run
		for _, n := range r.names {
			if run := r.runs[n].started(); run != nil {
				runs = append(runs, run)
			}
		}
		r.mu.Unlock()
		for _, run := range runs {
			if !yield(run) {
				return
			}
		}
	}
}

// started is the run, or nil if it is still being started.
func (e *entry) started() *Run {
	select {
	case <-e.ready:
		return e.run
	default:
		return nil
	}
}

// Close lets go of all runs and waits for the Runner's goroutines. What the executor has at work goes on where it can,
// for another Runner with the same journal to recover. No run can be started any more.
func (r *Runner) Close() error {
	r.mu.Lock()
	r.closed = true
	var entries []*entry
	for _, n := range r.names {
		entries = append(entries, r.runs[n])
	}
	r.mu.Unlock()
	for _, e := range entries {
		<-e.ready
		if e.run != nil {
			e.run.r.Detach()
		}
	}
	for _, e := range entries {
		if e.run != nil {
			<-e.run.r.Done()
		}
	}
	return nil
}

// suffix is what is put behind a name that ends in "-".
func suffix() string { return strings.ToLower(rand.Text())[:plan.SuffixLength] }

// newUID is a random UUID.
func newUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
