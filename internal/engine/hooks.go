package engine

import (
	"fmt"

	"github.com/podflow/podflow/internal/plan"
)

// hooks are what runs because of a node.
type hooks struct {
	defs    []plan.Hook
	nodes   []*node // by hook; nil: not begun
	running int
}

// changed begins the hooks of a node whose time has come. It reports whether none is at work.
func (m *machine) changed(n *node) bool {
	h := n.info.hooks
	if h.nodes == nil {
		h.nodes = make([]*node, len(h.defs))
	}
	at := n.place()
	at.node, at.self = n, n
	for i := range h.defs {
		def := &h.defs[i]
		if h.nodes[i] != nil || def.Exit() && !n.phase.ended() || m.noHooks(n, def) {
			continue
		}
		var wrong error
		if def.When != nil {
			met, err := def.When.Bool(m.lookup(at))
			if err != nil && n.phase.ended() && !noValue(err) {
				wrong = fmt.Errorf("expression: %w", err)
			} else if err != nil || !met {
				continue // what has no value yet is not met
			}
		}
		h.running++
		label := ".onExit"
		if !def.Exit() {
			label = ".hooks." + def.Name
		}
		inputs, err := m.inputs(at, &def.Call)
		if wrong != nil {
			err = wrong
		}
		hook := m.add(node{
			scope: n, template: def.Call.Template, inputs: inputs, call: n.call, role: roleHook, form: m.formOf(def.Call.Template),
			exit: n == m.root && def.Exit(), part: &part{label: label, hook: def},
		})
		h.nodes[i] = hook
		m.enter(hook, err)
	}
	return h.running == 0
}

// noHooks says that a hook of the node may not begin any more.
func (m *machine) noHooks(n *node, def *plan.Hook) bool {
	if n == m.root && def.Exit() {
		return m.stop != nil && !m.stop.handlers
	}
	return m.halted(n)
}

// hookEnded goes on after a node that waited for its hooks only.
func (m *machine) hookEnded(n *node) {
	if n.info.hooks.running--; n.info.hooks.running == 0 && n.phase.ended() {
		m.fulfilled(n)
	}
}
