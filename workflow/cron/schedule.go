package cron

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Schedule is a workflow and the times at which it runs. [Load] and [FromSpec] make one of Argo's CronWorkflow, whose
// fields have the same meaning.
type Schedule struct {
	// Name names the schedule, and its runs: <name>-<seconds since 1970 of the time that they are for>. It has at most
	// 52 characters.
	Name string
	// Workflow is what runs.
	Workflow *workflow.Workflow
	// Times are when it is due: each is cron's five fields, or @daily and the like, or @every 90m, which counts in UTC
	// from midnight if it divides a day. It is due at the times of all, and once if several coincide. One may begin with
	// its own time zone: "CRON_TZ=Asia/Tokyo 0 9 * * *".
	Times []string
	// Timezone is where the times are: "Europe/Berlin". Empty is the machine's. A program for machines that do not know
	// the zones imports time/tzdata.
	Timezone string
	// When decides at each time whether it counts; empty is yes. It is a text with tags, most often one expression:
	// "{{= cronworkflow.failed < 3 }}". See the package documentation for what there is.
	When string
	// StopWhen is an expression without a tag. Once it is true, before a time or after a run, the schedule has stopped
	// for good. Empty is never.
	StopWhen string
	// Concurrency says what to do while an earlier run has not ended. Empty is spec.AllowConcurrent.
	Concurrency spec.ConcurrencyPolicy
	// StartingDeadline is how late a time may be that nobody was there for. Zero leaves such times out.
	StartingDeadline time.Duration
	// Suspend, if true, lets all times pass.
	Suspend bool
	// KeepSucceeded and KeepFailed are how many of the runs that ended stay in the [Status]. Nil is 3, and 1.
	KeepSucceeded, KeepFailed *int32
	// Progress is how far the schedule came elsewhere, as in another process: its part of a Status that was kept. It
	// counts where the Cron has no schedule of the name yet. The zero value begins anew.
	Progress Progress

	meta metav1.ObjectMeta // of the CronWorkflow, for expressions
}

// Progress is what a schedule knows of its past.
type Progress struct {
	// LastScheduledTime is the time for which the last run was started, or the zero time. Only what is due after it can
	// have been missed.
	LastScheduledTime time.Time `json:"lastScheduledTime,omitzero"`
	// Succeeded and Failed are how many runs ended so. Failed are also those that could not be started.
	Succeeded int64 `json:"succeeded,omitzero"`
	Failed    int64 `json:"failed,omitzero"`
	// Stopped says that StopWhen was true.
	Stopped bool `json:"stopped,omitzero"`
}

// Label is the label that Argo puts on the runs of a CronWorkflow, with its name; [Load] and [FromSpec] put it on the
// workflow.
const Label = "workflows.argoproj.io/cron-workflow"

// maxName is what is left of the name of a run, 63 characters, beside - and ten digits.
const maxName = 52

// Load reads one CronWorkflow, in YAML or JSON, strictly as workflow.Load does. Objects of other kinds beside it are
// left out. The options are those of its workflow, as workflow.Templates: templates are read now, and not for each run;
// who changes them loads the schedule again, and sets it.
func Load(r io.Reader, opts ...workflow.Option) (*Schedule, error) {
	objects, err := spec.Decode(r)
	if err != nil {
		return nil, err
	}
	var found []*spec.CronWorkflow
	for _, o := range objects {
		if c, ok := o.(*spec.CronWorkflow); ok {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("expected one CronWorkflow, found %d of %d objects", len(found), len(objects))
	}
	return FromSpec(found[0], opts...)
}

// FromSpec makes a Schedule of a CronWorkflow that is data, as [Load] does. All that is wrong with it and with its
// workflow is reported together, as *[workflow.Error]s.
func FromSpec(c *spec.CronWorkflow, opts ...workflow.Option) (*Schedule, error) {
	if c = c.DeepCopy(); c == nil {
		return nil, errors.New("the CronWorkflow is nil")
	}
	w := &spec.Workflow{
		TypeMeta: metav1.TypeMeta{APIVersion: spec.APIVersion, Kind: "Workflow"},
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: c.Name + "-", Namespace: c.Namespace, Labels: map[string]string{Label: c.Name},
		},
		Spec: c.Spec.WorkflowSpec,
	}
	if m := c.Spec.WorkflowMetadata; m != nil {
		maps.Copy(w.Labels, m.Labels)
		w.Annotations = m.Annotations
	}
	s := &Schedule{
		Name: c.Name, Times: c.Spec.Schedules, Timezone: c.Spec.Timezone, When: c.Spec.When, Concurrency: c.Spec.ConcurrencyPolicy,
		Suspend: c.Spec.Suspend, KeepSucceeded: c.Spec.SuccessfulJobsHistoryLimit, KeepFailed: c.Spec.FailedJobsHistoryLimit,
		Progress: Progress{Succeeded: c.Status.Succeeded, Failed: c.Status.Failed, Stopped: c.Status.Phase == spec.CronStopped},
		meta:     c.ObjectMeta,
	}
	if c.Spec.StopStrategy != nil {
		s.StopWhen = c.Spec.StopStrategy.Expression
	}
	if d := c.Spec.StartingDeadlineSeconds; d != nil {
		const most = int64(math.MaxInt64 / time.Second)
		s.StartingDeadline = time.Duration(max(min(*d, most), -most)) * time.Second
	}
	if t := c.Status.LastScheduledTime; t != nil {
		s.Progress.LastScheduledTime = t.Time
	}
	var err error
	s.Workflow, err = workflow.FromSpec(w, opts...)
	_, problems := s.compile()
	if err := errors.Join(err, errors.Join(problems...)); err != nil {
		return nil, err
	}
	return s, nil
}

// job is a schedule that was checked.
type job struct {
	Schedule
	times several
	when  when
	stop  *expr.Program // nil if there is none
	keep  map[bool]int  // of the succeeded, and of the others
	since time.Time     // when the times became what they are, if they were others before
}

// compile checks a schedule, except whether there is a workflow.
func (s *Schedule) compile() (*job, []error) {
	var problems []error
	check := func(path string, err error) {
		if err != nil {
			problems = append(problems, &workflow.Error{Path: path, Problem: err.Error()})
		}
	}
	j := &job{Schedule: *s, keep: map[bool]int{true: 3, false: 1}}
	j.Times = slices.Clone(s.Times)
	check("name", checkName(s.Name))
	var zone *time.Location
	if s.Timezone != "" {
		var err error
		zone, err = loadZone(s.Timezone)
		check("timezone", err)
	}
	if len(s.Times) == 0 {
		check("schedules", errors.New("there are none: it would never run"))
	}
	for i, text := range s.Times {
		t, err := parseTimes(text, zone)
		check(fmt.Sprintf("schedules[%d]", i), err)
		j.times = append(j.times, t)
	}
	if s.When != "" {
		var err error
		j.when, err = parseWhen(s.When)
		check("when", err)
	}
	if s.StopWhen != "" {
		var err error
		j.stop, err = parseExpression(s.StopWhen)
		check("stopStrategy.expression", err)
	}
	check("concurrencyPolicy", checkPolicy(s.Concurrency))
	if s.StartingDeadline < 0 {
		check("startingDeadlineSeconds", errors.New("is negative"))
	}
	for _, k := range []struct {
		path      string
		succeeded bool
		limit     *int32
	}{{"successfulJobsHistoryLimit", true, s.KeepSucceeded}, {"failedJobsHistoryLimit", false, s.KeepFailed}} {
		switch {
		case k.limit == nil:
		case *k.limit < 0:
			check(k.path, errors.New("is negative"))
		default:
			j.keep[k.succeeded] = int(*k.limit)
		}
	}
	return j, problems
}

func checkName(name string) error {
	problem := plan.RunNameProblem(name)
	if len(name) > maxName {
		problem = fmt.Sprintf("is too long: it has %d characters, and may have %d", len(name), maxName)
	}
	if problem != "" {
		return fmt.Errorf("%.60q %s", name, problem)
	}
	return nil
}

func checkPolicy(p spec.ConcurrencyPolicy) error {
	known := []string{string(spec.AllowConcurrent), string(spec.ForbidConcurrent), string(spec.ReplaceConcurrent)}
	if p == "" || slices.Contains(known, string(p)) {
		return nil
	}
	return fmt.Errorf("no policy %.60q%s; there are %s", p, nearest.Hint(string(p), slices.Values(known)), strings.Join(known, ", "))
}

// vars are the fields of cronworkflow in an expression.
func (j *job) vars(p Progress) map[string]any {
	var last any // nil if there is none
	if !p.LastScheduledTime.IsZero() {
		last = p.LastScheduledTime
	}
	return map[string]any{
		"name": j.Name, "namespace": j.meta.Namespace, "labels": values(j.meta.Labels), "annotations": values(j.meta.Annotations),
		"lastScheduledTime": last, "failed": p.Failed, "succeeded": p.Succeeded,
	}
}

func values(m map[string]string) map[string]any {
	values := map[string]any{}
	for k, v := range m {
		values[k] = v
	}
	return values
}
