package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Parallelism bounds how much is at work at a time: the tasks of one dag, the steps of one steps template, or with the
// option all containers of a run.
func Example_parallelism() {
	const host = workflow.Param[string]("host")
	patch := workflow.Container("patch", "acme/patch:1").Inputs(host).Command("patch", host.Ref())
	d := dag.New("fleet").Parallelism(1)
	d.Task("patch", patch, host.Each(workflow.Items("ams-1", "ams-2", "fra-1")))
	wf := workflow.Must(workflow.New("fleet-", d, workflow.Parallelism(100)))

	run, err := wf.Run(context.Background(), fake.New(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range run.Events(context.Background()) {
		if e.Node.Type == spec.TypePod && e.Node.Phase != workflow.Pending {
			fmt.Println(e.Node.DisplayName, e.Node.Phase)
		}
	}
	// Output:
	// patch(0:ams-1) Running
	// patch(0:ams-1) Succeeded
	// patch(1:ams-2) Running
	// patch(1:ams-2) Succeeded
	// patch(2:fra-1) Running
	// patch(2:fra-1) Succeeded
}
