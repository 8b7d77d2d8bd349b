package workflow_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Argo's YAML is read strictly, and checked as New does. Handles work with it, since a handle is a name.
func Example_yaml() {
	const message = workflow.Param[string]("message")
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: hello
spec:
  entrypoint: say
  arguments:
    parameters: [{name: message, value: hello}]
  templates:
  - name: say
    inputs:
      parameters: [{name: message}]
    container:
      image: busybox
      command: [echo, "{{inputs.parameters.message}}"]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := wf.Run(context.Background(), fake.New(nil), message.Set("bonjour"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Get(run.Node("")))

	text, err := wf.YAML() // and back
	fmt.Println(strings.Split(string(text), "\n")[1], err)
	// Output:
	// bonjour <nil>
	// kind: Workflow <nil>
}
