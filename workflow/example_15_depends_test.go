package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Depends says which ends of other tasks a task waits for. ContinueOn lets a dag go on as if a task that failed had
// succeeded. This one fails all the same: it did not come to announce.
func Example_depends() {
	work := workflow.Container("work", "acme/work:1").Command("work")

	d := dag.New("rollout")
	lint := d.Task("lint", work).ContinueOn(workflow.Failed) // a matter of taste
	deploy := d.Task("deploy", work).Dependencies(lint)
	smoke := d.Task("smoke", work).Dependencies(deploy)
	d.Task("rollback", work).Depends(deploy.Failed().Or(smoke.Failed()))
	d.Task("announce", work).Depends(smoke.Succeeded())
	wf := workflow.Must(workflow.New("rollout-", d))

	x := fake.New(nil).On("lint", fake.Fail(1, "no comment")).On("smoke", fake.Fail(1, "502"))
	run, _ := wf.Run(context.Background(), x)
	for n := range run.Nodes() {
		fmt.Printf("%q %s\n", n.Path, n.Phase)
	}
	// Output:
	// "" Failed
	// "lint" Failed
	// "deploy" Succeeded
	// "smoke" Failed
	// "rollback" Succeeded
	// "announce" Omitted
}
