package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// Metric is a value to be measured when a node, or the run, has ended.
type Metric struct {
	Name, Help string
	// Kind is counter, gauge or histogram.
	Kind   string
	Labels []Label
	// When must be true for it; nil: it always is.
	When  *Text
	Value Text
	// Operation is what the value does to a gauge.
	Operation spec.GaugeOperation
	// Realtime says that the value is a time that can be read while it goes on.
	Realtime bool
	// Buckets are the upper bounds of a histogram's, in ascending order.
	Buckets []float64
}

// Label is a label of a metric.
type Label struct {
	Name  string
	Value Text
}

// metricRoots are the first words of the tags that only metrics have.
var metricRoots = []string{"status", "duration", "exitCode", "resourcesDuration"}

// metricVariables are what a template's metrics know of its node, besides its outputs.
var metricVariables = []string{
	"status", "duration", "exitCode", "retries", "resourcesDuration.cpu", "resourcesDuration.memory", "outputs.result",
}

// Prometheus' rules for names.
var (
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// metrics compiles what a template measures, or the workflow if t is nil.
func (c *compiler) metrics(path string, t *Template, s *spec.Metrics) []Metric {
	if s == nil || len(s.Prometheus) == 0 {
		return nil
	}
	at := scope{c: c, t: t, call: -1, roots: metricRoots}
	out := make([]Metric, len(s.Prometheus))
	for i := range s.Prometheus {
		p := &s.Prometheus[i]
		in := fmt.Sprintf("%s.prometheus[%s]", path, cmp.Or(p.Name, strconv.Itoa(i)))
		if !metricName.MatchString(p.Name) {
			c.problem(in+".name", "%q is not a name for a metric: expected letters, digits, _ and :, and no digit first", p.Name)
		}
		if p.Help == "" {
			c.problem(in+".help", "there is none: it says for people what the metric is")
		}
		m := &out[i]
		m.Name, m.Help, m.Labels = p.Name, p.Help, at.labels(in, p.Labels)
		if m.When = at.text(in+".when", p.When); m.When != nil {
			if err := expr.CheckWhen(p.When); err != nil {
				c.problem(in+".when", "%v", err)
			}
		}
		at.measure(in, m, p)
	}
	return out
}

func (s *scope) labels(path string, labels []spec.MetricLabel) []Label {
	out := make([]Label, len(labels))
	for i, l := range labels {
		in := path + ".labels[" + l.Key + "]"
		switch {
		case !labelName.MatchString(l.Key):
			s.c.problem(in, "%q is not a name for a label: expected letters, digits and _, and no digit first", l.Key)
		case strings.HasPrefix(l.Key, "__"):
			s.c.problem(in, "names that begin with __ are Prometheus' own")
		case slices.ContainsFunc(labels[:i], func(o spec.MetricLabel) bool { return o.Key == l.Key }):
			s.c.problem(in, "two labels have this name")
		}
		out[i] = Label{l.Key, s.parse(in, l.Value)}
	}
	return out
}

// measure compiles the kind of a metric, and its value.
func (s *scope) measure(path string, m *Metric, p *spec.Prometheus) {
	kinds, problems := 0, len(s.c.problems)
	if p.Counter != nil {
		kinds++
		m.Kind, m.Value = "counter", s.parse(path+".counter.value", p.Counter.Value)
	}
	if g := p.Gauge; g != nil {
		kinds++
		m.Kind, m.Value = "gauge", s.parse(path+".gauge.value", g.Value)
		m.Operation, m.Realtime = cmp.Or(g.Operation, spec.GaugeSet), isTrue(g.Realtime)
		s.gauge(path+".gauge", m)
	}
	if h := p.Histogram; h != nil {
		kinds++
		m.Kind, m.Value = "histogram", s.parse(path+".histogram.value", h.Value)
		m.Buckets = s.buckets(path+".histogram.buckets", h.Buckets)
	}
	if kinds != 1 {
		s.c.problem(path, "has %d of counter, gauge and histogram; expected one", kinds)
		return
	}
	at := path + "." + m.Kind + ".value"
	switch v, err := strconv.ParseFloat(m.Value.Source, 64); {
	case m.Value.Source == "":
		s.c.problem(at, "there is none")
	case len(m.Value.Refs) > 0 || len(s.c.problems) > problems: // it is seen when they are replaced, or was said already
	case err != nil || m.Kind == "counter" && !(v >= 0):
		s.c.problem(at, "%q is not a number that a %s can take", m.Value.Source, m.Kind)
	}
}

func (s *scope) gauge(path string, m *Metric) {
	operations := []string{string(spec.GaugeSet), string(spec.GaugeAdd), string(spec.GaugeSub)}
	if !slices.Contains(operations, string(m.Operation)) {
		s.c.problem(path+".operation", "%q is not one of %s%s", m.Operation, strings.Join(operations, ", "),
			s.c.hint(string(m.Operation), slices.Values(operations)))
	}
	clock := "duration"
	if s.t == nil {
		clock = "workflow.duration"
	}
	if m.Realtime && !(m.Value.Single() && m.Value.Refs[0].Name == clock) && m.Value.Source != "" {
		s.c.problem(path+".value", "is %q; a realtime gauge shows a time that goes on: expected {{%s}}", m.Value.Source, clock)
	}
}

func (s *scope) buckets(path string, numbers []json.Number) []float64 {
	if len(numbers) == 0 {
		s.c.problem(path, "there are none")
	}
	buckets := make([]float64, len(numbers))
	for i, n := range numbers {
		v, err := n.Float64()
		switch {
		case err != nil:
			s.c.problem(path, "%q is not a number", n)
		case i > 0 && !(v > buckets[i-1]):
			s.c.problem(path, "%s is not above the bucket before it", n)
		}
		buckets[i] = v
	}
	return buckets
}

// metric finds what a tag of a metric refers to.
func (s *scope) metric(tag, root, rest string) (Ref, string) {
	group, name, _ := strings.Cut(rest, ".")
	switch {
	case root == "workflow":
		return s.workflow(tag, rest)
	case s.t == nil:
		return Ref{}, "no such variable; a metric of the workflow knows of the workflow only, such as workflow.duration" + s.c.hint("workflow."+tag, slices.Values(workflowClock))
	case root == "inputs" && group == "parameters":
		return s.input(rest)
	case tag == "outputs.result" && !s.t.Kind.hasResult():
		return Ref{}, fmt.Sprintf("template %q is a %v template and has no standard output", s.t.Name, s.t.Kind)
	case tag == "outputs.result":
		s.t.WantsResult = true
		return Ref{Kind: RefSelf}, ""
	case root == "outputs" && group == "parameters":
		i := s.t.Output(name)
		if i < 0 {
			return Ref{}, fmt.Sprintf("template %q has no output %q%s", s.t.Name, name, s.c.hint(name, outputNames(s.t.Outputs)))
		}
		return Ref{Kind: RefSelf, Index: i}, ""
	case slices.Contains(metricVariables, tag):
		return Ref{Kind: RefSelf}, ""
	}
	return Ref{}, "no such variable of a metric" + s.c.hint(tag, slices.Values(metricVariables))
}

var workflowClock = []string{"workflow.duration", "workflow.status"}
