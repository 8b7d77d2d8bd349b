package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// The tasks of a dag run as soon as those that they depend on have succeeded.
func Example_diamond() {
	const message = workflow.Param[string]("message")
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())

	d := dag.New("diamond")
	a := d.Task("A", echo, message.Set("A"))
	b := d.Task("B", echo, message.Set("B")).Dependencies(a)
	c := d.Task("C", echo, message.Set("C")).Dependencies(a)
	d.Task("D", echo, message.Set("D")).Dependencies(b, c)

	wf := workflow.Must(workflow.New("diamond-", d))
	run, err := wf.Run(context.Background(), fake.New(nil).On("B", fake.Fail(1, "no luck")))
	for n := range run.Nodes() {
		fmt.Printf("%q %s\n", n.Path, n.Phase)
	}
	fmt.Println(err != nil)
	// Output:
	// "" Failed
	// "A" Succeeded
	// "B" Failed
	// "C" Succeeded
	// "D" Omitted
	// true
}
