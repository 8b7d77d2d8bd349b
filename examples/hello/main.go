// Hello runs one container.
//
//	go run ./examples/hello [-executor local|fake|k8s] [-print yaml|dot|mermaid]
package main

import (
	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

// Hello is a workflow of one container, which says hello.
func Hello() (*workflow.Workflow, error) {
	hello := workflow.Container("hello-world", "busybox").Command("echo", "hello world")
	return workflow.New("hello-world-", hello)
}

func main() { command.Main(Hello) }
