package workflow_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
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
	const text = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: nightly}
spec:
  entrypoint: main
  metrics:
    prometheus:
    - name: nightly_runs
      help: How often the nightly run ended, by how.
      labels: [{key: phase, value: "{{workflow.status}}"}]
      counter: {value: "1"}
  templates:
  - name: main
    steps:
    - - {name: load, template: load, withItems: [users, orders], arguments: {parameters: [{name: table, value: "{{item}}"}]}}
  - name: load
    inputs: {parameters: [{name: table}]}
    outputs: {parameters: [{name: rows, valueFrom: {path: /rows}}]}
    container: {image: acme/load, args: ["{{inputs.parameters.table}}"]}
    metrics:
      prometheus:
      - name: rows_loaded
        help: How many rows were loaded.
        labels: [{key: table, value: "{{inputs.parameters.table}}"}]
        when: "{{status}} == Succeeded"
        counter: {value: "{{outputs.parameters.rows}}"}
`
	wf := workflow.Must(workflow.Load(strings.NewReader(text)))
	rows := workflow.Output[int]("rows")
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
