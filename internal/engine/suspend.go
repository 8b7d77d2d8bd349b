package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/internal/plan"
)

// suspend lets a node wait until somebody resumes it, or its time is over.
func (m *machine) suspend(n *node) {
	m.idle[n] = struct{}{}
	if rec := m.keptOf(n, ""); rec != nil {
		m.resume(n, rec.Result.Outputs)
		return
	}
	if n.template.Duration == nil {
		return
	}
	text, err := n.template.Duration.Fill(m.lookup(place{owner: n, node: n}))
	if err == nil && text == "" {
		return
	}
	d, wrong := expr.Duration(text)
	if err == nil {
		err = wrong
	}
	if err != nil {
		delete(m.idle, n)
		m.end(n, errored, fmt.Sprintf("suspend.duration: %v", err))
		return
	}
	m.timers = append(m.timers, timer{node: n, at: m.now + int64(d), why: alarmResume})
}

// resumePath resumes the node that somebody named.
func (m *machine) resumePath(n *node, by *resumption) error {
	switch _, waits := m.idle[n]; {
	case by.path == "" && m.unhold():
		return nil
	case by.path == "" && (m.root.template.Kind != plan.Suspend || !waits):
		return errors.New("the run is not suspended")
	case n == nil:
		return fmt.Errorf("no node %q has begun", by.path)
	case n.template == nil || n.template.Kind != plan.Suspend || n.form != formBody:
		return fmt.Errorf("node %q is no suspension: it is of type %s", by.path, n.nodeType())
	case !waits:
		return fmt.Errorf("node %q is not suspended: it is %s", by.path, phases[n.phase])
	}
	for _, v := range by.values {
		i := slices.IndexFunc(n.template.Outputs, func(o plan.Output) bool { return o.Name == v.Name })
		if i < 0 {
			return fmt.Errorf("node %q has no output %q%s", by.path, v.Name,
				nearest.Hint(v.Name, nearest.Names(n.template.Outputs, func(o *plan.Output) string { return o.Name })))
		}
		if may := (plan.Input{Enum: n.template.Spec.Outputs.Parameters[i].Enum}); !may.Permits(v.Value) {
			return fmt.Errorf("node %q: outputs.parameters.%s: the value %q is not one of its enum", by.path, v.Name, v.Value)
		}
	}
	if _, err := m.leafValues(n, &executor.Result{Outputs: by.values}); err != nil {
		return fmt.Errorf("node %q: %w", by.path, err)
	}
	m.resume(n, by.values)
	return nil
}

// resume ends a suspension, with values for its outputs.
func (m *machine) resume(n *node, given []executor.Value) {
	if _, waits := m.idle[n]; !waits {
		return
	}
	delete(m.idle, n)
	values, err := m.leafOutputs(n, &executor.Result{Outputs: given})
	if err != nil {
		m.end(n, errored, err.Error())
		return
	}
	if len(values) > 0 {
		n.more().outputs = values
	}
	m.set(n, succeeded)
}
