package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A run can wait for a person, who answers with values. Suspend and Resume of a Run hold it as a whole.
func Example_suspend() {
	const (
		approved = workflow.Output[bool]("approved")
		reason   = workflow.Output[string]("reason")
		note     = workflow.Param[string]("note")
	)
	approval := workflow.Suspend("approval").Outputs(approved.Supplied(), reason.Supplied().Default("none given"))
	deploy := workflow.Container("deploy", "acme/deploy:1").Inputs(note).Command("deploy", "--note", note.Ref())

	d := dag.New("release")
	ask := d.Task("ask", approval)
	d.Task("deploy", deploy, note.From(reason.Of(ask))).When(approved.Of(ask).Is(true))
	wf := workflow.Must(workflow.New("release-", d))

	ctx := context.Background()
	runner := workflow.NewRunner(fake.New(nil))
	defer runner.Close()
	run, err := runner.Start(ctx, wf)
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range run.Events(ctx) {
		if e.Node.Path == "ask" && e.Node.Phase == workflow.Running {
			fmt.Println("asked:", run.Resume(ctx, "ask", approved.Set(true)))
		}
	}
	fmt.Println(run.Wait(ctx))
	fmt.Println(note.Get(run.Node("deploy")))
	// Output:
	// asked: <nil>
	// <nil>
	// none given <nil>
}
