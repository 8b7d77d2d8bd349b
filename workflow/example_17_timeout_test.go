package workflow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A timeout is that of a template, of one task, or as Deadline of the whole run.
func Example_timeout() {
	render := workflow.Container("render", "acme/render:1").Command("render").Timeout(time.Hour)
	d := dag.New("video")
	d.Task("full", render)
	d.Task("preview", render).Timeout(10 * time.Millisecond)
	wf := workflow.Must(workflow.New("video-", d, workflow.Deadline(6*time.Hour)))

	run, _ := wf.Run(context.Background(), fake.New(nil).On("preview", fake.Forever()))
	for n := range run.Nodes() {
		fmt.Printf("%q %s %q\n", n.Path, n.Phase, n.Message)
	}
	// Output:
	// "" Failed ""
	// "full" Succeeded ""
	// "preview" Failed "Step exceeded its deadline"
}
