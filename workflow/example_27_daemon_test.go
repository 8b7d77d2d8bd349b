package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// What waits for a daemon begins as soon as it is ready, and it is ended with the dag or steps around it.
func Example_daemon() {
	const host = workflow.Param[string]("host")
	redis := workflow.Container("redis", "redis:8").Daemon()
	test := workflow.Container("test", "acme/test:1").Inputs(host).Command("test", "--redis", host.Ref())

	d := dag.New("integration")
	r := d.Task("redis", redis)
	d.Task("test", test, host.From(workflow.IP.Of(r)))
	wf := workflow.Must(workflow.New("integration-", d))

	run, err := wf.Run(context.Background(), fake.New(nil).On("redis", fake.Outcome{IP: "10.0.0.7"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(host.Get(run.Node("test")))
	fmt.Println(run.Node("redis").Phase, run.Node("test").Phase)
	// Output:
	// 10.0.0.7 <nil>
	// Succeeded Succeeded
}
