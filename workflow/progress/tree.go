package progress

import (
	"cmp"
	"container/list"
	"maps"
	"slices"

	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// tree is what was seen of a run. To choose what to show takes no longer for a run of a million nodes than for one of
// a hundred: the nodes are kept in lists by how much they matter.
type tree struct {
	nodes  map[string]*node
	counts map[workflow.Phase]int
	ranks  [ranks]list.List
}

// node is a node as it was seen last.
type node struct {
	*workflow.NodeStatus
	parent *node // nil: it is the root
	number int   // in the order of the beginnings
	depth  int
	rank   int
	blames bool          // it went wrong because a node in it did
	at     *list.Element // in the list of its rank; nil if it is shown for its children's sake only
}

// The ranks of nodes.
const (
	bad = iota
	running
	waiting
	done
	ranks
)

func newTree() *tree {
	return &tree{nodes: map[string]*node{}, counts: map[workflow.Phase]int{}}
}

// see takes in how a node is now.
func (t *tree) see(s *workflow.NodeStatus) {
	n := t.nodes[s.Path]
	if n == nil {
		n = &node{number: len(t.nodes)}
		if s.Path != "" {
			n.parent = t.nodes[s.Parent] // which began before it
			n.depth = n.parent.depth + 1
		}
		t.nodes[s.Path] = n
	} else {
		t.counts[n.Phase]--
		if n.at != nil {
			t.ranks[n.rank].Remove(n.at)
			n.at = nil
		}
	}
	n.NodeStatus = s
	t.counts[s.Phase]++
	n.rank = rankOf(s.Phase)
	if n.rank == bad && n.parent != nil {
		n.parent.blames = true
	}
	switch {
	case n.rank == done:
		n.at = t.ranks[done].PushFront(n) // the newest first
	case n.rank == bad || !inner(s.Type):
		n.at = t.ranks[n.rank].PushBack(n)
	}
}

func rankOf(p workflow.Phase) int {
	switch p {
	case workflow.Failed, workflow.Errored:
		return bad
	case workflow.Running:
		return running
	case workflow.Pending:
		return waiting
	}
	return done
}

// inner says that nodes of the type are there for the nodes in them.
func inner(t spec.NodeType) bool {
	switch t {
	case spec.TypeDAG, spec.TypeSteps, spec.TypeStepGroup, spec.TypeTaskGroup, spec.TypeRetry:
		return true
	}
	return false
}

// choice is the nodes to show, each below the nearest node above it that is shown.
type choice struct {
	shown   map[*node]bool
	deepest int // the level of nodes that are deeper, too
	room    int
}

// choose chooses so many nodes, or all if there are no more: the root, half of them for what failed, then what runs,
// what waits, what failed besides, and what ended last.
func (t *tree) choose(room, deepest int) choice {
	c := choice{map[*node]bool{}, max(1, min(deepest, room-1)), room}
	if len(t.nodes) <= room {
		for n := range maps.Values(t.nodes) {
			c.shown[n] = true
		}
		return c
	}
	c.take(t.nodes[""], 0)
	c.fill(&t.ranks[bad], room/2)
	c.fill(&t.ranks[running], 0)
	c.fill(&t.ranks[waiting], 0)
	c.fill(&t.ranks[bad], 0)
	c.fill(&t.ranks[done], 0)
	return c
}

// fill takes nodes from a list until there is just so much room left.
func (c *choice) fill(l *list.List, leave int) {
	for e := l.Front(); e != nil; e = e.Next() {
		if !c.take(e.Value.(*node), leave) {
			return
		}
	}
}

// take takes a node with all that are above it, if there is room.
func (c *choice) take(n *node, leave int) bool {
	var missing []*node
	for ; n != nil && !c.shown[n]; n = c.above(n) {
		missing = append(missing, n)
	}
	if c.room-len(missing) < leave {
		return false
	}
	for _, n := range missing {
		c.shown[n] = true
	}
	c.room -= len(missing)
	return true
}

// above is the node from which a node hangs; nil for the root.
func (c *choice) above(n *node) *node {
	for up := n.parent; up != nil; up = up.parent {
		if up.depth < c.deepest {
			return up
		}
	}
	return nil
}

// hanging are the nodes that hang from each shown node, in the order of their beginnings.
func (c *choice) hanging() map[*node][]*node {
	below := map[*node][]*node{}
	byNumber := func(a, b *node) int { return cmp.Compare(a.number, b.number) }
	for _, n := range slices.SortedFunc(maps.Keys(c.shown), byNumber) {
		up := c.above(n)
		below[up] = append(below[up], n)
	}
	return below
}
