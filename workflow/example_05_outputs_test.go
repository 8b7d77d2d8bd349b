package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A task that uses another task's output depends on it without being told so. Outputs are files that a container leaves,
// or what it writes to its standard output. A dag gives what its tasks gave.
func Example_outputs() {
	const (
		table = workflow.Param[string]("table")
		rows  = workflow.Output[int]("rows")
		count = workflow.Param[int]("count")
		total = workflow.Output[float64]("total")
	)
	var cents workflow.Result[float64] // standard output
	query := workflow.Container("query", "acme/query:1").Inputs(table).
		Command("query", "--count-to", "/out/rows", table.Ref()).Outputs(rows.File("/out/rows"))
	price := workflow.Container("price", "acme/price:1").Inputs(count).
		Command("price", count.Ref()).Outputs(cents)

	d := dag.New("invoice").Inputs(table)
	q := d.Task("query", query, table.Pass())
	p := d.Task("price", price, count.From(rows.Of(q)))
	d.Outputs(total.From(cents.Of(p)))
	wf := workflow.Must(workflow.New("invoice-", d, table.Set("orders")))

	x := fake.New(nil).
		On("query", fake.Succeed(rows.Set(12))).
		On("price", fake.Succeed(cents.Set(299.5)))
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	given, err := count.Get(run.Node("price"))
	fmt.Println(given, err)
	sum, err := total.Get(run)
	fmt.Println(sum, err)
	// Output:
	// 12 <nil>
	// 299.5 <nil>
}
