// Diamond runs four tasks: B and C wait for A, and D waits for both.
//
//	go run ./examples/diamond [-executor local|fake|k8s] [-print yaml|dot|mermaid]
package main

import (
	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

const message = workflow.Param[string]("message")

// Diamond is a dag in the shape of one.
func Diamond() (*workflow.Workflow, error) {
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())

	d := dag.New("diamond")
	a := d.Task("A", echo, message.Set("A"))
	b := d.Task("B", echo, message.Set("B")).Dependencies(a)
	c := d.Task("C", echo, message.Set("C")).Dependencies(a)
	d.Task("D", echo, message.Set("D")).Dependencies(b, c)
	return workflow.New("dag-diamond-", d)
}

func main() { command.Main(Diamond) }
