package workflow_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A container set is several containers in one Pod, which share its volumes and are ordered like the tasks of a dag.
func Example_containerSet() {
	const repo = workflow.Param[string]("repo")
	test := workflow.ContainerSet("test").Inputs(repo).
		Volumes(corev1.Volume{Name: "src", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}).
		Mount("src", "/src")
	clone := test.Container("clone", "alpine/git", "git", "clone", repo.Ref(), "/src")
	lint := test.Container("lint", "acme/lint:1", "lint", "/src").Dependencies(clone)
	test.Container("main", "golang:1.26", "go", "test", "-C", "/src", "./...").Dependencies(lint)
	wf := workflow.Must(workflow.New("test-", test, repo.Set("https://example.org/shop.git")))

	x := fake.New(nil)
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range run.Nodes() {
		fmt.Printf("%q %s %s\n", n.Path, n.Type, n.Phase)
	}
	fmt.Println(len(x.Calls()), "Pod")
	// Output:
	// "" Pod Succeeded
	// "clone" Container Succeeded
	// "lint" Container Succeeded
	// "main" Container Succeeded
	// 1 Pod
}
