package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A workflow begins with a template: here one that runs a container. New checks it, Run runs it on an executor. The
// fake that these examples use runs nothing; local.New() would run a process, k8s.FromConfig a Pod.
func Example_hello() {
	hello := workflow.Container("hello-world", "busybox").Command("echo", "hello world")

	wf, err := workflow.New("hello-world-", hello) // each run's name gets a suffix
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := wf.Run(context.Background(), fake.New(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Phase())
	// Output: Succeeded
}
