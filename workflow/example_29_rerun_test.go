package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A run that failed can be retried: what succeeded is kept, with its results. Resubmit makes a new run of it, from the
// beginning or, Memoized, from where it failed.
func Example_rerun() {
	const day = workflow.Param[string]("day")
	extract := workflow.Container("extract", "acme/etl:1").Inputs(day).Command("etl", "extract", day.Ref())
	load := workflow.Container("load", "acme/etl:1").Command("etl", "load")
	d := dag.New("etl").Inputs(day)
	e := d.Task("extract", extract, day.Pass())
	d.Task("load", load).Dependencies(e)
	wf := workflow.Must(workflow.New("etl-", d))

	ctx := context.Background()
	full := true
	x := fake.New(nil).OnFunc("load", func(*executor.Task) (fake.Outcome, error) {
		if full {
			return fake.Fail(1, "no space left"), nil
		}
		return fake.Succeed(), nil
	})
	runner := workflow.NewRunner(x)
	defer runner.Close()
	wait := func(run *workflow.Run, err error) *workflow.Run {
		if err == nil {
			err = run.Wait(ctx)
		}
		fmt.Println(x.Paths(), err)
		return run
	}

	failed := wait(runner.Start(ctx, wf, day.Set("2026-01-31"), workflow.RunName("etl-1")))
	full = false
	again := wait(runner.Retry(ctx, failed))
	wait(runner.Resubmit(ctx, again, day.Set("2026-02-01")))
	// Output:
	// [extract load] run etl-1: Failed: load: no space left (exit code 1)
	// [extract load load] <nil>
	// [extract load load extract load] <nil>
}
