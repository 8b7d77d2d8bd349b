package plan

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
)

var _ graph.Directed = (*Graph)(nil)

func ids(nodes graph.Nodes) []int64 {
	got := []int64{}
	for length := nodes.Len(); nodes.Next(); length-- {
		if nodes.Len() != length-1 {
			panic("Len is what is left")
		}
		got = append(got, nodes.Node().ID())
	}
	slices.Sort(got)
	return got
}

// A Graph is to gonum what its own graph of the same edges is.
func TestGraphIsGonums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(20)
		want := simple.NewDirectedGraph()
		for v := range n {
			want.AddNode(simple.Node(v))
		}
		acyclic := r.IntN(2) == 0
		a := arcs{at: make([]int32, 1, n+1)}
		for head := range n {
			for tail := range n {
				if r.IntN(6) > 0 || tail == head || acyclic && tail > head {
					continue
				}
				want.SetEdge(simple.Edge{F: simple.Node(tail), T: simple.Node(head)})
				a.tails = append(a.tails, int32(tail))
			}
			a.at = append(a.at, int32(len(a.tails)))
		}
		g := newGraph(a)
		assert.Equal(t, ids(want.Nodes()), ids(g.Nodes()))
		for u := int64(-1); u <= int64(n); u++ {
			assert.Equal(t, want.Node(u) == nil, g.Node(u) == nil)
			assert.Equal(t, ids(want.From(u)), ids(g.From(u)))
			assert.Equal(t, ids(want.To(u)), ids(g.To(u)))
			for v := int64(-1); v <= int64(n); v++ {
				assert.Equal(t, want.HasEdgeFromTo(u, v), g.HasEdgeFromTo(u, v))
				assert.Equal(t, want.HasEdgeBetween(u, v), g.HasEdgeBetween(u, v))
				e := g.Edge(u, v)
				require.Equal(t, want.Edge(u, v) == nil, e == nil)
				if e != nil {
					assert.Equal(t, [4]int64{u, v, v, u}, [4]int64{e.From().ID(), e.To().ID(), e.ReversedEdge().From().ID(), e.ReversedEdge().To().ID()})
				}
			}
		}
		_, err := topo.Sort(want)
		assert.Equal(t, err != nil, len(g.Order()) < g.Len())
		sorted, err2 := topo.Sort(g)
		assert.Equal(t, err == nil, err2 == nil)
		place := map[int32]int{}
		for i, v := range g.Order() {
			place[v] = i
		}
		for _, v := range g.Order() {
			for _, p := range g.Pred(v) {
				assert.Less(t, place[p], place[v])
			}
		}
		if err == nil {
			assert.Len(t, sorted, n)
			assert.Empty(t, g.cycles(nil))
		}
	}
}

func TestCycles(t *testing.T) {
	ring := func(n int32) (preds [][]int32) {
		for v := range n {
			preds = append(preds, []int32{(v + n - 1) % n})
		}
		return preds
	}
	name := func(v int32) string { return string(rune('A' + v)) }
	for _, tt := range []struct {
		name  string
		preds [][]int32
		want  []string
	}{
		{"none", [][]int32{{}, {0}, {0, 1}}, nil},
		{"itself", [][]int32{{0}}, []string{"A → A"}},
		{"two", [][]int32{{1}, {0}}, []string{"A → B → A"}},
		{"in the middle", [][]int32{{}, {0, 3}, {1}, {2}, {3}}, []string{"B → C → D → B"}},
		{"two knots", [][]int32{{1}, {0}, {1, 3}, {2}}, []string{"A → B → A", "C → D → C"}},
		{"the shortest", [][]int32{{3, 1}, {0}, {1}, {2}}, []string{"A → B → A"}},
		{"all that is named", ring(15), []string{"A → B → C → D → E → F → G → H → I → J → K → L → M → N → O → A"}},
		{"a long one", ring(26), []string{"A → B → C → D → E → F → G → H → … 11 more … → T → U → V → W → X → Y → Z → A"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := arcs{at: []int32{0}}
			for _, p := range tt.preds {
				a.tails = append(a.tails, p...)
				a.at = append(a.at, int32(len(a.tails)))
			}
			assert.Equal(t, tt.want, newGraph(a).cycles(name))
		})
	}
}
