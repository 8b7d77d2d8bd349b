// Package dag puts templates in order by their dependencies.
//
//	d := dag.New("diamond")
//	a := d.Task("A", echo, message.Set("A"))
//	b := d.Task("B", echo, message.Set("B")).Dependencies(a)
//	c := d.Task("C", echo, message.Set("C")).Dependencies(a)
//	d.Task("D", echo, message.Set("D")).Dependencies(b, c)
//
// A task that takes another task's output waits for it without being told so. A dag is a template: another dag, or
// steps, can call it, and it can take inputs and give outputs.
//
// A task may have a condition (When), be a loop (Each), wait for other ends than success (Depends), and have hooks; the
// template says when it is tried again and how long it may take.
package dag

import (
	"time"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

type (
	template = build.Template
	call     = build.Call
)

// DAG is a template made of tasks. [New] makes one.
type DAG struct{ template }

// New makes a dag template without tasks.
func New(name string) *DAG {
	d := &DAG{}
	build.DAG(&d.template, name)
	return d
}

// Inputs declares what the dag takes. Its tasks pass it on with Param.Pass.
func (d *DAG) Inputs(in ...workflow.InputDecl) *DAG {
	build.Inputs(&d.template, in)
	return d
}

// Outputs declares what the dag gives: outputs of its tasks, with Output.From.
func (d *DAG) Outputs(out ...workflow.OutputDecl) *DAG {
	build.Outputs(&d.template, out)
	return d
}

// Task adds a call of a template. The name is unique in the dag. A task that takes another task's output depends on it.
func (d *DAG) Task(name string, t workflow.Template, args ...workflow.Binding) *Task {
	k := &Task{}
	build.AddCall(&d.template, 0, &k.call, name, t, args)
	return k
}

// Retry says when the template is tried again, as a whole.
func (d *DAG) Retry(r workflow.Retry) *DAG {
	build.SetRetry(&d.template, r)
	return d
}

// Parallelism bounds how many of its tasks run at a time.
func (d *DAG) Parallelism(n int) *DAG {
	build.SetParallelism(&d.template, n)
	return d
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (d *DAG) Mutex(name string) *DAG {
	build.AddMutex(&d.template, name)
	return d
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (d *DAG) Semaphore(configMap, key string) *DAG {
	build.AddSemaphore(&d.template, configMap, key)
	return d
}

// FailFast says whether the dag fails as soon as a task has, before its other branches have ended. It is true unless
// set.
func (d *DAG) FailFast(on bool) *DAG {
	build.SetFailFast(&d.template, on)
	return d
}

// Target names the tasks to reach: others run only if these wait for them, and these alone decide how the dag ends.
// Without any it is all tasks that nothing waits for.
func (d *DAG) Target(tasks ...*Task) *DAG {
	build.SetTargets(&d.template, tasks)
	return d
}

// Memoize keeps the outputs in a cache, which is the name of a ConfigMap, and uses them again where the key is the same
// and they are no older than maxAge; 0 is for ever. The key holds tags of the inputs.
func (d *DAG) Memoize(cache, key string, maxAge time.Duration) *DAG {
	build.SetMemoize(&d.template, cache, key, maxAge)
	return d
}

// Metrics adds values that are measured when a node has ended. They are in [workflow.NodeStatus.Metrics].
func (d *DAG) Metrics(m ...spec.Prometheus) *DAG {
	build.AddMetrics(&d.template, m)
	return d
}

// With edits the dag's spec, for all that has no method of its own. It is called by each workflow.New, with the tasks
// in place.
func (d *DAG) With(edit func(*spec.Template)) *DAG {
	build.Edit(&d.template, edit)
	return d
}

// Task is one node of a dag: a call of a template. [DAG.Task] makes one.
type Task struct{ call }

// Name is the name of the task.
func (t *Task) Name() string { return build.CallName(&t.call) }

// Dependencies makes the task wait until the others have succeeded. If one of them does not, the task is Omitted.
func (t *Task) Dependencies(on ...*Task) *Task {
	for _, o := range on {
		build.Depend(&t.call, o)
	}
	return t
}

// Depends makes the task wait for an expression over how other tasks end. If it is false once they all have ended, the
// task is Omitted. Together with Dependencies both must hold. A task whose value this one uses must be named.
func (t *Task) Depends(e Depends) *Task {
	build.SetDepends(&t.call, e.d)
	return t
}

// When runs the task only if the condition holds; otherwise it is Skipped. A condition on another task's value makes
// the task wait for it.
func (t *Task) When(c workflow.Condition) *Task {
	build.SetWhen(&t.call, c)
	return t
}

// Each makes the task a loop: one node for each item. Its arguments and its condition may use the item. See also
// Param.Each.
func (t *Task) Each(item workflow.Loop) *Task {
	build.SetEach(&t.call, item)
	return t
}

// ContinueOn lets the dag go on, and succeed, although the task ends in one of the phases: workflow.Failed and
// workflow.Errored. The task keeps its phase. In a dag where a task has Depends some
// task must wait for this one.
func (t *Task) ContinueOn(phases ...workflow.Phase) *Task {
	build.SetContinueOn(&t.call, phases)
	return t
}

// Timeout bounds the time of the task's node, from when it is ready to run. The task gets a template of its own for
// it, so what it calls must be no dag and no steps.
func (t *Task) Timeout(d time.Duration) *Task {
	build.SetTimeout(&t.call, d)
	return t
}

// OnExit runs a template when the task has ended, however it ended, unless it was Skipped or Omitted. What waits for
// the task waits for that too. The arguments may use what the task gave.
func (t *Task) OnExit(tmpl workflow.Template, args ...workflow.Binding) *Task {
	build.AddHook(&t.call, build.NewHook(spec.ExitHook, nil, tmpl, args))
	return t
}

// Hook runs a template once the condition holds, while the task runs or when it has ended: a condition over
// workflow.NodePhase of the task, say. The name is unique among the task's hooks.
func (t *Task) Hook(name string, when workflow.Condition, tmpl workflow.Template, args ...workflow.Binding) *Task {
	build.AddHook(&t.call, build.NewHook(name, when, tmpl, args))
	return t
}

// With edits the task's spec, for all that has no method of its own. It is called by each workflow.New.
func (t *Task) With(edit func(*spec.Task)) *Task {
	build.EditTask(&t.call, edit)
	return t
}
