package engine

// enterSteps begins the first group.
func (m *machine) enterSteps(n *node) {
	m.newFrame(n, len(n.template.Groups))
	m.beginGroup(n, 0)
}

// beginGroup begins a group and all its steps.
func (m *machine) beginGroup(steps *node, group int32) {
	from, to := steps.template.Begin(group), steps.template.Groups[group]
	g := m.add(node{scope: steps, call: group, role: roleGroup, form: formGroup})
	steps.frame.nodes[group] = g
	g.frame = &frame{nodes: make([]*node, to-from)}
	m.set(g, running)
	g.frame.running = to - from
	m.coming += int(to - from)
	for call := from; call < to; call++ {
		m.coming--
		c := &steps.template.Calls[call]
		if steps.frame.gate == nil || c.Control != nil && c.Loop != nil {
			g.frame.nodes[call-from] = m.beginCall(g, steps, call)
			continue
		}
		steps.frame.gate.pass(g, func() { g.frame.nodes[call-from] = m.beginCall(g, steps, call) })
	}
	if from == to {
		m.set(g, succeeded)
	}
}

// stepEnded ends the group once none of its steps runs.
func (m *machine) stepEnded(group, n *node) {
	group.frame.running--
	m.left(group.scope, n)
	m.leaveGroup(group)
}

func (m *machine) leaveGroup(group *node) {
	if group.frame.running > 0 || group.phase.ended() {
		return
	}
	if g := group.scope.frame.gate; g != nil && g.shut {
		m.end(group, failed, failedFast)
		return
	}
	template := group.scope.template
	from := template.Begin(group.call)
	for i, step := range group.frame.nodes {
		if step == nil { // the run stopped before it could begin
			m.set(group, failed)
			return
		}
		c := &template.Calls[from+int32(i)]
		if failing := firstBad(step, c.Continues); failing != nil {
			m.end(group, failed, m.childFailed(failing))
			return
		}
	}
	m.set(group, succeeded)
}

// firstBad is the first node of a step that went wrong in a way that the step does not continue on.
func firstBad(step *node, continues func(failed, errored bool) bool) *node {
	if step.form != formLoop {
		if step.phase.bad() && !continues(step.phase == failed, step.phase == errored) {
			return step
		}
		return nil
	}
	for _, n := range step.frame.nodes {
		if n != nil {
			if bad := firstBad(n, continues); bad != nil {
				return bad
			}
		}
	}
	return nil
}

// groupEnded begins the next group, or ends the steps.
func (m *machine) groupEnded(steps, group *node) {
	next := group.call + 1
	switch {
	case group.phase != succeeded:
		m.leave(steps, failed, group.message())
	case int(next) == len(steps.template.Groups):
		m.leave(steps, succeeded, "")
	case m.halted(steps):
		m.leave(steps, failed, "")
	default:
		m.beginGroup(steps, next)
	}
}
