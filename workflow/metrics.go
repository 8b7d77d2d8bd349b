package workflow

import (
	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/workflow/spec"
)

// Metric is a value that a template or workflow says is to be measured, under metrics.prometheus. It is measured when
// its node has ended, and then does not change: who collects metrics adds each once, say when the end of a node comes
// out of [Run.Events].
type Metric struct {
	// Name and Help are as the template says; the name is one that Prometheus accepts.
	Name, Help string
	// Kind says what Value does to what was measured before.
	Kind MetricKind
	// Labels are the values of the labels by their names.
	Labels map[string]string
	// Value is what is added to a counter, set as or added to a gauge, or observed by a histogram. Times are in seconds.
	Value float64
	// Operation is Set, Add or Sub for a gauge, and empty for others.
	Operation spec.GaugeOperation
	// Realtime says that a gauge has a value before the node's end too: the time since it began, when it was read.
	Realtime bool
	// Buckets are the upper bounds of the buckets of a histogram, in ascending order. They are shared: do not change them.
	Buckets []float64
	// Err is why there is no value: an output that a label or the value names is missing, say, or is no number. It does
	// not make the node fail. Nil: there is one.
	Err error
}

// MetricKind is what a metric counts.
type MetricKind string

// The kinds of metrics.
const (
	CounterMetric   MetricKind = "counter"   // a number that only grows
	GaugeMetric     MetricKind = "gauge"     // a number that goes up and down
	HistogramMetric MetricKind = "histogram" // how often values fall into which bucket
)

// Metrics are the workflow's own, which are measured when the run is over: until then there are only those that show
// how long it takes. Those of templates are in [NodeStatus.Metrics].
func (r *Run) Metrics() []Metric { return metrics(r.r.Metrics()) }

func metrics(list []engine.Metric) []Metric {
	if len(list) == 0 {
		return nil
	}
	out := make([]Metric, len(list))
	for i, m := range list {
		p := m.Plan
		labels := make(map[string]string, len(p.Labels))
		for j, l := range p.Labels {
			labels[l.Name] = m.Labels[j]
		}
		out[i] = Metric{
			Name: p.Name, Help: p.Help, Kind: MetricKind(p.Kind), Labels: labels, Value: m.Value, Operation: p.Operation,
			Realtime: p.Realtime, Buckets: p.Buckets, Err: m.Err,
		}
	}
	return out
}
