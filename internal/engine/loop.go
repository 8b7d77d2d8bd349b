package engine

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
)

// beginLoop begins one node for each item of a call.
func (m *machine) beginLoop(n node, at place, c *plan.Call) *node {
	if c.When != nil && !c.EachWhen {
		if unmet := m.unmet(n, at, c.When); unmet != nil {
			return unmet
		}
	}
	items, err := m.items(at, c.Loop)
	switch {
	case err != nil:
		return m.without(n, errored, err.Error())
	case len(items) == 0:
		return m.without(n, skipped, "Skipped, empty params")
	}
	n.form = formLoop
	loop := m.add(n)
	loop.frame = &frame{nodes: make([]*node, len(items)), running: int32(len(items))}
	if m.tooMuch(loop, len(items)) {
		return loop
	}
	m.set(loop, running)
	parts := make([]part, len(items))
	m.coming += len(items)
	for i := range items {
		m.coming--
		parts[i] = part{label: "(" + strconv.Itoa(i) + ":" + items[i].Label() + ")", item: &items[i], index: int32(i)}
		begin := func() {
			loop.frame.nodes[i] = m.beginGuarded(node{
				scope: loop, template: c.Template, call: loop.call, role: roleItem, part: &parts[i],
			}, place{owner: at.owner, item: &items[i]}, c)
		}
		if g := at.owner.frame.gate; g != nil {
			g.pass(loop, begin)
		} else {
			begin()
		}
	}
	return loop
}

// items are what a loop goes over.
func (m *machine) items(at place, l *plan.Loop) ([]expr.Item, error) {
	lookup := m.lookup(at)
	switch {
	case l.Fixed != nil:
		return l.Fixed, nil
	case l.Param != nil:
		text, err := l.Param.Fill(lookup)
		if err != nil {
			return nil, fmt.Errorf("withParam: %w", err)
		}
		items, err := expr.ParseItems(text)
		if err != nil {
			return nil, fmt.Errorf("withParam: %w", err)
		}
		return items, nil
	case l.Sequence != nil:
		var texts [4]string
		for i, t := range []*plan.Text{l.Sequence.Count, l.Sequence.Start, l.Sequence.End, l.Sequence.Format} {
			if t == nil {
				continue
			}
			var err error
			if texts[i], err = t.Fill(lookup); err != nil {
				return nil, fmt.Errorf("withSequence: %w", err)
			}
		}
		items, err := expr.Sequence(texts[0], texts[1], texts[2], texts[3])
		if err != nil {
			return nil, fmt.Errorf("withSequence: %w", err)
		}
		return items, nil
	}
	list := make([]expr.Item, len(l.Items))
	for i := range l.Items {
		text, err := l.Items[i].Fill(func(r *plan.Ref) (string, error) {
			v, err := lookup(r)
			return jsonEscape(v), err // it stands in the item's JSON
		})
		var one []expr.Item
		if err == nil {
			one, err = expr.ParseItems("[" + text + "]")
		}
		if err == nil && len(one) != 1 {
			err = errors.New("is not one JSON value with its tags replaced")
		}
		if err != nil {
			return nil, fmt.Errorf("withItems[%d]: %w", i, err)
		}
		list[i] = one[0]
	}
	return list, nil
}

// itemEnded ends the loop once none of its nodes runs.
func (m *machine) itemEnded(loop, n *node) {
	loop.frame.running--
	if n.phase.bad() {
		loop.frame.odd = true
	}
	m.left(loop.owner(), n)
	m.leaveLoop(loop)
}

func (m *machine) leaveLoop(loop *node) {
	if loop.frame.running > 0 || loop.phase.ended() {
		return
	}
	p := succeeded
	if loop.frame.odd {
		for _, n := range loop.frame.nodes {
			if n != nil && n.phase.bad() {
				p = n.phase
			}
		}
	}
	m.set(loop, p)
}
