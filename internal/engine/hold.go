package engine

// hold keeps leaves from beginning until the run is released. What is at work goes on.
func (m *machine) hold() {
	if m.held == nil {
		m.held = []*node{}
	}
}

// release lets begin what was held. It reports whether the run was held at all.
func (m *machine) unhold() bool {
	if m.held == nil {
		return false
	}
	held := m.held
	m.held = nil
	for _, n := range held {
		m.leafAdmitted(n)
	}
	return true
}

// holds keeps a leaf back if the run is held.
func (m *machine) holds(n *node) bool {
	if m.held == nil || n.exit {
		return false
	}
	m.held = append(m.held, n)
	m.idle[n] = struct{}{}
	return true
}
