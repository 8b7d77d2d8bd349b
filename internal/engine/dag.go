package engine

// enterDAG begins the tasks that wait for nothing.
func (m *machine) enterDAG(n *node) {
	t := n.template
	f := &frame{nodes: make([]*node, len(t.Calls)), waits: make([]int32, len(t.Calls))}
	n.frame = f
	for v := range f.waits {
		f.waits[v] = int32(len(t.Graph.Pred(int32(v))))
	}
	for v := range f.waits {
		if f.waits[v] == 0 && (t.Wanted == nil || t.Wanted[v]) {
			m.beginTask(n, int32(v))
		}
	}
	m.leaveDAG(n)
}

// beginTask begins a task whose dependencies have all ended, or omits it.
func (m *machine) beginTask(dag *node, call int32) {
	f := dag.frame
	f.running++
	if f.odd && !m.dependenciesMet(dag, call) {
		n := m.add(node{scope: dag, template: dag.template.Calls[call].Template, call: call, omitted: true})
		f.nodes[call] = n
		n.more().message = "omitted: depends condition not met"
		m.set(n, omitted)
		return
	}
	f.nodes[call] = m.beginCall(dag, dag, call)
}

// dependenciesMet says whether all that a task waits for has succeeded.
func (m *machine) dependenciesMet(dag *node, call int32) bool {
	for _, p := range dag.template.Graph.Pred(call) {
		if n := dag.frame.nodes[p]; n == nil || n.phase != succeeded {
			return false
		}
	}
	return true
}

// taskEnded begins the tasks that waited for n only.
func (m *machine) taskEnded(dag, n *node) {
	f, t := dag.frame, dag.template
	f.running--
	if n.phase != succeeded {
		f.odd = true
	}
	for _, s := range t.Graph.Succ(n.call) {
		f.waits[s]--
		if f.waits[s] == 0 && m.stop == nil && (t.Wanted == nil || t.Wanted[s]) {
			m.beginTask(dag, s)
		}
	}
	m.leaveDAG(dag)
}

// leaveDAG ends the dag once none of its tasks runs: then none can begin either.
func (m *machine) leaveDAG(dag *node) {
	f := dag.frame
	if f.running > 0 || dag.phase.ended() {
		return
	}
	p := succeeded
	if f.odd || m.stop != nil {
		p = m.dagPhase(dag)
	}
	m.leave(dag, p, "")
}

// dagPhase is that of the first target that went wrong. A target that did not run has the phase of its branch:
// what went wrong before it.
func (m *machine) dagPhase(dag *node) phase {
	f, t := dag.frame, dag.template
	branch := make([]phase, len(t.Calls))
	for _, v := range t.Graph.Order() {
		n := f.nodes[v]
		if n != nil && n.phase != omitted {
			branch[v] = n.phase
			continue
		}
		branch[v] = succeeded
		if n == nil && m.stop != nil {
			branch[v] = failed
		}
		for _, p := range t.Graph.Pred(v) {
			if branch[p].bad() {
				branch[v] = branch[p]
				break
			}
		}
	}
	for _, v := range t.Targets {
		if branch[v].bad() {
			return branch[v]
		}
	}
	return succeeded
}
