package plan

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/topo"
)

// Graph is the order of a template's calls: an edge from each call to those that wait for it. It is a gonum
// [graph.Directed] over flat slices. The IDs below Calls are the calls; those from there on are the barriers between
// the groups of a steps template, so that two groups of a thousand steps need two thousand edges and not a million.
type Graph struct {
	succ, pred     []int32 // the ends of all edges, sorted by the other end
	succAt, predAt []int32 // where a vertex's edges begin; one more than vertices
	order          []int32
}

// Vertex is a vertex of a [Graph].
type Vertex int32

// ID is the vertex's number.
func (v Vertex) ID() int64 { return int64(v) }

// Arc is an edge of a [Graph].
type Arc struct{ Tail, Head Vertex }

// From is the vertex that comes first.
func (a Arc) From() graph.Node { return a.Tail }

// To is the vertex that waits for it.
func (a Arc) To() graph.Node { return a.Head }

// ReversedEdge is the arc the other way round.
func (a Arc) ReversedEdge() graph.Edge { return Arc{a.Head, a.Tail} }

// arcs are edges by the vertex that waits: what it waits for are tails[at[head]:at[head+1]].
type arcs struct {
	at    []int32
	tails []int32
}

// newGraph sorts the edges both ways and walks them in order. The order misses vertices if there is a cycle.
func newGraph(a arcs) *Graph {
	n := len(a.at) - 1
	g := &Graph{pred: a.tails, predAt: a.at, succAt: make([]int32, n+1), succ: make([]int32, len(a.tails))}
	for _, t := range a.tails {
		g.succAt[t+1]++
	}
	for i := range n {
		g.succAt[i+1] += g.succAt[i]
	}
	next := slices.Clone(g.succAt[:n])
	for head := range n {
		for _, tail := range g.Pred(int32(head)) {
			g.succ[next[tail]] = int32(head)
			next[tail]++
		}
	}
	g.walk(next)
	return g
}

// walk is Kahn's: a vertex comes once all that it waits for have come. waits is scratch of one entry a vertex.
func (g *Graph) walk(waits []int32) {
	order := make([]int32, 0, len(waits))
	for v := range waits {
		if waits[v] = int32(len(g.Pred(int32(v)))); waits[v] == 0 {
			order = append(order, int32(v))
		}
	}
	for i := 0; i < len(order); i++ {
		for _, s := range g.Succ(order[i]) {
			if waits[s]--; waits[s] == 0 {
				order = append(order, s)
			}
		}
	}
	g.order = order
}

// Order is every vertex after all that it waits for.
func (g *Graph) Order() []int32 { return g.order }

// Succ is the vertices that wait for v.
func (g *Graph) Succ(v int32) []int32 { return g.succ[g.succAt[v]:g.succAt[v+1]] }

// Pred is the vertices that v waits for.
func (g *Graph) Pred(v int32) []int32 { return g.pred[g.predAt[v]:g.predAt[v+1]] }

// Len is the number of vertices.
func (g *Graph) Len() int { return len(g.predAt) - 1 }

// Node is the vertex of that number, or nil.
func (g *Graph) Node(id int64) graph.Node {
	if id < 0 || id >= int64(g.Len()) {
		return nil
	}
	return Vertex(id)
}

// Nodes is all vertices.
func (g *Graph) Nodes() graph.Nodes {
	all := make([]int32, g.Len())
	for i := range all {
		all[i] = int32(i)
	}
	return &vertices{all: all}
}

// From is the vertices that wait for the one of that number.
func (g *Graph) From(id int64) graph.Nodes {
	if g.Node(id) == nil {
		return graph.Empty
	}
	return &vertices{all: g.Succ(int32(id))}
}

// To is the vertices that the one of that number waits for.
func (g *Graph) To(id int64) graph.Nodes {
	if g.Node(id) == nil {
		return graph.Empty
	}
	return &vertices{all: g.Pred(int32(id))}
}

// HasEdgeFromTo says that v waits for u.
func (g *Graph) HasEdgeFromTo(u, v int64) bool {
	return g.Node(u) != nil && g.Node(v) != nil && slices.Contains(g.Pred(int32(v)), int32(u))
}

// HasEdgeBetween says that one of the two waits for the other.
func (g *Graph) HasEdgeBetween(x, y int64) bool {
	return g.HasEdgeFromTo(x, y) || g.HasEdgeFromTo(y, x)
}

// Edge is the edge from u to v, or nil.
func (g *Graph) Edge(u, v int64) graph.Edge {
	if !g.HasEdgeFromTo(u, v) {
		return nil
	}
	return Arc{Vertex(u), Vertex(v)}
}

// maxCycle is how many vertices are named at each end of a cycle.
const maxCycle = 8

// cycles is one cycle of each knot of vertices that wait for each other, as "A → B → A".
func (g *Graph) cycles(name func(int32) string) []string {
	if len(g.order) == g.Len() {
		return nil
	}
	var found []string
	for _, knot := range topo.TarjanSCC(g) {
		in := map[int32]bool{}
		for _, v := range knot {
			in[int32(v.ID())] = true
		}
		first := int32(knot[0].ID())
		if len(knot) == 1 && !g.HasEdgeFromTo(int64(first), int64(first)) {
			continue
		}
		for v := range in {
			first = min(first, v)
		}
		var path []string
		for _, v := range g.loop(first, in) {
			path = append(path, name(v))
		}
		if more := len(path) - 2*maxCycle; more > 0 {
			path = slices.Replace(path, maxCycle, maxCycle+more, fmt.Sprintf("… %d more …", more))
		}
		found = append(found, strings.Join(path, " → "))
	}
	slices.Sort(found)
	return found
}

// loop is a shortest way from a vertex back to itself, within the vertices of its knot.
func (g *Graph) loop(start int32, in map[int32]bool) []int32 {
	from := map[int32]int32{}
	for queue := []int32{start}; ; queue = queue[1:] {
		v := queue[0]
		for _, s := range g.Succ(v) {
			if s == start {
				path := []int32{start}
				for ; v != start; v = from[v] {
					path = append(path, v)
				}
				path = append(path, start)
				slices.Reverse(path)
				return path
			}
			if _, seen := from[s]; in[s] && !seen {
				from[s] = v
				queue = append(queue, s)
			}
		}
	}
}

// reach marks the vertices that come after v, up to a place in the order.
func (g *Graph) reach(v int32, place []int32, last int32) map[int32]bool {
	seen := map[int32]bool{v: true}
	for queue := []int32{v}; len(queue) > 0; queue = queue[1:] {
		for _, s := range g.Succ(queue[0]) {
			if !seen[s] && place[s] <= last {
				seen[s] = true
				queue = append(queue, s)
			}
		}
	}
	return seen
}

// vertices iterates over some vertices.
type vertices struct {
	all []int32
	at  int
}

func (v *vertices) Next() bool       { v.at++; return v.at <= len(v.all) }
func (v *vertices) Len() int         { return max(0, len(v.all)-v.at) }
func (v *vertices) Reset()           { v.at = 0 }
func (v *vertices) Node() graph.Node { return Vertex(v.all[v.at-1]) }
