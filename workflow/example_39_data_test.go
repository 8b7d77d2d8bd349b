package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// A data template lists what is stored somewhere, without a Pod, and a loop goes over it.
func Example_data() {
	bucket := spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "logs"}, Key: "2026/"}}
	logs, name := workflow.Result[[]string]{}, workflow.Param[string]("name")

	list := workflow.Data("list", bucket, `filter(data, {# endsWith ".log"})`).Outputs(logs)
	count := workflow.Container("count", "acme/count").Inputs(name).Command("count", name.Ref())

	d := dag.New("logs")
	l := d.Task("list", list)
	d.Task("count", count, name.Each(logs.Of(l))).Dependencies(l)
	wf := workflow.Must(workflow.New("logs-", d))

	x := fake.New(nil).On("list", fake.Succeed(logs.Set([]string{"2026/a.log", "2026/b.log"})))
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range x.Paths() {
		fmt.Println(path, run.Node(path).Phase)
	}
	// Output:
	// list Succeeded
	// count(0:2026/a.log) Succeeded
	// count(1:2026/b.log) Succeeded
}
