package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Argo's IDs collide: these two names have one hash. The later node's ID tells them apart.
func TestIDsOfNamesThatCollide(t *testing.T) {
	const run = "map-reduce-x7k2p"
	x := idIndex{map[*node]string{}, map[uint32]int{}}
	first, second := x.next(run, run+".map(2723:2723)"), x.next(run, run+".map(25106:25106)")
	assert.Equal(t, first+"-2", second)
	assert.Equal(t, "r-3826002220", x.next("r", "a"), "FNV-32a, in decimal")
}
