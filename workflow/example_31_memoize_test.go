package workflow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A memoized template does not run again for the same key: its node has the outputs of the node that ran. They are kept
// in memory for the runs of a Runner, or in a [workflow.MemoStore].
func Example_memoize() {
	const (
		commit = workflow.Param[string]("commit")
		image  = workflow.Output[string]("image")
	)
	build := workflow.Container("build", "golang:1.26").Inputs(commit).Outputs(image.File("/tmp/image")).
		Command("build", commit.Ref(), "/tmp/image").
		Memoize("builds", "build-"+commit.Ref(), 24*time.Hour)
	wf := workflow.Must(workflow.New("build-", build))

	x := fake.New(nil).OnFunc("build", func(t *executor.Task) (fake.Outcome, error) {
		c, err := commit.Get(t)
		fmt.Println("building", c)
		return fake.Succeed(image.Set("app:" + c)), err
	})
	r := workflow.NewRunner(x)
	defer r.Close()
	for _, c := range []string{"4c0ffee", "4c0ffee", "deadbee"} {
		run, err := r.Start(context.Background(), wf, commit.Set(c))
		if err != nil {
			panic(err)
		}
		if err := run.Wait(context.Background()); err != nil {
			panic(err)
		}
		name, err := image.Get(run)
		fmt.Println(name, err, run.Node("").Memoized)
	}
	// Output:
	// building 4c0ffee
	// app:4c0ffee <nil> false
	// app:4c0ffee <nil> true
	// building deadbee
	// app:deadbee <nil> false
}
