package engine

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
)

// Metric is what was measured of a node, or of the run.
type Metric struct {
	Plan   *plan.Metric
	Labels []string // the values, in the order of the plan's labels
	Value  float64
	Err    error // why there is no value
}

// Metrics are those of the run: none before its end, but for gauges that show how long it takes.
func (r *Run) Metrics() []Metric {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.m.over {
		return r.m.metrics
	}
	return r.m.realtime(r.m.plan.Metrics, nil, r.m.root.started, time.Now())
}

// nodeMetrics are those of a node as they are now; r.mu is held.
func (r *Run) nodeMetrics(n *node) []Metric {
	if n.phase.ended() || !n.measured() {
		return n.known().metrics
	}
	return r.m.realtime(n.template.Metrics, n, n.started, time.Now())
}

// measured says that a node has metrics: that is one for all attempts of a retry, and none for a loop of such.
func (n *node) measured() bool {
	return n.template != nil && n.template.Rules != nil && n.template.Metrics != nil &&
		(n.form == formBody || n.form == formRetry) && n.role != roleAttempt && n.role != roleContainer
}

// measure computes the metrics of a node that has ended.
func (m *machine) measure(n *node) {
	if list := m.measurements(n.template.Metrics, n); list != nil {
		n.more().metrics = list
	}
}

// measureRun computes the metrics of the run when it is over.
func (m *machine) measureRun() { m.metrics = m.measurements(m.plan.Metrics, nil) }

func (m *machine) measurements(defs []plan.Metric, n *node) (list []Metric) {
	lookup := m.metricLookup(n)
	for i := range defs {
		d := &defs[i]
		if wanted, err := wanted(d, lookup); err != nil || wanted {
			x := labelled(d, lookup)
			x.Value, x.Err = measurement(d, lookup, x.Err)
			if err != nil {
				x.Err = err
			}
			list = append(list, x)
		}
	}
	return list
}

// realtime are the gauges that show the time since a node, or the run, began.
func (m *machine) realtime(defs []plan.Metric, n *node, started int64, now time.Time) (list []Metric) {
	lookup := m.metricLookup(n)
	for i := range defs {
		d := &defs[i]
		if !d.Realtime {
			continue
		}
		if wanted, err := wanted(d, lookup); err == nil && wanted {
			x := labelled(d, lookup)
			x.Value = now.Sub(time.Unix(0, started)).Seconds()
			list = append(list, x)
		}
	}
	return list
}

// wanted says whether the condition of a metric is met.
func wanted(d *plan.Metric, lookup plan.Lookup) (bool, error) {
	if d.When == nil {
		return true, nil
	}
	text, err := d.When.Fill(lookup)
	if err != nil {
		return false, fmt.Errorf("when: %w", err)
	}
	met, err := expr.When(text)
	if err != nil {
		return false, fmt.Errorf("when: %w", err)
	}
	return met, nil
}

// labelled is a metric with the values of its labels.
func labelled(d *plan.Metric, lookup plan.Lookup) Metric {
	x := Metric{Plan: d, Labels: make([]string, len(d.Labels))}
	for i := range d.Labels {
		v, err := d.Labels[i].Value.Fill(lookup)
		if err != nil && x.Err == nil {
			x.Err = fmt.Errorf("labels.%s: %w", d.Labels[i].Name, err)
		}
		x.Labels[i] = v
	}
	return x
}

// measurement is the value of a metric, unless something is wrong with it already.
func measurement(d *plan.Metric, lookup plan.Lookup, wrong error) (float64, error) {
	if wrong != nil {
		return 0, wrong
	}
	text, err := d.Value.Fill(lookup)
	if err != nil {
		return 0, fmt.Errorf("value: %w", err)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || d.Kind == "counter" && !(v >= 0) {
		return 0, fmt.Errorf("value: %.100q is not a number that a %s can take", text, d.Kind)
	}
	return v, nil
}

// metricLookup gives the values of the tags of a node's metrics, or of the run's if n is nil.
func (m *machine) metricLookup(n *node) plan.Lookup {
	var lookup plan.Lookup
	lookup = func(r *plan.Ref) (string, error) {
		switch r.Kind {
		case plan.RefExpr:
			return r.Expr.Text(lookup)
		case plan.RefSelf:
			if v, ok := m.self(n, r); ok {
				return v, nil
			}
			return "", &plan.NoValueError{Tag: r.Tag()}
		}
		return m.value(&place{owner: n, node: n}, r)
	}
	return lookup
}

// self is what a metric knows of its node.
func (m *machine) self(n *node, r *plan.Ref) (string, bool) {
	i := n.known()
	end := n.finished
	if end == 0 {
		end = m.now
	}
	switch r.Name {
	case "status":
		return string(phases[n.phase]), true
	case "duration":
		return seconds(float64(end-n.started) / float64(time.Second)), true
	case "exitCode":
		return m.field(n, r.Name)
	case "outputs.result":
		return deref(i.result)
	case "retries":
		if n.form == formRetry {
			return strconv.Itoa(max(0, len(n.frame.nodes)-1)), true
		}
		return "0", true
	case "resourcesDuration.cpu":
		return seconds(m.resources(n, corev1.ResourceCPU)), true
	case "resourcesDuration.memory":
		return seconds(m.resources(n, corev1.ResourceMemory)), true
	}
	if i.outputs == nil { // outputs.parameters.N
		return "", false
	}
	return i.outputs[r.Index].Value, true
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 6, 64) }

// The units of resourcesDuration, and what a container has of them that asks for none.
var (
	resourceUnits    = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("100Mi")}
	resourceDefaults = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("100Mi")}
)

// resources is an estimate of what a node and those below it used: the time that its Pods took, times what their main
// containers ask for, in units of one CPU or of 100 MiB.
func (m *machine) resources(n *node, name corev1.ResourceName) (sum float64) {
	if n == nil {
		return 0
	}
	if n.frame != nil && !n.isSet() {
		for _, child := range n.frame.nodes {
			sum += m.resources(child, name)
		}
		return sum
	}
	if n.form != formBody || !n.template.Kind.Pod() || n.finished == 0 {
		return 0
	}
	var asked corev1.ResourceRequirements
	switch s := n.template.Spec; {
	case s.Container != nil:
		asked = s.Container.Resources
	case s.Script != nil:
		asked = s.Script.Resources
	}
	q, ok := asked.Requests[name]
	if !ok {
		q, ok = asked.Limits[name]
	}
	if !ok {
		q = resourceDefaults[name]
	}
	unit := resourceUnits[name]
	return float64(n.finished-n.started) / float64(time.Second) * q.AsApproximateFloat64() / unit.AsApproximateFloat64()
}
