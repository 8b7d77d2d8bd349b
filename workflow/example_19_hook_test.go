package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A hook runs beside a task as soon as its condition holds; what waits for the task waits for the hook too. The workflow
// may have hooks as well.
func Example_hook() {
	const what = workflow.Param[string]("what")
	train := workflow.Container("train", "acme/train:1").Command("train")
	tell := workflow.Container("tell", "acme/tell:1").Inputs(what).Command("tell", what.Ref())

	d := dag.New("learning")
	t := d.Task("train", train)
	t.Hook("begun", workflow.NodePhase.Of(t).Is(workflow.Running), tell, what.Set("training has begun")).
		Hook("failed", workflow.NodePhase.Of(t).Is(workflow.Failed), tell, what.Set("training has failed"))
	wf := workflow.Must(workflow.New("learning-", d))

	run, err := wf.Run(context.Background(), fake.New(nil))
	fmt.Println(run.Phase(), err)
	for n := range run.Nodes() {
		if n.Template == "tell" {
			text, err := what.Get(n)
			fmt.Println(n.Path, text, err)
		}
	}
	// Output:
	// Succeeded <nil>
	// train.hooks.begun training has begun <nil>
}
