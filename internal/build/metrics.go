package build

import "github.com/podflow/podflow/workflow/spec"

// AddMetrics gives a template metrics.
func AddMetrics(t *Template, m []spec.Prometheus) {
	if t.spec.Metrics == nil {
		t.spec.Metrics = &spec.Metrics{}
	}
	t.spec.Metrics.Prometheus = append(t.spec.Metrics.Prometheus, m...)
}
