package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A template says when it is tried again. Each try is a node of its own; in a test with testing/synctest the waits
// between them take no time.
func Example_retry() {
	fetch := workflow.Container("fetch", "acme/fetch:1").Command("fetch").Retry(workflow.Retry{
		Limit:      4,
		Policy:     workflow.Always, // also after trouble of the infrastructure
		Backoff:    workflow.Backoff{Duration: time.Millisecond, Factor: 2, Cap: time.Minute},
		Expression: workflow.LastExitCode.IsNot(64), // wrong usage stays wrong
	})
	wf := workflow.Must(workflow.New("fetch-", fetch))

	x := fake.New(nil).On("fetch", fake.Fail(7, "connection refused"), fake.Error(errors.New("node lost")), fake.Succeed())
	run, err := wf.Run(context.Background(), x)
	fmt.Println(run.Phase(), run.Node("").Attempts, err)
	for n := range run.Nodes() {
		fmt.Printf("%s %s %q\n", n.Type, n.Phase, n.Message)
	}

	x = fake.New(nil).On("fetch", fake.Fail(64, "no such option"))
	run, _ = wf.Run(context.Background(), x)
	fmt.Println(run.Phase(), run.Node("").Attempts)
	// Output:
	// Succeeded 3 <nil>
	// Retry Succeeded ""
	// Pod Failed "connection refused"
	// Pod Error "node lost"
	// Pod Succeeded ""
	// Failed 1
}
