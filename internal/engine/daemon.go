package engine

import "errors"

var errScope = errors.New("the daemon's scope has ended")

// daemoned says that the node is a daemon that is ready.
func (n *node) daemoned() bool { return n != nil && n.phase == running && n.known().isReady() }

func (i *info) isReady() bool { return i.guard != nil && i.guard.ready }

// daemonReady lets go on what waited for a daemon.
func (m *machine) daemonReady(n *node) {
	if n.guards().ready {
		return
	}
	for {
		n.guards().ready = true
		if n.phase == pending {
			m.set(n, running)
		}
		if n.role != roleAttempt {
			break
		}
		last := n
		n = n.scope
		i := n.more()
		i.podIP, i.hostNode = last.known().podIP, last.known().hostNode
	}
	m.fulfilled(n)
	m.settle()
}

// endDaemons stops the daemons of a dag or steps node that ends.
func (m *machine) endDaemons(n *node) {
	if !m.plan.Daemons || n.frame == nil {
		return
	}
	for _, child := range n.frame.nodes {
		if child == nil {
			continue
		}
		if child.daemoned() {
			m.endDaemon(child)
		} else if child.form == formGroup || child.form == formLoop {
			m.endDaemons(child)
		}
	}
}

func (m *machine) endDaemon(n *node) {
	if n.form == formRetry {
		m.endDaemon(n.frame.nodes[len(n.frame.nodes)-1])
	} else if n.template.Kind.Leaf() {
		m.kills = append(m.kills, kill{n, errScope})
	}
	m.set(n, succeeded)
}

// daemonEnded ends a daemon, and the node whose attempt it is: it failed if it ended by itself, and succeeded if the
// run did, as by the end of its scope, which may come at the same time.
func (m *machine) daemonEnded(n *node, p phase, message string) {
	for ; n.role == roleAttempt; n = n.scope {
		m.end(n, p, message)
	}
	m.end(n, p, message)
}

// isDaemon says that a leaf is not to end by itself.
func (n *node) isDaemon() bool { return n.template.Rules != nil && n.template.Daemon }
