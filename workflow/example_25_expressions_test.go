package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Values can be computed between tasks, without a container: chosen, put into a text, or the value of any expression of
// expr-lang with sprig's functions, in which tags' names are variables. In YAML it is {{=…}}.
func Example_expressions() {
	const (
		rows  = workflow.Output[int]("rows")
		size  = workflow.Output[string]("size")
		batch = workflow.Param[int]("batch")
		label = workflow.Param[string]("label")
	)
	count := workflow.Container("count", "acme/count:1").Command("count").Outputs(rows.File("/tmp/rows"))
	load := workflow.Container("load", "acme/load:1").Inputs(batch, label).
		Command("load", "--batch", batch.Ref(), "--label", label.Ref())

	d := dag.New("import")
	c := d.Task("count", count)
	d.Task("load", load,
		batch.From(workflow.Eval[int]("max(1, asInt(tasks.count.outputs.parameters.rows) / 100)")),
		label.From(workflow.Textf("%s rows, 100%%", rows.Of(c))))
	d.Outputs(size.From(workflow.If(workflow.Less(rows.Of(c), 1000), workflow.Eval[string](`"small"`), workflow.Eval[string](`sprig.upper("large")`))))
	wf := workflow.Must(workflow.New("import-", d))

	run, err := wf.Run(context.Background(), fake.New(nil).On("count", fake.Succeed(rows.Set(4200))))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(batch.Get(run.Node("load")))
	fmt.Println(label.Get(run.Node("load")))
	fmt.Println(size.Get(run))
	// Output:
	// 42 <nil>
	// 4200 rows, 100% <nil>
	// LARGE <nil>
}
