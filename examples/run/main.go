// Run runs the Argo Workflow of a YAML file.
//
//	go run ./examples/run FILE.yaml [-p name=value] [-executor local|fake|k8s] [-print yaml|dot|mermaid]
package main

import (
	"errors"
	"os"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

func load(args []string) (*workflow.Workflow, error) {
	if len(args) != 1 {
		return nil, errors.New("usage: run FILE.yaml [-p name=value] [-executor local|fake|k8s] [-print yaml|dot|mermaid]")
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return workflow.Load(f)
}

func main() { command.MainArgs(load) }
