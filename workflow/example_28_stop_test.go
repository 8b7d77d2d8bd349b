package workflow_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A run can be ended from outside: Stop lets its exit handlers run, Terminate does not. Both stop what is at work.
func Example_stop() {
	serve := workflow.Container("serve", "acme/serve:1").Command("serve")
	tidy := workflow.Container("tidy", "acme/tidy:1").Command("tidy")
	wf := workflow.Must(workflow.New("serve-", serve, workflow.OnExit(tidy)))

	ctx := context.Background()
	for _, end := range []func(*workflow.Run, context.Context) error{(*workflow.Run).Stop, (*workflow.Run).Terminate} {
		x := fake.New(nil).On("serve", fake.Forever())
		runner := workflow.NewRunner(x)
		run, err := runner.Start(ctx, wf)
		if err != nil {
			fmt.Println(err)
			return
		}
		for e := range run.Events(ctx) {
			if e.Node.Phase == workflow.Running && e.Node.Path == "" {
				err = end(run, ctx)
			}
		}
		failed := run.Wait(ctx)
		fmt.Println(err, run.Phase(), len(x.Calls()), errors.Is(failed, workflow.ErrStopped), errors.Is(failed, workflow.ErrTerminated))
		runner.Close()
	}
	// Output:
	// <nil> Failed 2 true false
	// <nil> Failed 1 false true
}
