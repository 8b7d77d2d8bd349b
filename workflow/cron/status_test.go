package cron_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hourly = "0 * * * *"

func status(t *testing.T, c *cron.Cron) cron.Status {
	t.Helper()
	s, err := c.Status("s")
	require.NoError(t, err)
	return s
}

// alternating ends every other run of the workflow otherwise.
func alternating(x *fake.Executor, outcomes ...fake.Outcome) {
	var mu sync.Mutex
	n := -1
	x.OnFunc("work", func(*executor.Task) (fake.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		return outcomes[n%len(outcomes)], nil
	})
}

func TestConditions(t *testing.T) {
	for name, tt := range map[string]struct {
		when, stop string
		want       []string // of six hours, of which the even ones fail
		stopped    bool
	}{
		"none":             {"", "", []string{"01", "02", "03", "04", "05", "06"}, false},
		"first":            {"{{= cronworkflow.lastScheduledTime == nil }}", "", []string{"01"}, false},
		"not too often":    {"{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Hours() > 1.5 }}", "", []string{"01", "03", "05"}, false},
		"in several tags":  {`{{cronworkflow.name}} == s && {{= cronworkflow.failed }} < 2`, "", []string{"01", "02", "03", "04"}, false},
		"never":            {"false", "", []string{}, false},
		"after failures":   {"", "cronworkflow.failed >= 2", []string{"01", "02", "03", "04"}, true},
		"after successes":  {"", "cronworkflow.succeeded == 2", []string{"01", "02", "03"}, true},
		"before the first": {"", `cronworkflow.name == "s"`, []string{}, true},
		"stop goes first":  {"{{= cronworkflow.failed == 9 }}", "true", []string{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := fake.New(nil)
				alternating(x, fake.Succeed(), fake.Fail(1, "no"))
				runner := workflow.NewRunner(x)
				defer runner.Close()
				c := cron.New(runner)
				require.NoError(t, c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}, Timezone: "UTC", When: tt.when, StopWhen: tt.stop}))
				run(t, c, at(t, "2000-01-01T06:30:00Z"))
				assert.Equal(t, tt.want, started(t, runner, "UTC", "15"))
				s := status(t, c)
				assert.NoError(t, s.Err)
				assert.Equal(t, tt.stopped, s.Stopped)
				assert.Equal(t, tt.stopped, s.Next.IsZero())
			})
		})
	}
}

func TestConditionThatHasNoValue(t *testing.T) {
	for _, s := range []*cron.Schedule{
		{When: "{{= cronworkflow.failed }}"},
		{When: "{{= cronworkflow.labels.team }}"},
		{StopWhen: "cronworkflow.name"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s.Times = []string{hourly}
			c, runner := setup(t, s)
			run(t, c, at(t, "2000-01-01T01:30:00Z"))
			assert.Empty(t, started(t, runner, "UTC", "15"))
			assert.Error(t, status(t, c).Err)
			assert.EqualValues(t, 1, status(t, c).Failed)
		})
	}
}

func TestHistory(t *testing.T) {
	for name, tt := range map[string]struct {
		succeeded, failed *int32
		want              []string
	}{
		"by itself": {nil, nil, []string{"05", "07", "08", "09"}},
		"limits":    {new(int32(1)), new(int32(2)), []string{"06", "08", "09"}},
		"none":      {new(int32(0)), new(int32(0)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := fake.New(nil)
				ok, bad := fake.Succeed(), fake.Fail(1, "no")
				alternating(x, ok, bad, ok, bad, ok, bad, ok, bad, ok)
				runner := workflow.NewRunner(x)
				defer runner.Close()
				c := cron.New(runner)
				require.NoError(t, c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}, Timezone: "UTC", KeepSucceeded: tt.succeeded, KeepFailed: tt.failed}))
				run(t, c, at(t, "2000-01-01T09:30:00Z"))
				s := status(t, c)
				assert.EqualValues(t, []int64{5, 4}, []int64{s.Succeeded, s.Failed})
				var kept []string
				for _, r := range s.Finished {
					kept = append(kept, hourOf(t, runner, r))
				}
				assert.Equal(t, tt.want, kept)
			})
		})
	}
}

// hourOf is the hour that a run is for.
func hourOf(t *testing.T, runner *workflow.Runner, run *workflow.Run) string {
	i := slices.Index(slices.Collect(runner.List()), run)
	return started(t, runner, "UTC", "15")[i]
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &cron.Schedule{Times: []string{hourly}, Timezone: "UTC"}
		c, _ := setup(t, s, fake.Succeed().Taking(10*time.Minute))
		next := func(text string) { t.Helper(); assert.True(t, at(t, text).Equal(status(t, c).Next), status(t, c).Next) }
		next("2000-01-01T01:00:00Z")
		assert.Zero(t, status(t, c).Progress)

		run(t, c, at(t, "2000-01-01T01:05:00Z"))
		next("2000-01-01T02:00:00Z")
		require.Len(t, status(t, c).Active, 1)
		assert.Equal(t, "s-946688400", status(t, c).Active[0].Name())
		assert.True(t, status(t, c).LastScheduledTime.Equal(at(t, "2000-01-01T01:00:00Z")))

		s.Suspend = true
		require.NoError(t, c.Set(s))
		assert.Zero(t, status(t, c).Next)
		run(t, c, at(t, "2000-01-01T03:30:00Z")) // the run ends in it, and is counted
		assert.Empty(t, status(t, c).Active)
		require.Len(t, status(t, c).Finished, 1)
		assert.EqualValues(t, 1, status(t, c).Succeeded)

		text, err := json.Marshal(status(t, c).Progress)
		require.NoError(t, err)
		assert.JSONEq(t, `{"lastScheduledTime": "2000-01-01T01:00:00Z", "succeeded": 1}`, string(text))

		_, err = c.Status("S2")
		assert.EqualError(t, err, `no schedule "S2"; did you mean "s"?`)
		assert.Equal(t, []string{"s"}, c.Names())
		c.Remove("s")
		c.Remove("s")
		assert.Empty(t, c.Names())
	})
}

// Schedules change while Run is at work.
func TestChangesAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &cron.Schedule{Times: []string{hourly}, Timezone: "UTC"}
		c, runner := setup(t, s)
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { assert.ErrorIs(t, c.Run(ctx), errEnd) })
		travel(t, at(t, "2000-01-01T01:30:00Z"))
		assert.EqualError(t, c.Run(ctx), "the schedules run already")

		s.Times = []string{"15 * * * *"}
		require.NoError(t, c.Set(s))
		require.NoError(t, c.Set(&cron.Schedule{Name: "more", Workflow: job, Times: []string{"20 * * * *"}, Timezone: "UTC"}))
		travel(t, at(t, "2000-01-01T03:19:00Z"))
		c.Remove("more")
		s.Suspend = true
		require.NoError(t, c.Set(s))
		travel(t, at(t, "2000-01-01T05:30:00Z"))
		s.Suspend, s.StartingDeadline = false, 20*time.Minute
		require.NoError(t, c.Set(s))
		travel(t, at(t, "2000-01-01T05:31:00Z"))
		assert.Equal(t, []string{"01:00", "02:15", "02:20", "03:15", "05:15"}, started(t, runner, "UTC", "15:04"))
		assert.EqualValues(t, 4, status(t, c).Succeeded)
		cancel(errEnd)
		wg.Wait()
	})
}

// A run that cannot be started is told of, and the next time is tried again.
func TestRunThatCannotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &stubborn{Executor: fake.New(nil), err: errors.New("the cluster is away")}
		runner := workflow.NewRunner(x)
		c := cron.New(runner)
		require.NoError(t, c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}, Timezone: "UTC"}))
		run(t, c, at(t, "2000-01-01T01:30:00Z"))
		assert.ErrorIs(t, status(t, c).Err, x.err)
		assert.EqualValues(t, 1, status(t, c).Failed)
		assert.Zero(t, status(t, c).LastScheduledTime)

		x.err = nil
		run(t, c, at(t, "2000-01-01T02:30:00Z"))
		assert.NoError(t, status(t, c).Err)
		assert.EqualValues(t, 1, status(t, c).Succeeded)

		require.NoError(t, runner.Close())
		assert.ErrorIs(t, c.Run(t.Context()), workflow.ErrClosed)
	})
}

// A Runner that takes long to start a run keeps the schedule from looking.
func TestLate(t *testing.T) {
	for deadline, want := range map[time.Duration][]string{
		0:                {"01:00", "04:00"},
		30 * time.Minute: {"01:00", "03:00", "04:00"},
	} {
		synctest.Test(t, func(t *testing.T) {
			runner := workflow.NewRunner(&stubborn{Executor: fake.New(nil), takes: 130 * time.Minute})
			defer runner.Close()
			c := cron.New(runner)
			require.NoError(t, c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}, Timezone: "UTC", StartingDeadline: deadline}))
			run(t, c, at(t, "2000-01-01T04:30:00Z"))
			assert.Equal(t, want, started(t, runner, "UTC", "15:04"))
		})
	}
}

// stubborn is a fake that fails to begin a run, or takes its time for the first.
type stubborn struct {
	*fake.Executor
	err   error
	takes time.Duration
}

func (x *stubborn) BeginRun(ctx context.Context, r *executor.Run) error {
	<-time.After(x.takes)
	x.takes = 0
	return errors.Join(x.err, x.Executor.BeginRun(ctx, r))
}

// After a crash another process recovers the runs, and the schedule goes on with them.
func TestRestart(t *testing.T) {
	for policy, want := range map[spec.ConcurrencyPolicy][]string{
		spec.AllowConcurrent:  {"01:00", "02:00", "03:00"},
		spec.ForbidConcurrent: {"01:00"}, // its work begins anew at 02:10
	} {
		synctest.Test(t, func(t *testing.T) {
			j := journal.NewMemory()
			s := &cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}, Timezone: "UTC", Concurrency: policy, StartingDeadline: time.Hour}
			begin := func() (*cron.Cron, *workflow.Runner) {
				x := fake.New(nil).On("work", fake.Succeed().Taking(90*time.Minute))
				runner := workflow.NewRunner(x, workflow.WithJournal(j))
				c := cron.New(runner)
				require.NoError(t, c.Set(s))
				return c, runner
			}
			c, runner := begin()
			run(t, c, at(t, "2000-01-01T01:10:00Z"))
			require.NoError(t, runner.Close())

			travel(t, at(t, "2000-01-01T02:10:00Z"))
			c, runner = begin()
			defer func() { require.NoError(t, runner.Close()) }()
			_, err := runner.Recover(t.Context())
			require.NoError(t, err)
			run(t, c, at(t, "2000-01-01T03:10:00Z"))
			assert.Equal(t, want, started(t, runner, "UTC", "15:04"))
			assert.Len(t, status(t, c).Active, len(want))
		})
	}
}

// Two programs with one schedule and one journal start one run.
func TestTwoReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		var wg sync.WaitGroup
		uids := make([]string, 2)
		for i := range uids {
			runner := workflow.NewRunner(fake.New(nil), workflow.WithJournal(j))
			t.Cleanup(func() { assert.NoError(t, runner.Close()) })
			c := cron.New(runner)
			require.NoError(t, c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}}))
			wg.Go(func() {
				run(t, c, at(t, "2000-01-01T01:30:00Z"))
				if s := status(t, c); assert.NoError(t, s.Err) && assert.Len(t, s.Finished, 1) {
					uids[i] = s.Finished[0].UID()
				}
			})
		}
		wg.Wait()
		assert.Equal(t, uids[0], uids[1])
		names, err := j.Names(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"s-946688400"}, names)
	})
}
