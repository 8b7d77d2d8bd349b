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
package dag

import (
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

// With edits the task's spec, for all that has no method of its own. It is called by each workflow.New.
func (t *Task) With(edit func(*spec.Task)) *Task {
	build.EditTask(&t.call, edit)
	return t
}
