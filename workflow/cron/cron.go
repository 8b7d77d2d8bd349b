package cron

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow"
)

// Cron runs schedules on a Runner. Its methods may be called at the same time.
type Cron struct {
	runner *workflow.Runner

	mu      sync.Mutex // guards what follows, and all in the entries
	entries map[string]*entry
	running *running // nil while Run is not
}

// running is one call of Run.
type running struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // of the goroutines of all schedules
}

// entry is a schedule of a Cron.
type entry struct {
	job     *job
	status  Status
	changed chan struct{} // has an element when job was replaced
	gone    context.CancelFunc
}

// Status is how far a schedule is.
type Status struct {
	Progress
	// Next is when it is due next; the zero time if it is not: it is suspended, or has stopped.
	Next time.Time
	// Active are the runs that have not ended, in the order in which they were started.
	Active []*workflow.Run
	// Finished are the runs that ended most recently, the latest last, as many as KeepSucceeded and KeepFailed say.
	Finished []*workflow.Run
	// Err is what went wrong at the last time that counted, so that no run was started; nil if one was.
	Err error
}

// ErrReplaced is the cause of the end of a run that spec.ReplaceConcurrent ended.
var ErrReplaced = errors.New("the schedule is due again, and replaces this run")

// New makes a Cron without schedules. The Runner is the caller's to close.
func New(r *workflow.Runner) *Cron { return &Cron{runner: r, entries: map[string]*entry{}} }

// Set adds a schedule, or puts it in the place of the one of its name. That one's runs go on and its Status stays; what
// is due at other times than before has not been missed. All that is wrong is reported together, as
// *[workflow.Error]s. s is read, not kept.
func (c *Cron) Set(s *Schedule) error {
	if s == nil {
		return errors.New("the schedule is nil")
	}
	j, problems := s.compile()
	if s.Workflow == nil {
		problems = append(problems, &workflow.Error{Path: "workflow", Problem: "is nil"})
	}
	if problems != nil {
		return errors.Join(problems...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[j.Name]
	if e == nil {
		e = &entry{job: j, status: Status{Progress: j.Progress}, changed: make(chan struct{}, 1)}
		c.entries[j.Name] = e
		c.launch(e)
		return nil
	}
	if j.since = e.job.since; !slices.Equal(j.Times, e.job.Times) || j.Timezone != e.job.Timezone {
		j.since = time.Now().Round(0)
	}
	e.job = j
	select {
	case e.changed <- struct{}{}:
	default:
	}
	return nil
}

// Remove takes a schedule away. Its runs go on.
func (c *Cron) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[name]; e != nil && e.gone != nil {
		e.gone()
	}
	delete(c.entries, name)
}

// Status is how far the schedule of that name is. The error names the nearest that there is.
func (c *Cron) Status(name string) (Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[name]
	if e == nil {
		return Status{}, fmt.Errorf("no schedule %q%s", name, nearest.Hint(name, slices.Values(c.names())))
	}
	s := e.status
	s.Active, s.Finished = slices.Clone(s.Active), slices.Clone(s.Finished)
	if !e.job.Suspend && !s.Stopped {
		s.Next = e.job.times.next(time.Now())
	}
	return s, nil
}

// Names are the names of the schedules, in alphabetic order.
func (c *Cron) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names()
}

func (c *Cron) names() []string {
	return slices.Sorted(maps.Keys(c.entries))
}

// Run starts what is due, until ctx ends; then it waits for its goroutines and returns the cause. The runs are the
// Runner's, and go on. Where the Runner was closed it returns workflow.ErrClosed when the next run is due; while another
// call is at work it returns at once. It may be called again.
//
// First it looks for runs of the schedules that the Runner has, as after workflow.Runner.Recover, and for a time of
// each schedule that was missed.
func (c *Cron) Run(ctx context.Context) error {
	c.mu.Lock()
	if c.running != nil {
		c.mu.Unlock()
		return errors.New("the schedules run already")
	}
	r := &running{}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	c.running = r
	for _, name := range c.names() {
		c.launch(c.entries[name])
	}
	c.mu.Unlock()

	<-r.ctx.Done()
	c.mu.Lock()
	c.running = nil // so that nothing is added to the group any more
	c.mu.Unlock()
	r.wg.Wait()
	return context.Cause(r.ctx)
}

// launch starts the goroutines of a schedule, if Run is at work.
func (c *Cron) launch(e *entry) {
	r := c.running
	if r == nil {
		return
	}
	for run := range c.runner.List() {
		at, ok := e.job.scheduled(run.Name())
		if !ok || e.knows(run.Name()) {
			continue
		}
		if at.After(e.status.LastScheduledTime) {
			e.status.LastScheduledTime = at
		}
		if !run.Phase().Ended() {
			e.status.Active = append(e.status.Active, run)
		}
	}
	ctx, gone := context.WithCancel(r.ctx)
	e.gone = gone
	for _, run := range e.status.Active {
		c.watch(ctx, r, e, run)
	}
	r.wg.Go(func() { c.loop(ctx, r, e) })
}

// knows says whether a run has been counted already, or will be.
func (e *entry) knows(name string) bool {
	is := func(r *workflow.Run) bool { return r.Name() == name }
	return slices.ContainsFunc(e.status.Active, is) || slices.ContainsFunc(e.status.Finished, is)
}
