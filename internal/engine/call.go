package engine

import (
	"fmt"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
)

// beginCall begins the node of a call. scope is the dag node, or the group's; owner is the node whose template has
// the call.
func (m *machine) beginCall(scope, owner *node, call int32) *node {
	c := &owner.template.Calls[call]
	if c.Control == nil && owner.frame.gate == nil {
		inputs, err := m.inputs(place{owner: owner}, c)
		n := m.add(node{scope: scope, template: c.Template, form: m.formOf(c.Template), call: call, inputs: inputs})
		m.enter(n, err)
		return n
	}
	if c.Control != nil && c.Loop != nil {
		return m.beginLoop(node{scope: scope, template: c.Template, call: call}, place{owner: owner}, c)
	}
	return m.beginGuarded(node{scope: scope, template: c.Template, call: call}, place{owner: owner}, c)
}

// beginGuarded begins a node, unless its condition is not met.
func (m *machine) beginGuarded(n node, at place, c *plan.Call) *node {
	if c.Control != nil && c.When != nil {
		if unmet := m.unmet(n, at, c.When); unmet != nil {
			return unmet
		}
	}
	inputs, err := m.inputs(at, c)
	n.inputs, n.form = inputs, m.formOf(c.Template)
	if err != nil {
		n.form = formNone
	}
	added := m.add(n)
	if c.Control != nil && len(c.Hooks) > 0 && err == nil {
		added.more().hooks = &hooks{defs: c.Hooks}
	}
	m.enter(added, err)
	return added
}

// without adds a node that does nothing: it only says how the call ended.
func (m *machine) without(n node, p phase, message string) *node {
	n.form = formNone
	added := m.add(n)
	m.end(added, p, message)
	return added
}

// unmet is the node of a call whose condition is not met, or nil if it is.
func (m *machine) unmet(n node, at place, when *plan.Text) *node {
	filled, err := when.Fill(m.lookup(at))
	met := false
	if err == nil {
		met, err = expr.When(filled)
	}
	switch {
	case err != nil:
		return m.without(n, errored, "when: "+err.Error())
	case !met:
		return m.without(n, skipped, "when '"+filled+"' evaluated false")
	}
	return nil
}

// inputs are the values that a call gets.
func (m *machine) inputs(at place, c *plan.Call) (values []executor.Value, err error) {
	if c.Control == nil || c.Texts == nil {
		return c.Inputs, nil
	}
	values = make([]executor.Value, len(c.Inputs))
	copy(values, c.Inputs)
	lookup := m.lookup(at)
	for i := range c.Texts {
		text, in := &c.Texts[i], &c.Template.Inputs[i]
		if len(text.Refs) == 0 {
			continue
		}
		v, wrong := text.Fill(lookup)
		if wrong != nil && text.Single() && in.Default != nil && noValue(wrong) {
			v, wrong = in.Default.Fill(lookup)
		}
		switch {
		case err != nil:
		case wrong != nil:
			err = fmt.Errorf("inputs.parameters.%s: %w", in.Name, wrong)
		case !in.Permits(v):
			err = fmt.Errorf("inputs.parameters.%s: the value %q is not one of its enum", in.Name, v)
		}
		values[i].Value = v
	}
	return values, err
}
