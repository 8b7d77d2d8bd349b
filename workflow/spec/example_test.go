package spec_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ExampleDecode() {
	objects, err := spec.Decode(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: alpine, command: [echo, hello]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	wf := objects[0].(*spec.Workflow)
	fmt.Println(wf.Spec.Templates[0].Container.Command)
	// Output: [echo hello]
}

func ExampleDecode_problems() {
	_, err := spec.Decode(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: alpine
      comand: [echo, hello]
      args: [1]
`))
	fmt.Println(err)
	// Output:
	// line 10: spec.templates[main].container.comand: unknown field; did you mean "command"?
	// line 11: spec.templates[main].container.args[0]: expected a string, got a number; put it in quotes
}

func ExampleEncode() {
	wf := &spec.Workflow{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "hello-"},
		Spec: spec.WorkflowSpec{
			Entrypoint: "main",
			Templates: []spec.Template{{
				Name:   "main",
				Script: &spec.Script{Container: corev1.Container{Image: "alpine", Command: []string{"sh"}}, Source: "echo a\necho b\n"},
			}},
		},
	}
	if err := spec.Encode(os.Stdout, wf); err != nil {
		fmt.Println(err)
	}
	// Output:
	// apiVersion: argoproj.io/v1alpha1
	// kind: Workflow
	// metadata:
	//   generateName: hello-
	// spec:
	//   entrypoint: main
	//   templates:
	//     - name: main
	//       script:
	//         image: alpine
	//         command:
	//           - sh
	//         source: |
	//           echo a
	//           echo b
}
