package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestSetRefuses(t *testing.T) {
	c := cron.New(workflow.NewRunner(nil))
	good := func(edit func(*cron.Schedule)) *cron.Schedule {
		s := &cron.Schedule{Name: "s", Workflow: job, Times: []string{hourly}}
		edit(s)
		return s
	}
	times := func(texts ...string) *cron.Schedule { return good(func(s *cron.Schedule) { s.Times = texts }) }
	const five = `expected five fields as "30 2 * * *", or @daily or the like: `
	for _, tt := range []struct {
		s    *cron.Schedule
		want []string
	}{
		{nil, []string{"the schedule is nil"}},
		{&cron.Schedule{}, []string{`name: "" is empty`, "schedules: there are none: it would never run", "workflow: is nil"}},
		{good(func(s *cron.Schedule) { s.Name = strings.Repeat("a", 53) }), []string{`name: "` + strings.Repeat("a", 53) + `" is too long: it has 53 characters, and may have 52`}},
		{good(func(s *cron.Schedule) { s.Name = "A" }), []string{`name: "A" must be lower-case letters, digits, - and ., and begin and end with a letter or digit`}},
		{times("* * * *", "", "60 * * * *", "@dayly", "* * * * * *"), []string{
			"schedules[0]: " + five + "expected exactly 5 fields, found 4: [* * * *]",
			"schedules[1]: " + five + "empty spec string",
			"schedules[2]: " + five + "end of range (60) above maximum (59): 60",
			"schedules[3]: " + five + "unrecognized descriptor: @dayly",
			"schedules[4]: " + five + "expected exactly 5 fields, found 6: [* * * * * *]",
		}},
		{times("0 0 31 2 *", ", * * * *", "@every -5m"), []string{
			"schedules[0]: there is no such time",
			"schedules[1]: there is no such time",
			`schedules[2]: expected a positive duration as "@every 90m"`,
		}},
		{times("CRON_TZ=Mars/Base 0 0 * * *", "TZ=UTC", "CRON_TZ= 0 0 * * *", "TZ=UTC TZ=UTC 0 0 * * *"), []string{
			`schedules[0]: no time zone "Mars/Base"; expected a name as "Europe/Berlin" or "UTC"`,
			"schedules[1]: " + five + "empty spec string",
			`schedules[2]: no time zone ""; expected a name as "Europe/Berlin" or "UTC"`,
			"schedules[3]: names its time zone twice",
		}},
		{good(func(s *cron.Schedule) { s.Timezone = "Europe/Berln" }), []string{`timezone: no time zone "Europe/Berln"; expected a name as "Europe/Berlin" or "UTC"`}},
		{good(func(s *cron.Schedule) { s.Timezone, s.Times = "UTC", []string{"TZ=UTC 0 0 * * *"} }), []string{
			"schedules[0]: names a time zone, and there is a timezone beside it: say it once"}},
		{good(func(s *cron.Schedule) { s.Concurrency = "Forbit" }), []string{`concurrencyPolicy: no policy "Forbit"; did you mean "Forbid"?; there are Allow, Forbid, Replace`}},
		{good(func(s *cron.Schedule) { s.StartingDeadline = -1 }), []string{"startingDeadlineSeconds: is negative"}},
		{good(func(s *cron.Schedule) { s.KeepFailed, s.KeepSucceeded = new(int32(-1)), new(int32(-1)) }), []string{
			"successfulJobsHistoryLimit: is negative", "failedJobsHistoryLimit: is negative"}},
		{good(func(s *cron.Schedule) { s.When, s.StopWhen = "{{= cronworkflow.fialed < 3 }}", "failed > 3" }), []string{
			`when: no variable "cronworkflow.fialed"; did you mean "failed"?`,
			`stopStrategy.expression: no variable "failed"; expected cronworkflow.{annotations,failed,labels,lastScheduledTime,name,namespace,succeeded}`}},
		{good(func(s *cron.Schedule) { s.When = "{{= cronworkflow.failed < 3" }), []string{"when: a tag is not closed: expected }}"}},
	} {
		err := c.Set(tt.s)
		require.Error(t, err)
		assert.Equal(t, tt.want, strings.Split(err.Error(), "\n"))
	}
	assert.EqualError(t, func() error { _, err := c.Status("s"); return err }(), `no schedule "s"`)
}

func TestFromSpec(t *testing.T) {
	s, err := cron.FromSpec(&spec.CronWorkflow{
		ObjectMeta: metav1.ObjectMeta{Name: "nightly", Namespace: "ops", Labels: map[string]string{"team": "a"}},
		Spec: spec.CronWorkflowSpec{
			Schedules: []string{"0 2 * * *"}, Timezone: "UTC", When: "{{= cronworkflow.labels.team == cronworkflow.namespace }}",
			ConcurrencyPolicy: spec.ForbidConcurrent, StartingDeadlineSeconds: new(int64(90)), Suspend: true,
			StopStrategy:               &spec.StopStrategy{Expression: "cronworkflow.failed > 1"},
			SuccessfulJobsHistoryLimit: new(int32(7)), FailedJobsHistoryLimit: new(int32(8)),
			WorkflowMetadata: &metav1.ObjectMeta{Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}},
			WorkflowSpec:     job.Spec().Spec,
		},
		Status: spec.CronWorkflowStatus{LastScheduledTime: &metav1.Time{Time: time.Unix(7, 0)}, Succeeded: 2, Failed: 3, Phase: spec.CronStopped},
	})
	require.NoError(t, err)
	w := s.Workflow.Spec()
	assert.Equal(t, metav1.ObjectMeta{
		GenerateName: "nightly-", Namespace: "ops",
		Labels: map[string]string{"a": "b", cron.Label: "nightly"}, Annotations: map[string]string{"c": "d"},
	}, w.ObjectMeta)
	assert.Equal(t, job.Spec().Spec, w.Spec)
	assert.Equal(t, cron.Progress{LastScheduledTime: time.Unix(7, 0), Succeeded: 2, Failed: 3, Stopped: true}, s.Progress)
	assert.Equal(t, []any{"nightly", []string{"0 2 * * *"}, "UTC", "cronworkflow.failed > 1", spec.ForbidConcurrent, 90 * time.Second, true, int32(7), int32(8)},
		[]any{s.Name, s.Times, s.Timezone, s.StopWhen, s.Concurrency, s.StartingDeadline, s.Suspend, *s.KeepSucceeded, *s.KeepFailed})
}

func TestLoadRefuses(t *testing.T) {
	const head = "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: s}\n"
	for input, want := range map[string]string{
		"":                            "expected one CronWorkflow, found 0 of 0 objects",
		head + "---\n" + head:         "expected one CronWorkflow, found 2 of 2 objects",
		head + "spec: {schdules: []}": `line 4: spec.schdules: unknown field; did you mean "schedules"?`,
		head + "spec: {schedules: ['* * *'], startingDeadlineSeconds: -9223372036854775808, workflowSpec: {entrypoint: main, templates: [{name: main}]}}": "templates[main]: does nothing: it has no container, script, dag or steps\n" +
			"schedules[0]: expected five fields as \"30 2 * * *\", or @daily or the like: expected exactly 5 fields, found 3: [* * *]\n" +
			"startingDeadlineSeconds: is negative",
	} {
		_, err := cron.Load(strings.NewReader(input))
		assert.EqualError(t, err, want)
	}
	_, err := cron.FromSpec(nil)
	assert.EqualError(t, err, "the CronWorkflow is nil")
}

// FuzzSchedule checks that no text of a schedule panics, and none takes long.
func FuzzSchedule(f *testing.F) {
	for _, seed := range [][2]string{
		{"* * * * *", ""}, {"TZ=UTC", "{{"}, {"CRON_TZ=Asia/Tokyo 1-5/2,7 * ? jan-mar sun", "{{= cronworkflow.failed }} < 3"},
		{"@every 1ns", "{{cronworkflow}}"}, {"@every 9223372036s", "a == b"}, {", , , , ,", "}}{{"}, {"0 0 31 2 *", "{{=}}"}, {"TZ=Local @daily", "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, times, when string) {
		c := cron.New(workflow.NewRunner(nil))
		if c.Set(&cron.Schedule{Name: "s", Workflow: job, Times: []string{times}, When: when}) == nil {
			s, err := c.Status("s")
			require.NoError(t, err)
			assert.True(t, s.Next.After(time.Unix(0, 0)), s.Next)
		}
	})
}
