package workflow_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

type order struct {
	Rows    int     `json:"rows"`
	Country string  `json:"country"`
	Rebate  float64 `json:"rebate,omitempty"`
}

type invoice struct {
	Price float64 `json:"price"`
}

var errNoTax = errors.New("no tax is known for this country")

func pricing(_ context.Context, o order) (invoice, error) {
	if o.Country != "NL" {
		return invoice{}, fmt.Errorf("%s: %w", o.Country, errNoTax)
	}
	return invoice{Price: 1.21 * float64(o.Rows) * (1 - o.Rebate)}, nil
}

// A Go function is a node as a container is: the fields of its structs are the parameters. It runs in this process,
// whatever the executor, and its error can be found in that of the run.
func Example_function() {
	const (
		country = workflow.Param[string]("country")
		rows    = workflow.Param[int]("rows")
		price   = workflow.Output[float64]("price")
		amount  = workflow.Param[float64]("amount")
	)
	bill := workflow.Container("bill", "acme/bill:1").Inputs(amount).Command("bill", amount.Ref())

	d := dag.New("billing").Inputs(country.Default("NL"))
	p := d.Task("price", workflow.Func("pricing", pricing), rows.Set(100), country.Pass())
	d.Task("bill", bill, amount.From(price.Of(p)))
	wf := workflow.Must(workflow.New("billing-", d))

	run, err := wf.Run(context.Background(), fake.New(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(amount.Get(run.Node("bill")))

	_, err = wf.Run(context.Background(), fake.New(nil), country.Set("XX"))
	fmt.Println(errors.Is(err, errNoTax))
	// Output:
	// 121 <nil>
	// true
}
