package workflow_test

import (
	"context"
	"fmt"
	"io"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow"
)

// Artifacts are files and directories that tasks pass on. Where they are kept is said once, for the run: here in a
// directory of the local executor, on a cluster in a bucket, with the same workflow.
func Example_artifact() {
	const (
		raw   = workflow.Artifact("raw")
		clean = workflow.Artifact("clean")
	)
	extract := workflow.Container("extract", "busybox").
		Command("sh", "-c", `printf 'b\na\nb\n' > /data/raw.csv`).
		Outputs(raw.At("/data/raw.csv"))
	transform := workflow.Container("transform", "busybox").
		Inputs(raw.At("/in/raw.csv")).
		Command("sh", "-c", "mkdir -p /out/clean && sort -u "+raw.Path()+" > /out/clean/rows").
		Outputs(clean.At("/out/clean"))

	d := dag.New("etl")
	e := d.Task("extract", extract)
	t := d.Task("transform", transform, raw.From(raw.Of(e)))
	d.Outputs(clean.From(clean.Of(t)))
	wf := workflow.Must(workflow.New("etl-", d))

	x := local.New()
	defer x.Close()
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := run.Open(context.Background(), "extract", raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	text, _ := io.ReadAll(file)
	fmt.Printf("%q\n", text)

	_, err = run.Open(context.Background(), "", clean)
	fmt.Println(err)
	_, err = run.Open(context.Background(), "extract", "row")
	fmt.Println(err)
	// Output:
	// "b\na\nb\n"
	// inputs.artifacts[clean]: it is a directory and not a file
	// node "extract" left no artifact "row"; did you mean "raw"?: file does not exist
}
