package cron

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// onTime is how late a time may be that somebody waited for: no schedule but @every is due more often. It is also how
// long a wait is at most, since the clock may be set, and timers stand still while a machine sleeps.
const onTime = time.Minute

// loop waits for the times of a schedule.
func (c *Cron) loop(ctx context.Context, r *running, e *entry) {
	var known *job
	var next time.Time
	for seen := time.Now().Round(0); ctx.Err() == nil; {
		c.mu.Lock()
		j, scheduled := e.job, e.status.LastScheduledTime
		c.mu.Unlock()
		now := time.Now().Round(0)
		setBack := now.Before(seen)
		if setBack {
			seen = now
		}
		if setBack || j != known || !now.Before(next) {
			if at := j.due(seen, scheduled, now, j != known); !at.IsZero() {
				c.start(ctx, r, e, at)
			}
			known, next = j, j.times.next(now)
		}
		seen = now

		wait := onTime
		if !next.IsZero() {
			wait = min(wait, time.Until(next))
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		case <-e.changed:
		}
	}
}

// due is the time for which a run is to be started now, or the zero time: the latest one that has come round since the
// clock was seen. If others may have been missed before, it is else the latest after the last one that counted.
func (j *job) due(seen, scheduled, now time.Time, missed bool) time.Time {
	at := last(j.times, latest(seen, j.since, now.Add(-max(onTime, j.StartingDeadline))), now)
	if at.IsZero() && missed && !scheduled.IsZero() {
		at = last(j.times, latest(scheduled, j.since, now.Add(-j.StartingDeadline)), now)
	}
	return at
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// start starts the run of a time, unless the schedule says that there is to be none.
func (c *Cron) start(ctx context.Context, r *running, e *entry, at time.Time) {
	c.mu.Lock()
	j := e.job
	ok, err := e.wants(at)
	active := slices.Clone(e.status.Active)
	c.mu.Unlock()
	var run *workflow.Run
	switch {
	case ok:
		if j.Concurrency == spec.ReplaceConcurrent {
			replace(active)
		}
		run, err = c.runner.Start(ctx, j.Workflow, j.options(at)...)
	case err == nil:
		return
	}
	if _, exists := errors.AsType[*workflow.RunExistsError](err); exists {
		run, err = c.runner.Get(j.runName(at)), nil // one of another version of the workflow; the time has its run
	}
	switch {
	case ctx.Err() != nil && run == nil:
		return
	case errors.Is(err, workflow.ErrClosed):
		r.cancel(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.status.Err = err; err != nil {
		e.status.Failed++
		return
	}
	e.status.LastScheduledTime = at
	if run != nil && !e.knows(run.Name()) {
		e.status.Active = append(e.status.Active, run)
		c.watch(ctx, r, e, run)
	}
}

// replace ends runs, and does not wait until they have ended.
func replace(runs []*workflow.Run) {
	for _, run := range runs {
		run.Cancel(ErrReplaced)
	}
}

// wants says whether there is to be a run for a time.
func (e *entry) wants(at time.Time) (bool, error) {
	j := e.job
	if err := e.checkStop(); err != nil {
		return false, err
	}
	if j.Suspend || e.status.Stopped || e.knows(j.runName(at)) {
		return false, nil
	}
	if ok, err := j.when.holds(j.vars(e.status.Progress)); !ok || err != nil {
		return false, err
	}
	return j.Concurrency != spec.ForbidConcurrent || len(e.status.Active) == 0, nil
}

// checkStop stops the schedule if it is to be.
func (e *entry) checkStop() error {
	if e.job.stop == nil || e.status.Stopped {
		return nil
	}
	stop, err := holds(e.job.stop, e.job.vars(e.status.Progress))
	e.status.Stopped = stop
	return err
}

// watch waits for the end of an active run.
func (c *Cron) watch(ctx context.Context, r *running, e *entry, run *workflow.Run) {
	r.wg.Go(func() {
		_ = run.Wait(ctx) // what it says, the phase says too
		c.mu.Lock()
		defer c.mu.Unlock()
		if run.Phase().Ended() {
			e.finished(run)
		}
	})
}

// finished counts a run, and keeps it for a while.
func (e *entry) finished(run *workflow.Run) {
	s := &e.status
	i := slices.Index(s.Active, run)
	if i < 0 {
		return
	}
	s.Active = slices.Delete(slices.Clone(s.Active), i, i+1)
	if run.Phase().FailedOrErrored() {
		s.Failed++
	} else {
		s.Succeeded++
	}
	s.Finished = append(s.Finished, run)
	kept := map[bool]int{}
	for i, run := range slices.Backward(s.Finished) {
		succeeded := !run.Phase().FailedOrErrored()
		if kept[succeeded]++; kept[succeeded] > e.job.keep[succeeded] {
			s.Finished = slices.Delete(s.Finished, i, i+1)
		}
	}
	if err := e.checkStop(); err != nil {
		s.Err = err
	}
}

// options are what the run of a time is started with.
func (j *job) options(at time.Time) []workflow.RunOption {
	return []workflow.RunOption{
		workflow.RunName(j.runName(at)),
		workflow.RunLabels(map[string]string{Label: j.Name}),
		workflow.RunAnnotations(map[string]string{"workflows.argoproj.io/scheduled-time": at.UTC().Format(time.RFC3339)}),
	}
}

// runName is the name of the run of a time.
func (j *job) runName(at time.Time) string { return j.Name + "-" + strconv.FormatInt(at.Unix(), 10) }

// scheduled is the time of the run of that name; ok is false if it is not one of this schedule.
func (j *job) scheduled(run string) (at time.Time, ok bool) {
	digits, ok := strings.CutPrefix(run, j.Name+"-")
	seconds, err := strconv.ParseInt(digits, 10, 64)
	return time.Unix(seconds, 0), ok && err == nil
}
