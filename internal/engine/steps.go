package engine

// enterSteps begins the first group.
func (m *machine) enterSteps(n *node) {
	n.frame = &frame{nodes: make([]*node, len(n.template.Groups))}
	m.beginGroup(n, 0)
}

// beginGroup begins a group and all its steps.
func (m *machine) beginGroup(steps *node, group int32) {
	from, to := steps.template.Begin(group), steps.template.Groups[group]
	g := m.add(node{scope: steps, call: group})
	steps.frame.nodes[group] = g
	g.frame = &frame{nodes: make([]*node, to-from)}
	m.set(g, running)
	g.frame.running = to - from
	for call := from; call < to; call++ {
		g.frame.nodes[call-from] = m.beginCall(g, steps, call)
	}
	if from == to {
		m.set(g, succeeded)
	}
}

// stepEnded ends the group once none of its steps runs.
func (m *machine) stepEnded(group, n *node) {
	f := group.frame
	if f.running--; f.running > 0 {
		return
	}
	for _, step := range f.nodes {
		if step.phase.bad() {
			group.more().message = m.childFailed(step)
			m.set(group, failed)
			return
		}
	}
	m.set(group, succeeded)
}

// groupEnded begins the next group, or ends the steps.
func (m *machine) groupEnded(steps, group *node) {
	next := group.call + 1
	switch {
	case group.phase != succeeded:
		m.leave(steps, failed, group.message())
	case int(next) == len(steps.template.Groups):
		m.leave(steps, succeeded, "")
	case m.stop != nil:
		m.leave(steps, failed, "")
	default:
		m.beginGroup(steps, next)
	}
}
