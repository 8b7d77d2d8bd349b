package engine

import (
	"hash/fnv"
	"strconv"
)

// idIndex gives nodes their IDs: the run's name and the decimal FNV-32a of the node's name, as Argo makes them. That
// hash collides, so a node whose ID is taken by an earlier one gets "-2" behind it, the next one "-3". Few runs ask
// for an ID at all, so the index is made, and made longer, when one does.
type idIndex struct {
	ids  map[*node]string
	used map[uint32]int
}

// id is the ID of a node.
func (m *machine) id(n *node) string {
	if n.scope == nil {
		return m.run.Name
	}
	if m.ids.ids == nil {
		m.ids = idIndex{map[*node]string{}, map[uint32]int{}}
	}
	if id, ok := m.ids.ids[n]; ok {
		return id
	}
	for other := range m.nodes.from(len(m.ids.ids)) {
		name, _ := other.names(m.run.Name)
		m.ids.ids[other] = m.ids.next(m.run.Name, name)
	}
	return m.ids.ids[n]
}

// next is the ID of the next node of that name.
func (x *idIndex) next(run, name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	sum := h.Sum32()
	x.used[sum]++
	id := run + "-" + strconv.FormatUint(uint64(sum), 10)
	if k := x.used[sum]; k > 1 {
		id += "-" + strconv.Itoa(k)
	}
	return id
}
