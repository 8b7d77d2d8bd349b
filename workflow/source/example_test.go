package source_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/podflow/podflow/workflow/source"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Templates of a program lie beside it: in a directory, or with //go:embed in the program itself.
func ExampleFS() {
	files := fstest.MapFS{"build.yaml": {Data: []byte(`
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: build}
spec:
  templates:
  - name: compile
    container: {image: golang, command: [go, build, ./...]}
`)}}
	templates, err := source.FS(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	build, err := templates.WorkflowTemplate(context.Background(), "build")
	fmt.Println(build.Spec.Templates[0].Name, err)
	_, err = templates.WorkflowTemplate(context.Background(), "bulid")
	fmt.Println(err, errors.Is(err, fs.ErrNotExist))
	// Output:
	// compile <nil>
	// no WorkflowTemplate "bulid"; did you mean "build"? true
}

// A semaphore's limit may change while runs wait for it.
func ExampleMemory_Set() {
	limits := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "limits"}, Data: map[string]string{"database": "2"}}
	config, err := source.Of(limits)
	if err != nil {
		fmt.Println(err)
		return
	}
	limits.Data["database"] = "5"
	if err := config.Set(limits); err != nil {
		fmt.Println(err)
		return
	}
	now, err := config.ConfigMap(context.Background(), "limits")
	fmt.Println(now.Data["database"], err)
	// Output: 5 <nil>
}
