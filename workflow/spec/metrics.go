package spec

import "encoding/json"

// Metrics are numbers for a monitoring system.
type Metrics struct {
	// Prometheus are those for Prometheus.
	Prometheus []Prometheus `json:"prometheus,omitzero"`
}

// Prometheus is one metric. One of Gauge, Histogram and Counter is set.
type Prometheus struct {
	// Name is its name.
	Name string `json:"name,omitzero"`
	// Labels are its labels. Their values may hold tags.
	Labels []MetricLabel `json:"labels,omitzero"`
	// Help is a text for people.
	Help string `json:"help,omitzero"`
	// When is a condition; if it is false it is not emitted. Empty is true.
	When string `json:"when,omitzero"`
	// Gauge is a number that goes up and down.
	Gauge *Gauge `json:"gauge,omitzero"`
	// Histogram counts values by size.
	Histogram *Histogram `json:"histogram,omitzero"`
	// Counter is a number that goes up.
	Counter *Counter `json:"counter,omitzero"`
}

// MetricLabel is a label of a metric.
type MetricLabel struct {
	// Key is the label's name.
	Key string `json:"key,omitzero"`
	// Value is its value, with tags.
	Value string `json:"value,omitzero"`
}

// Gauge is a number that goes up and down.
type Gauge struct {
	// Value is the number, mostly a tag.
	Value string `json:"value,omitzero"`
	// Realtime, if true, emits it while the work runs. Nil is false.
	Realtime *bool `json:"realtime,omitzero"`
	// Operation is what Value does to the number there was. Empty is Set.
	Operation GaugeOperation `json:"operation,omitzero"`
}

// GaugeOperation is what a value does to a gauge.
type GaugeOperation string

// The gauge operations.
const (
	// GaugeSet replaces the number.
	GaugeSet GaugeOperation = "Set"
	// GaugeAdd adds to it.
	GaugeAdd GaugeOperation = "Add"
	// GaugeSub takes from it.
	GaugeSub GaugeOperation = "Sub"
)

// Histogram counts values by size.
type Histogram struct {
	// Value is the value, mostly a tag.
	Value string `json:"value,omitzero"`
	// Buckets are the upper bounds of the sizes.
	Buckets []json.Number `json:"buckets,omitzero"`
}

// Counter is a number that goes up.
type Counter struct {
	// Value is by how much, mostly a tag.
	Value string `json:"value,omitzero"`
}
