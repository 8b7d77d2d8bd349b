package cron_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var job = workflow.Must(workflow.New("job-", workflow.Container("work", "busybox")))

// errEnd is the end of a call of Run in a test.
var errEnd = errors.New("the test is over")

// setup is a Cron with a schedule on a fake whose leaf ends as outcomes say. It is for a synctest bubble.
func setup(t *testing.T, s *cron.Schedule, outcomes ...fake.Outcome) (*cron.Cron, *workflow.Runner) {
	t.Helper()
	x := fake.New(nil)
	if outcomes != nil {
		x.On("work", outcomes...)
	}
	runner := workflow.NewRunner(x)
	t.Cleanup(func() { assert.NoError(t, runner.Close()) })
	c := cron.New(runner)
	if s.Workflow == nil {
		s.Workflow = job
	}
	if s.Name == "" {
		s.Name = "s"
	}
	require.NoError(t, c.Set(s))
	return c, runner
}

// at is a time, in UTC or as RFC 3339 says.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	if !strings.Contains(text, "T") {
		text += "T00:00:00Z"
	}
	parsed, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return parsed
}

// travel lets time pass.
func travel(t *testing.T, to time.Time) {
	t.Helper()
	require.False(t, to.Before(time.Now()))
	<-time.After(time.Until(to))
	synctest.Wait()
}

// run calls Run until a time.
func run(t *testing.T, c *cron.Cron, until time.Time) {
	t.Helper()
	ctx, cancel := context.WithDeadlineCause(t.Context(), until, errEnd)
	defer cancel()
	require.ErrorIs(t, c.Run(ctx), errEnd)
}

// started are the times of the runs that a Runner has, in a zone.
func started(t *testing.T, r *workflow.Runner, zone, layout string) []string {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	times := []string{}
	for run := range r.List() {
		i := strings.LastIndexByte(run.Name(), '-')
		d, err := time.ParseDuration(run.Name()[i+1:] + "s")
		require.NoError(t, err)
		times = append(times, time.Unix(0, 0).Add(d).In(loc).Format(layout))
	}
	return times
}

// The clock of a bubble begins on 2000-01-01, a Saturday.
func TestTimes(t *testing.T) {
	const minutes, days, zoned = "15:04", "01-02", "01-02T15:04Z07:00"
	for name, tt := range map[string]struct {
		times            []string
		zone             string
		from, until, fmt string
		want             []string
	}{
		"fields":               {[]string{"*/20 3,5-6 * * *"}, "UTC", "2000-01-01", "2000-01-02", minutes, []string{"03:00", "03:20", "03:40", "05:00", "05:20", "05:40", "06:00", "06:20", "06:40"}},
		"several":              {[]string{"0 */2 * * *", "0 */3 * * *"}, "UTC", "2000-01-01", "2000-01-01T07:00:00Z", minutes, []string{"02:00", "03:00", "04:00", "06:00"}},
		"either day":           {[]string{"0 12 13 * fri"}, "UTC", "2000-01-01", "2000-01-22", days, []string{"01-07", "01-13", "01-14", "01-21"}},
		"both days":            {[]string{"0 12 */2 * fri"}, "UTC", "2000-01-01", "2000-01-22", days, []string{"01-01", "01-03", "01-05", "01-07", "01-09", "01-11", "01-13", "01-14", "01-15", "01-17", "01-19", "01-21"}},
		"names":                {[]string{"@daily", "@weekly"}, "UTC", "2000-01-01T12:00:00Z", "2000-01-03T12:00:00Z", days, []string{"01-02", "01-03"}},
		"every":                {[]string{"@every 6h"}, "UTC", "2000-01-01T00:00:01Z", "2000-01-02T05:00:00Z", minutes, []string{"06:00", "12:00", "18:00", "00:00"}},
		"every second":         {[]string{"@every 20s"}, "UTC", "2000-01-01", "2000-01-01T00:01:01Z", "05", []string{"20", "40", "00"}},
		"a leap day":           {[]string{"30 6 29 2 *"}, "UTC", "2000-02-01", "2000-03-02", zoned, []string{"02-29T06:30Z"}},
		"not at its beginning": {[]string{"0 0 * * *"}, "UTC", "2000-01-01", "2000-01-02T12:00:00Z", days, []string{"01-02"}},
		"elsewhere":            {[]string{"0 9 * * *"}, "Asia/Tokyo", "2000-01-01T00:00:01Z", "2000-01-02T23:00:00Z", zoned, []string{"01-02T09:00+09:00"}},

		// In New York the clock went from 02:00 to 03:00 on April 2nd, and from 02:00 to 01:00 on October 29th.
		"skipped":         {[]string{"30 2 * * *"}, "America/New_York", "2000-04-01", "2000-04-04", zoned, []string{"04-01T02:30-05:00", "04-03T02:30-04:00"}},
		"before skipped":  {[]string{"59 1 * * *"}, "America/New_York", "2000-04-01T12:00:00Z", "2000-04-03T12:00:00Z", zoned, []string{"04-02T01:59-05:00", "04-03T01:59-04:00"}},
		"hourly, skipped": {[]string{"0 * * * *"}, "America/New_York", "2000-04-02T05:30:00Z", "2000-04-02T08:30:00Z", zoned, []string{"04-02T01:00-05:00", "04-02T03:00-04:00", "04-02T04:00-04:00"}},
		"twice":           {[]string{"30 1 * * *"}, "America/New_York", "2000-10-28T12:00:00Z", "2000-10-30T12:00:00Z", zoned, []string{"10-29T01:30-04:00", "10-29T01:30-05:00", "10-30T01:30-05:00"}},
		"after twice":     {[]string{"30 2 * * *"}, "America/New_York", "2000-10-28T12:00:00Z", "2000-10-30T12:00:00Z", zoned, []string{"10-29T02:30-05:00", "10-30T02:30-05:00"}},
		"hourly, twice":   {[]string{"0 * * * *"}, "America/New_York", "2000-10-29T04:30:00Z", "2000-10-29T07:30:00Z", zoned, []string{"10-29T01:00-04:00", "10-29T01:00-05:00", "10-29T02:00-05:00"}},
		// In London 02:30 comes, and 01:30 does not, on March 26th; in October 01:30 comes twice.
		"London": {[]string{"30 1 26 3 *", "30 2 26 3 *"}, "Europe/London", "2000-03-25", "2000-03-27", zoned, []string{"03-26T02:30+01:00"}},
		// In Cairo there was no midnight on April 28th, a Friday.
		"no midnight":  {[]string{"0 3 * * fri"}, "Africa/Cairo", "2000-04-27", "2000-04-29", zoned, []string{"04-28T03:00+03:00"}},
		"its midnight": {[]string{"0 0 * * *"}, "Africa/Cairo", "2000-04-26T12:00:00Z", "2000-04-29T12:00:00Z", zoned, []string{"04-27T00:00+02:00", "04-29T00:00+03:00"}},
		// On Lord Howe Island the clock goes forward, and back, by half an hour: on March 26th from 02:00 to 01:30.
		"half an hour": {[]string{"45 1 * * *", "5 4 * * *"}, "Australia/Lord_Howe", "2000-03-25T10:00:00Z", "2000-03-26T10:00:00Z", zoned, []string{"03-26T01:45+11:00", "03-26T01:45+10:30", "03-26T04:05+10:30"}},
	} {
		for _, way := range []string{"timezone", "CRON_TZ"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &cron.Schedule{Times: tt.times, Timezone: tt.zone}
					if way == "CRON_TZ" {
						s = &cron.Schedule{}
						for _, text := range tt.times {
							s.Times = append(s.Times, "CRON_TZ="+tt.zone+" "+text)
						}
					}
					c, runner := setup(t, s)
					travel(t, at(t, tt.from))
					run(t, c, at(t, tt.until))
					assert.Equal(t, tt.want, started(t, runner, tt.zone, tt.fmt))
				})
			})
		}
	}
}

func TestConcurrency(t *testing.T) {
	const overlapping = 90 * time.Minute
	for policy, want := range map[spec.ConcurrencyPolicy]struct {
		started           []string
		succeeded, failed int64
		active            int
	}{
		"":                     {[]string{"01:00", "02:00", "03:00", "04:00"}, 3, 0, 1},
		spec.AllowConcurrent:   {[]string{"01:00", "02:00", "03:00", "04:00"}, 3, 0, 1},
		spec.ForbidConcurrent:  {[]string{"01:00", "03:00"}, 2, 0, 0},
		spec.ReplaceConcurrent: {[]string{"01:00", "02:00", "03:00", "04:00"}, 0, 3, 1},
	} {
		t.Run(string(policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, runner := setup(t, &cron.Schedule{Times: []string{"@hourly"}, Timezone: "UTC", Concurrency: policy}, fake.Succeed().Taking(overlapping))
				run(t, c, at(t, "2000-01-01T04:45:00Z"))
				assert.Equal(t, want.started, started(t, runner, "UTC", "15:04"))
				status, err := c.Status("s")
				require.NoError(t, err)
				assert.Equal(t, want.succeeded, status.Succeeded)
				assert.Equal(t, want.failed, status.Failed)
				assert.Len(t, status.Active, want.active)
				for _, run := range status.Finished {
					if policy == spec.ReplaceConcurrent {
						assert.ErrorIs(t, run.Wait(t.Context()), cron.ErrReplaced)
					}
				}
			})
		})
	}
}

// What is missed while Run is not at work is made up for by the latest time, if that is not too old.
func TestMissed(t *testing.T) {
	for name, tt := range map[string]struct {
		deadline time.Duration
		edit     func(*cron.Cron, *cron.Schedule) // while nobody is there
		back     string
		want     []string
	}{
		"no deadline":      {0, nil, "05:20", []string{"01:00", "06:00"}},
		"in time":          {30 * time.Minute, nil, "05:20", []string{"01:00", "05:00", "06:00"}},
		"too late":         {20 * time.Minute, nil, "05:20", []string{"01:00", "06:00"}},
		"only the latest":  {24 * time.Hour, nil, "05:20", []string{"01:00", "05:00", "06:00"}},
		"none was missed":  {24 * time.Hour, nil, "01:59", []string{"01:00", "02:00", "03:00", "04:00", "05:00", "06:00"}},
		"other times":      {24 * time.Hour, func(_ *cron.Cron, s *cron.Schedule) { s.Times = []string{"0,10 * * * *"} }, "05:50", []string{"01:00", "06:00", "06:10"}},
		"another deadline": {0, func(_ *cron.Cron, s *cron.Schedule) { s.StartingDeadline = time.Hour }, "05:20", []string{"01:00", "05:00", "06:00"}},
		"suspended":        {24 * time.Hour, func(_ *cron.Cron, s *cron.Schedule) { s.Suspend = true }, "05:20", []string{"01:00"}},
		"old progress":     {24 * time.Hour, func(_ *cron.Cron, s *cron.Schedule) { s.Progress.LastScheduledTime = time.Unix(946_710_000, 0) }, "07:20", []string{"01:00", "07:00", "08:00"}},
		"progress": {24 * time.Hour, func(c *cron.Cron, s *cron.Schedule) {
			c.Remove("s")
			s.Progress.LastScheduledTime = time.Unix(946_710_000, 0)
		}, "07:20", []string{"01:00", "08:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &cron.Schedule{Times: []string{"0 * * * *"}, Timezone: "UTC", StartingDeadline: tt.deadline}
				c, runner := setup(t, s)
				run(t, c, at(t, "2000-01-01T01:30:00Z"))
				if tt.edit != nil {
					tt.edit(c, s)
					travel(t, time.Now().Add(time.Until(at(t, "2000-01-01T"+tt.back+":00Z"))-time.Minute))
					require.NoError(t, c.Set(s))
				}
				travel(t, at(t, "2000-01-01T"+tt.back+":00Z"))
				run(t, c, time.Now().Truncate(time.Hour).Add(time.Hour+15*time.Minute))
				if name == "none was missed" {
					run(t, c, at(t, "2000-01-01T06:15:00Z"))
				}
				assert.Equal(t, tt.want, started(t, runner, "UTC", "15:04"))
			})
		})
	}
}
