package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/executor"
)

// The names of these two nodes have one hash.
func TestIDsThatCollide(t *testing.T) {
	m := machine{run: &executor.Run{Name: "map-reduce-x7k2p"}}
	root := m.nodes.add(node{})
	named := func(label string) *node {
		return m.nodes.add(node{scope: root, role: roleItem, part: &part{label: label}})
	}
	first, second, other := named(".map(2723:2723)"), named(".map(25106:25106)"), named(".map(1:1)")
	id := m.id(first)
	assert.Equal(t, id+"-2", m.id(second))
	assert.NotContains(t, m.id(other), id)
	assert.Equal(t, "map-reduce-x7k2p-3197000132", id)
	assert.Equal(t, "map-reduce-x7k2p", m.id(root))
	assert.Equal(t, id, m.id(first), "it does not change")
}
