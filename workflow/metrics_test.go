package workflow_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// shown is a metric on one line.
func shown(m workflow.Metric) string {
	text := fmt.Sprintf("%s %s{", m.Kind, m.Name)
	for _, l := range slices.Sorted(maps.Keys(m.Labels)) {
		text += fmt.Sprintf("%s=%q ", l, m.Labels[l])
	}
	text = strings.TrimSuffix(text, " ") + "}"
	if m.Err != nil {
		return text + " " + m.Err.Error()
	}
	text += fmt.Sprintf(" %v", m.Value)
	if m.Buckets != nil {
		text += fmt.Sprintf(" of %v", m.Buckets)
	}
	return text
}

// allMetrics are those of a run: of each node with its path before it, and the run's own.
func allMetrics(run *workflow.Run) (lines []string) {
	for n := range run.Nodes() {
		for _, m := range n.Metrics {
			lines = append(lines, n.Path+": "+shown(m))
		}
	}
	for _, m := range run.Metrics() {
		lines = append(lines, "the run: "+shown(m))
	}
	return lines
}

// What a metric may say, and what is measured of a node that gave x and took 90 seconds.
func TestMetricValues(t *testing.T) {
	const head = `
arguments: {parameters: [{name: p, value: "5"}]}
templates:
- name: main
  inputs: {parameters: [{name: p}]}
  outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}
  container: {image: a, resources: {requests: {cpu: 500m, memory: 300Mi}}}
  metrics:
    prometheus:
    - name: m
      help: h
`
	failure := fake.Fail(3, "no").Taking(90 * time.Second)
	success := fake.Succeed(workflow.Output[string]("x").Set("2.5")).Taking(90 * time.Second)
	for _, tt := range []struct {
		ends   fake.Outcome
		metric string
		want   string
	}{
		{success, `counter: {value: "1"}`, "counter m{} 1"},
		{success, `gauge: {value: "{{duration}}"}`, "gauge m{} 90"},
		{success, `gauge: {value: "{{duration}}", realtime: true}`, "gauge m{} 90"},
		{success, `gauge: {value: "{{workflow.duration}}"}`, "gauge m{} 90"},
		{success, `gauge: {value: "-1e3"}`, "gauge m{} -1000"},
		{success, `gauge: {value: "{{inputs.parameters.p}}{{workflow.parameters.p}}"}`, "gauge m{} 55"},
		{success, `gauge: {value: "{{=asFloat(outputs.parameters.x) * 2 + asInt(exitCode)}}"}`, "gauge m{} 5"},
		{success, `gauge: {value: "{{resourcesDuration.cpu}}"}`, "gauge m{} 45"},
		{success, `gauge: {value: "{{resourcesDuration.memory}}"}`, "gauge m{} 270"},
		{success, `gauge: {value: "{{retries}}"}`, "gauge m{} 0"},
		{success, `histogram: {value: "{{outputs.parameters.x}}", buckets: [1, 2.5, 1e3]}`, "histogram m{} 2.5 of [1 2.5 1000]"},
		{success, `labels: [{key: a, value: "{{status}} {{exitCode}}"}, {key: b, value: "{{outputs.parameters.x}}"}]
      counter: {value: "1"}`, `counter m{a="Succeeded 0" b="2.5"} 1`},
		{failure, `labels: [{key: a, value: "{{status}} {{exitCode}}"}]
      counter: {value: "1"}`, `counter m{a="Failed 3"} 1`},
		{failure, `gauge: {value: "{{outputs.parameters.x}}"}`, "gauge m{} value: {{outputs.parameters.x}} has no value"},
		{failure, `labels: [{key: a, value: "{{outputs.parameters.x}}"}]
      counter: {value: "1"}`, `counter m{a=""} labels.a: {{outputs.parameters.x}} has no value`},
		{success, `gauge: {value: "{{status}}"}`, `gauge m{} value: "Succeeded" is not a number that a gauge can take`},
		{success, `counter: {value: "-{{duration}}"}`, `counter m{} value: "-90.000000" is not a number that a counter can take`},
		{success, `when: "{{status}} == Succeeded && {{outputs.parameters.x}} > 2"
      counter: {value: "1"}`, "counter m{} 1"},
		{failure, `when: "{{status}} == Succeeded"
      counter: {value: "1"}`, ""},
		{failure, `when: "{{outputs.parameters.x}} > 2"
      counter: {value: "1"}`, "counter m{} when: {{outputs.parameters.x}} has no value"},
		{success, `when: "{{inputs.parameters.p}} > > 2"
      counter: {value: "1"}`, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			wf, err := workflow.Load(strings.NewReader(document(head + "      " + tt.metric)))
			if err != nil {
				assert.Empty(t, tt.want, "%v", err)
				return
			}
			run, _ := wf.Run(t.Context(), fake.New(t).On("main", tt.ends))
			want := []string{": " + tt.want}
			if tt.want == "" {
				want = nil
			}
			assert.Equal(t, want, allMetrics(run), tt.metric)
		})
	}
}

// Each node is measured once: not the loop around it, not its attempts, and not if it was skipped. The workflow is
// measured when all is over.
func TestMetricNodes(t *testing.T) {
	const text = `
onExit: exit
metrics:
  prometheus:
  - {name: run_seconds, help: h, labels: [{key: phase, value: "{{workflow.status}}"}], gauge: {value: "{{workflow.duration}}"}}
  - {name: run_realtime, help: h, gauge: {value: "{{workflow.duration}}", realtime: true}}
templates:
- name: main
  metrics: {prometheus: [{name: whole, help: h, gauge: {value: "{{duration}}"}}]}
  steps:
  - - {name: a, template: job, withItems: [x, z], arguments: {parameters: [{name: "n", value: "{{item}}"}]}}
  - - {name: b, template: job, when: "1 == 2", arguments: {parameters: [{name: "n", value: b}]}}
    - {name: c, template: again}
- name: job
  inputs: {parameters: [{name: "n"}]}
  metrics: {prometheus: [{name: jobs, help: h, labels: [{key: "n", value: "{{inputs.parameters.n}}"}], counter: {value: "1"}}]}
  container: {image: a}
- name: again
  retryStrategy: {limit: 3}
  metrics: {prometheus: [{name: tries, help: h, labels: [{key: s, value: "{{status}} {{exitCode}}"}], gauge: {value: "{{retries}}"}}]}
  container: {image: a}
- {name: exit, container: {image: a}}`
	synctest.Test(t, func(t *testing.T) {
		x := fake.New(t).On("a", fake.Succeed().Taking(time.Minute)).On("c", fake.Fail(1, ""), fake.Fail(1, ""), fake.Succeed()).
			On("exit", fake.Succeed().Taking(time.Hour))
		run, err := loaded(t, text).Run(t.Context(), x)
		require.NoError(t, err)
		assert.Equal(t, []string{
			": gauge whole{} 60",
			`[0].a(0:x): counter jobs{n="x"} 1`,
			`[0].a(1:z): counter jobs{n="z"} 1`,
			`[1].c: gauge tries{s="Succeeded 0"} 2`,
			`the run: gauge run_seconds{phase="Succeeded"} 3660`,
			`the run: gauge run_realtime{} 3660`,
		}, allMetrics(run))
	})
}

// A realtime gauge has a value while its node runs, and other metrics only when it has ended. An event of a node's end
// has its metrics.
func TestMetricRealtime(t *testing.T) {
	const text = `
metrics: {prometheus: [{name: run, help: h, gauge: {value: "{{workflow.duration}}", realtime: true}}, {name: runs, help: h, counter: {value: "1"}}]}
templates:
- name: main
  metrics:
    prometheus:
    - {name: now, help: h, labels: [{key: s, value: "{{status}}"}], gauge: {value: "{{duration}}", realtime: true}}
    - {name: never, help: h, when: "{{status}} == Failed", gauge: {value: "{{duration}}", realtime: true}}
    - {name: end, help: h, counter: {value: "1"}}
  container: {image: a}`
	synctest.Test(t, func(t *testing.T) {
		runner := workflow.NewRunner(fake.New(t).On("main", fake.Succeed().Taking(time.Minute)))
		defer runner.Close()
		run, err := runner.Start(t.Context(), loaded(t, text))
		require.NoError(t, err)
		<-time.After(10 * time.Second)
		assert.Equal(t, []string{`: gauge now{s="Running"} 10`, "the run: gauge run{} 10"}, allMetrics(run))
		<-time.After(10 * time.Second)
		assert.Equal(t, []string{`: gauge now{s="Running"} 20`, "the run: gauge run{} 20"}, allMetrics(run))
		require.NoError(t, run.Wait(t.Context()))
		<-time.After(time.Hour)
		assert.Equal(t, []string{
			`: gauge now{s="Succeeded"} 60`, ": counter end{} 1", "the run: gauge run{} 60", "the run: counter runs{} 1",
		}, allMetrics(run))
		counts := map[workflow.Phase]int{}
		for e := range run.Events(t.Context()) {
			counts[e.Node.Phase] += len(e.Node.Metrics)
		}
		assert.Equal(t, map[workflow.Phase]int{workflow.Pending: 0, workflow.Running: 0, workflow.Succeeded: 2}, counts)
	})
}

// Mistakes of a metric are found when its template is read.
func TestMetricProblems(t *testing.T) {
	const at = "templates[main].metrics.prometheus[m]"
	for _, tt := range []struct{ metric, want string }{
		{`{name: "1m", help: h, counter: {value: "1"}}`, `templates[main].metrics.prometheus[1m].name: "1m" is not a name for a metric: expected letters, digits, _ and :, and no digit first`},
		{`{help: h, counter: {value: "1"}}`, `templates[main].metrics.prometheus[0].name: "" is not a name for a metric: expected letters, digits, _ and :, and no digit first`},
		{`{name: m, counter: {value: "1"}}`, at + ".help: there is none: it says for people what the metric is"},
		{`{name: m, help: h}`, at + ": has 0 of counter, gauge and histogram; expected one"},
		{`{name: m, help: h, counter: {value: "1"}, gauge: {value: "1"}}`, at + ": has 2 of counter, gauge and histogram; expected one"},
		{`{name: m, help: h, counter: {value: "-1"}}`, at + `.counter.value: "-1" is not a number that a counter can take`},
		{`{name: m, help: h, counter: {}}`, at + ".counter.value: there is none"},
		{`{name: m, help: h, gauge: {value: "1", operation: Ad}}`, at + `.gauge.operation: "Ad" is not one of Set, Add, Sub; did you mean "Add"?`},
		{`{name: m, help: h, gauge: {value: "1", realtime: true}}`, at + `.gauge.value: is "1"; a realtime gauge shows a time that goes on: expected {{duration}}`},
		{`{name: m, help: h, histogram: {value: "1"}}`, at + ".histogram.buckets: there are none"},
		{`{name: m, help: h, histogram: {value: "1", buckets: [2, 1]}}`, at + ".histogram.buckets: 1 is not above the bucket before it"},
		{`{name: m, help: h, labels: [{key: a-b}], counter: {value: "1"}}`, at + `.labels[a-b]: "a-b" is not a name for a label: expected letters, digits and _, and no digit first`},
		{`{name: m, help: h, labels: [{key: __a}], counter: {value: "1"}}`, at + ".labels[__a]: names that begin with __ are Prometheus' own"},
		{`{name: m, help: h, labels: [{key: a}, {key: a}], counter: {value: "1"}}`, at + ".labels[a]: two labels have this name"},
		{`{name: m, help: h, counter: {value: "{{durations}}"}}`, at + `.counter.value: "{{durations}}" is not a number that a counter can take`},
		{`{name: m, help: h, counter: {value: "{{resourcesDuration.cpus}}"}}`, at + `.counter.value: {{resourcesDuration.cpus}}: no such variable of a metric; did you mean "resourcesDuration.cpu"?`},
		{`{name: m, help: h, counter: {value: "{{outputs.parameters.y}}"}}`, at + `.counter.value: {{outputs.parameters.y}}: template "main" has no output "y"`},
		{`{name: m, help: h, counter: {value: "{{inputs.parameters.y}}"}}`, at + `.counter.value: {{inputs.parameters.y}}: template "main" declares no input "y"`},
		{`{name: m, help: h, counter: {value: "{{tasks.a.status}}"}}`, at + `.counter.value: {{tasks.a.status}}: no such variable of a metric`},
		{`{name: m, help: h, counter: {value: "{{=nosuch}}"}}`, at + `.counter.value: {{=nosuch}}: no such variable: "nosuch"`},
	} {
		_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, container: {image: a}, metrics: {prometheus: [" + tt.metric + "]}}")))
		require.Error(t, err, tt.metric)
		assert.Equal(t, tt.want, firstError(err).Error(), tt.metric)
	}
	_, err := workflow.Load(strings.NewReader(document("metrics: {prometheus: [{name: m, help: h, gauge: {value: '{{duration}}'}}]}\ntemplates:\n- {name: main, container: {image: a}}")))
	assert.EqualError(t, err, `spec.metrics.prometheus[m].gauge.value: {{duration}}: no such variable; a metric of the workflow knows of the workflow only, such as workflow.duration; did you mean "workflow.duration"?`)
}

// firstError is the first of joined errors.
func firstError(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		return list.Unwrap()[0]
	}
	return err
}
