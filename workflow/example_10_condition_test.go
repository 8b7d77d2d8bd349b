package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A task runs only if a condition on another task's value holds; else it is Skipped. Values are compared as what they
// are: whatever text a task gives, it is never read as a part of the condition.
func Example_condition() {
	type verdict string
	var result workflow.Result[verdict]
	test := workflow.Container("test", "acme/test:1").Command("test", "--verdict").Outputs(result)
	publish := workflow.Container("publish", "acme/publish:1").Command("publish")
	blame := workflow.Container("blame", "acme/blame:1").Command("blame")

	d := dag.New("release")
	t := d.Task("test", test)
	d.Task("publish", publish).When(result.Of(t).Is("good"))
	d.Task("blame", blame).When(result.Of(t).IsNot("good"))
	wf := workflow.Must(workflow.New("release-", d))

	for _, v := range []verdict{"good", `bad" || "good`} {
		run, err := wf.Run(context.Background(), fake.New(nil).On("test", fake.Succeed(result.Set(v))))
		fmt.Println(run.Node("publish").Phase, run.Node("blame").Phase, err)
	}
	// Output:
	// Succeeded Skipped <nil>
	// Skipped Succeeded <nil>
}
