package workflow_test

import (
	"bufio"
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A Go function reads and writes artifacts between containers as an io.Reader and an io.Writer. In a test the fake keeps
// them in memory, and a script says what a container leaves.
func Example_funcArtifacts() {
	const (
		raw    = workflow.Artifact("raw")
		report = workflow.Artifact("report")
	)
	type counted struct {
		Rows int `json:"rows"`
	}
	rows := workflow.Output[int]("rows")

	extract := workflow.Container("extract", "acme/extract").Command("extract").Outputs(raw.At("/data/raw.csv"))
	count := workflow.Func("count", func(ctx context.Context, _ struct{}) (out counted, err error) {
		in, err := raw.Open(ctx)
		if err != nil {
			return out, err
		}
		defer in.Close()
		for lines := bufio.NewScanner(in); lines.Scan(); {
			out.Rows++
		}
		w, err := report.Create(ctx)
		if err != nil {
			return out, err
		}
		fmt.Fprintf(w, "%d rows", out.Rows)
		return out, w.Close()
	}).Inputs(raw).Outputs(report)
	mail := workflow.Container("mail", "acme/mail").Inputs(report.At("/report")).Command("mail", report.Path())

	d := dag.New("etl")
	e := d.Task("extract", extract)
	c := d.Task("count", count, raw.From(raw.Of(e)))
	d.Task("mail", mail, report.From(report.Of(c)))
	wf := workflow.Must(workflow.New("etl-", d))

	x := fake.New(nil).On("extract", fake.Succeed(raw.Set("a\nb\nc\n")))
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rows.Get(run.Node("count")))
	for _, a := range run.Node("mail").InputArtifacts {
		fmt.Println(a.Name, a.Path)
	}
	// Output:
	// 3 <nil>
	// report /report
}
