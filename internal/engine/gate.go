package engine

// gate lets a number of nodes run at a time; the others wait in line.
type gate struct {
	limit, active int
	line          []waiting
	shut          bool // a failure has ended the waiting
}

// waiting is a node that has not begun, of a scope that waits for it.
type waiting struct {
	scope *node
	begin func()
}

// pass calls begin as soon as there is room. It reports whether that was at once.
func (g *gate) pass(scope *node, begin func()) bool {
	if g.shut || g.active >= g.limit {
		g.line = append(g.line, waiting{scope, begin})
		return false
	}
	g.active++
	begin()
	return true
}

// leave makes room for the next.
func (g *gate) leave() {
	g.active--
	for len(g.line) > 0 && g.active < g.limit {
		next := g.line[0]
		g.line[0] = waiting{}
		g.line = g.line[1:]
		g.active++
		next.begin()
	}
}

// left makes room behind a node that went through its owner's gate, or ends the waiting if it failed and that is to
// stop the others.
func (m *machine) left(owner, n *node) {
	g := owner.frame.gate
	if g == nil || n.form == formLoop || n.phase == omitted || n.role != roleCall && n.role != roleItem {
		return
	}
	if owner.template.FailFast && n.phase.bad() || m.halted(owner) {
		m.shut(g)
	}
	g.leave()
}

// shut gives up on those who wait at the gate of a template.
func (m *machine) shut(g *gate) {
	line := g.line
	g.line, g.shut = nil, len(line) > 0
	for _, w := range line {
		w.scope.frame.running--
		w.scope.frame.odd = true
	}
	for _, w := range line {
		m.progress(w.scope)
	}
}

// progress ends a scope if nothing in it runs.
func (m *machine) progress(scope *node) {
	switch {
	case scope.form == formLoop:
		m.leaveLoop(scope)
	case scope.role == roleGroup:
		m.leaveGroup(scope)
	default:
		m.leaveDAG(scope)
	}
}
