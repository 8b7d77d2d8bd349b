package workflow_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// New reports all mistakes at once, each with its path. The error of a run has the root causes, apart from what failed
// because of them.
func Example_errors() {
	const (
		message = workflow.Param[string]("message")
		mesage  = workflow.Param[string]("mesage")
	)
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())

	wrong := dag.New("wrong")
	a := wrong.Task("A", echo, mesage.Set("a"))
	b := wrong.Task("B", echo, message.Set("b")).Dependencies(a)
	a.Dependencies(b)
	_, err := workflow.New("wrong-", wrong)
	fmt.Println(err)

	inner := dag.New("inner")
	inner.Task("A", echo, message.Set("a"))
	inner.Task("B", echo, message.Set("b"))
	outer := dag.New("outer")
	outer.Task("first", inner)
	wf := workflow.Must(workflow.New("right-", outer))
	x := fake.New(nil).On("A", fake.Fail(3, "exit code 3")).On("B", fake.Error(errors.New("no node left")))
	_, err = wf.Run(context.Background(), x)
	if failed, ok := errors.AsType[*workflow.RunError](err); ok {
		for _, n := range failed.Nodes {
			fmt.Println(n.Path, n.Phase, n.Message)
		}
	}
	// Output:
	// templates[wrong].tasks[A].arguments.parameters[mesage]: template "echo" has no input "mesage"; did you mean "message"?
	// templates[wrong].tasks[A].arguments: template "echo" needs the parameter "message"
	// templates[wrong].dag: cycle: A → B → A
	// first.A Failed exit code 3
	// first.B Error no node left
}
