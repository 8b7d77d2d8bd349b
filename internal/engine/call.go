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
	n.form = formNone
	if c.Control != nil && c.When != nil {
		met, message, err := m.when(at, c.When)
		switch {
		case err != nil:
			added := m.add(n)
			m.end(added, errored, err.Error())
			return added
		case !met:
			added := m.add(n)
			m.end(added, skipped, message)
			return added
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

// when says whether a condition is met, and if not why.
func (m *machine) when(at place, text *plan.Text) (met bool, message string, err error) {
	filled, err := text.Fill(m.lookup(at))
	if err == nil {
		met, err = expr.When(filled)
	}
	if err != nil {
		return false, "", fmt.Errorf("when: %w", err)
	}
	return met, "when '" + filled + "' evaluated false", nil
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
