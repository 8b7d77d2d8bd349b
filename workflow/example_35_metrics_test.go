package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// registry stands for the metrics of a service. With Prometheus' own client the cases of add are
//
//	counters[m.Name].With(m.Labels).Add(m.Value)
//	histograms[m.Name].With(m.Labels).Observe(m.Value)
//	gauges[m.Name].With(m.Labels).Set(m.Value)
type registry map[string]float64

func (r registry) add(m workflow.Metric) {
	key := fmt.Sprintf("%s%v", m.Name, m.Labels)
	switch {
	case m.Err != nil:
		fmt.Println(m.Name, m.Err)
	case m.Kind == workflow.CounterMetric:
		r[key] += m.Value
	default:
		r[key] = m.Value
	}
}

// What a template says is to be measured is a value of each of its nodes when it has ended. A service takes it from
// there into the metrics that it has anyway: a node ends once, and so each value comes once.
func Example_metrics() {
	table := workflow.Param[string]("table")
	rows := workflow.Output[int]("rows")
	load := workflow.Container("load", "acme/load").Inputs(table).Outputs(rows.File("/rows")).Args(table.Ref()).
		Metrics(spec.Prometheus{
			Name: "rows_loaded", Help: "How many rows were loaded.",
			Labels: []spec.MetricLabel{{Key: "table", Value: table.Ref()}},
			When:   "{{status}} == Succeeded", Counter: &spec.Counter{Value: "{{outputs.parameters.rows}}"},
		})
	s := steps.New("main")
	s.Step("load", load, table.Each(workflow.Items("users", "orders")))
	wf := workflow.Must(workflow.New("nightly-", s, workflow.Metrics(spec.Prometheus{
		Name: "nightly_runs", Help: "How often the nightly run ended, by how.",
		Labels: []spec.MetricLabel{{Key: "phase", Value: "{{workflow.status}}"}}, Counter: &spec.Counter{Value: "1"},
	})))
	x := fake.New(nil).On("[0].load(0:users)", fake.Succeed(rows.Set(20))).On("[0].load(1:orders)", fake.Succeed(rows.Set(300)))

	collected := registry{}
	runner := workflow.NewRunner(x)
	defer runner.Close()
	run, err := runner.Start(context.Background(), wf)
	if err != nil {
		fmt.Println(err)
		return
	}
	for e := range run.Events(context.Background()) {
		for _, m := range e.Node.Metrics {
			collected.add(m)
		}
	}
	for _, m := range run.Metrics() {
		collected.add(m)
	}
	for _, key := range []string{"rows_loadedmap[table:orders]", "rows_loadedmap[table:users]", "nightly_runsmap[phase:Succeeded]"} {
		fmt.Println(key, collected[key])
	}
	// Output:
	// rows_loadedmap[table:orders] 300
	// rows_loadedmap[table:users] 20
	// nightly_runsmap[phase:Succeeded] 1
}
