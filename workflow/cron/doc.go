// Package cron runs workflows at times, as Argo's CronWorkflow does.
//
//	nightly, err := cron.Load(file)                  // a CronWorkflow in YAML, or in Go:
//	nightly := &cron.Schedule{Name: "nightly", Workflow: wf, Times: []string{"0 2 * * *"}, Timezone: "Europe/Berlin"}
//
//	c := cron.New(runner)
//	err = c.Set(nightly) // checks it
//	err = c.Run(ctx)     // starts what is due, until ctx ends
//
// Schedules may be set and removed before and while Run is at work. [Cron.Status] tells what became of one. The runs
// are runs of the workflow.Runner: they go on when Run ends, and its Get and List find them. In a test, a
// testing/synctest bubble and executor/fake let days pass in no time.
//
// # Names, and what is started twice
//
// The run of a time has the name <schedule>-<seconds since 1970>. So a time has one run: where the Runner has a run of
// that name already, from a call of Run before or from its journal, that run is the one of the schedule.
//
// # Times
//
// A schedule with a time zone follows its clock along the time line. What is due in the hour that is left out when the
// clock is put forward is not run on that day; what is due in the hour that comes twice when it is put back is run
// twice. Who does not want that writes times outside of the hours from 1 to 3, or takes UTC.
//
// # Missed times
//
// When Run begins, and when a schedule is set anew, times may have passed for which nobody was there: those after
// [Progress].LastScheduledTime. The latest of them, and only it, is made up for if it is less than StartingDeadline
// ago. A schedule that never ran, or whose times were changed since, has missed nothing. While Run waits, a time counts
// until it is a minute late, as when the machine was busy or asleep.
//
// LastScheduledTime is known from the runs of the schedule that the Runner has, and from Schedule.Progress. A program that
// is to make up for times after a restart gives both: it recovers the Runner from its journal before Run, and keeps
// Status.Progress, as JSON, where it finds it again.
//
// # Expressions
//
// Schedule.When and StopWhen are in the expr language of Argo's {{=…}}. They have the variable cronworkflow with the
// fields name, namespace, labels and annotations (of the CronWorkflow, if the schedule is made of one),
// lastScheduledTime (a time, or nil before the first run), succeeded and failed (numbers of runs):
//
//	When:     "{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Hours() > 20 }}",
//	StopWhen: "cronworkflow.succeeded >= 10 || cronworkflow.failed >= 3",
//
// At each time these are asked in this order: StopWhen, Suspend, When, Concurrency.
package cron
