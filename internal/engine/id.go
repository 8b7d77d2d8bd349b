package engine

import "strconv"

// idIndex gives nodes their IDs: the run's name and the decimal FNV-32a of the node's name, as Argo makes them. That
// hash collides, so a node whose ID is taken by an earlier one gets "-2" behind it, the next one "-3". Few runs ask
// for an ID at all, so the index is made, and made longer, when one does. The hash of a node's name goes on from that
// of its scope's, so that deep nests cost no more than wide ones.
type idIndex struct {
	of   map[*node]nodeID
	used map[uint32]int32
}

// nodeID is the hash of a node's name, and how many nodes up to it have that hash.
type nodeID struct {
	sum uint32
	nth int32
}

// id is the ID of a node.
func (m *machine) id(n *node) string {
	if n.scope == nil {
		return m.run.Name
	}
	if m.ids.of == nil {
		m.ids = idIndex{map[*node]nodeID{}, map[uint32]int32{}}
	}
	if _, ok := m.ids.of[n]; !ok {
		for other := range m.nodes.from(len(m.ids.of)) {
			m.ids.add(other, m.run.Name)
		}
	}
	id := m.ids.of[n]
	text := m.run.Name + "-" + strconv.FormatUint(uint64(id.sum), 10)
	if id.nth > 1 {
		text += "-" + strconv.Itoa(int(id.nth))
	}
	return text
}

// add gives the next node its ID. Its scope has one already.
func (x *idIndex) add(n *node, run string) {
	sum, label := uint32(fnvBasis), []byte(run)
	if n.scope != nil {
		var room [64]byte
		sum, label = x.of[n.scope].sum, n.appendLabel(room[:0])
	}
	sum = fnv32a(sum, label)
	x.used[sum]++
	x.of[n] = nodeID{sum, x.used[sum]}
}

// fnvBasis is the FNV-32a of the empty text.
const fnvBasis = 2166136261

// fnv32a is the FNV-32a of a text with more behind it, given that of the text.
func fnv32a(sum uint32, more []byte) uint32 {
	for _, b := range more {
		sum = (sum ^ uint32(b)) * 16777619
	}
	return sum
}
