package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// Steps run one after another, those of a group at the same time. A template is written once and called with other
// arguments: message is a handle, with which a template declares a parameter and a call gives it.
func Example_steps() {
	const message = workflow.Param[string]("message")
	say := workflow.Container("say", "busybox").Inputs(message).Command("echo", message.Ref())

	s := steps.New("hello")
	s.Step("first", say, message.Set("one"))
	both := s.Group()
	both.Step("left", say, message.Set("two"))
	both.Step("right", say, message.Set("three"))

	wf := workflow.Must(workflow.New("steps-", s))
	run, err := wf.Run(context.Background(), fake.New(nil), workflow.RunName("steps-1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range run.Nodes() {
		fmt.Println(n.Name, n.Type, n.Phase)
	}
	// Output:
	// steps-1 Steps Succeeded
	// steps-1[0] StepGroup Succeeded
	// steps-1[0].first Pod Succeeded
	// steps-1[1] StepGroup Succeeded
	// steps-1[1].left Pod Succeeded
	// steps-1[1].right Pod Succeeded
}
