package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The names of two nodes whose numbers are equal.
func TestIDsCollide(t *testing.T) {
	x := idIndex{map[*node]string{}, map[uint32]int{}}
	const run = "map-reduce-x7k2p"
	first := x.next(run, run+".map(2723:2723)")
	assert.Equal(t, "map-reduce-x7k2p-3197000132", first)
	assert.Equal(t, first+"-2", x.next(run, run+".map(25106:25106)"))
	assert.Equal(t, first+"-3", x.next(run, run+".map(2723:2723)"))
	assert.NotContains(t, x.next(run, run+".map(0:0)"), first)
}
