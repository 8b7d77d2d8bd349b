package journal

import (
	"context"
	"slices"
	"sync"

	"github.com/podflow/podflow/workflow/spec"
)

// Memory is a [Journal] that lasts as long as the process. The zero value is empty and ready to use.
type Memory struct {
	mu    sync.Mutex
	runs  map[string]*Run
	names []string
}

// NewMemory makes an empty journal in memory.
func NewMemory() *Memory { return &Memory{} }

// Begin records a new run.
func (m *Memory) Begin(_ context.Context, s Start) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.runs[s.Run.Name]
	if old != nil && (old.Phase == "" || s.Replaces == "" || old.Run.UID != s.Replaces) {
		return &ExistsError{s.Run.Name}
	}
	if m.runs == nil {
		m.runs = map[string]*Run{}
	}
	m.runs[s.Run.Name] = &Run{Start: s}
	if old != nil {
		m.names = slices.DeleteFunc(m.names, func(name string) bool { return name == s.Run.Name })
	}
	m.names = append(m.names, s.Run.Name)
	return nil
}

// Append adds to what happened in a run.
func (m *Memory) Append(_ context.Context, run string, records []Record) error {
	return m.change(run, func(r *Run) { r.Records = append(r.Records, records...) })
}

// End records that a run is over.
func (m *Memory) End(_ context.Context, run string, phase spec.Phase) error {
	return m.change(run, func(r *Run) { r.Phase = phase })
}

func (m *Memory) change(run string, f func(*Run)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[run]
	if r == nil {
		return ErrNoRun
	}
	f(r)
	return nil
}

// Read is all that is recorded of a run.
func (m *Memory) Read(_ context.Context, run string) (*Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[run]
	if r == nil {
		return nil, ErrNoRun
	}
	c := *r
	c.Records = slices.Clip(r.Records)
	return &c, nil
}

// Names are the names of all runs.
func (m *Memory) Names(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.names), nil
}
