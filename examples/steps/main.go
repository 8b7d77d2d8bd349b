// Steps runs one step, then two at the same time.
//
//	go run ./examples/steps [-executor local|fake|k8s] [-print yaml|dot|mermaid]
package main

import (
	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

const message = workflow.Param[string]("message")

// Hello says hello three times: once, and then twice at once.
func Hello() (*workflow.Workflow, error) {
	say := workflow.Container("print-message", "busybox").Inputs(message).Command("echo", message.Ref())

	s := steps.New("hello-hello-hello")
	s.Step("hello1", say, message.Set("hello1"))
	both := s.Group()
	both.Step("hello2a", say, message.Set("hello2a"))
	both.Step("hello2b", say, message.Set("hello2b"))
	return workflow.New("steps-", s)
}

func main() { command.Main(Hello) }
