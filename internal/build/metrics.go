package build

import "github.com/podflow/podflow/workflow/spec"

// AddMetrics gives a template metrics.
func AddMetrics(t *Template, m []spec.Prometheus) { Metrics(&t.spec.Metrics, m) }

// Metrics adds to the metrics of a template or a workflow, which may be nil.
func Metrics(s **spec.Metrics, m []spec.Prometheus) {
	if *s == nil {
		*s = &spec.Metrics{}
	}
	(*s).Prometheus = append((*s).Prometheus, m...)
}
