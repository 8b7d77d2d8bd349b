package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
)

// With a journal a run outlives the process that drives it: another Runner goes on where that one was. What had ended
// does not run again; what is still at work is adopted where the executor can.
func Example_recovery() {
	const rows = workflow.Output[int]("rows")
	extract := workflow.Container("extract", "acme/etl:1").Command("etl", "extract").Outputs(rows.File("/tmp/rows"))
	load := workflow.Container("load", "acme/etl:1").Command("etl", "load")
	d := dag.New("etl")
	e := d.Task("extract", extract)
	d.Task("load", load).Dependencies(e)
	wf := workflow.Must(workflow.New("etl-", d))

	ctx := context.Background()
	var records journal.Memory
	before := workflow.NewRunner(fake.New(nil).On("extract", fake.Succeed(rows.Set(12))).On("load", fake.Forever()),
		workflow.WithJournal(&records))
	run, err := before.Start(ctx, wf, workflow.RunName("etl-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range run.Events(ctx) {
		if e.Node.Path == "load" && e.Node.Phase == workflow.Running {
			break
		}
	}
	fmt.Println(before.Close(), run.Wait(ctx)) // as when the process ends

	x := fake.New(nil)
	after := workflow.NewRunner(x, workflow.WithJournal(&records))
	defer after.Close()
	runs, err := after.Recover(ctx, wf)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(runs[0].Name(), runs[0].Wait(ctx), x.Paths())
	fmt.Println(rows.Get(runs[0].Node("extract")))
	// Output:
	// <nil> the run was let go of
	// etl-1 <nil> [load]
	// 12 <nil>
}
