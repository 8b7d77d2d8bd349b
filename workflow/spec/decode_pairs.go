package spec

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// pair is a key of an object and its value.
type pair struct{ key, value *yaml.Node }

// pairs are those of an object, in order, those of its merge keys (`<<`) last. A key that is there twice, or is no
// scalar, is a problem.
func (d *decoder) pairs(n *yaml.Node, at *path) []pair {
	pairs := make([]pair, 0, len(n.Content)/2)
	lines := make(map[string]int, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			d.mismatch(key, at, "a string as key")
			continue
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
			continue
		}
		d.unambiguous(key, at.field(shorten(key.Value)))
		if line, ok := lines[key.Value]; ok {
			d.problem(key, at.field(shorten(key.Value)), fmt.Sprintf("is on line %d already", line))
			continue
		}
		lines[key.Value] = key.Line
		pairs = append(pairs, pair{key, value})
	}
	for _, m := range merged {
		pairs = d.merge(m, pairs, lines, at.field("<<"))
	}
	return pairs
}

// merge adds the pairs of an object, or of a list of objects, whose keys are not there yet.
func (d *decoder) merge(n *yaml.Node, pairs []pair, lines map[string]int, at *path) []pair {
	n, ok := d.enter(n, at)
	if !ok {
		return pairs
	}
	switch n.Kind {
	case yaml.MappingNode:
		for _, p := range d.pairs(n, at) {
			d.budget--
			if _, ok := lines[p.key.Value]; !ok {
				lines[p.key.Value] = p.key.Line
				pairs = append(pairs, p)
			}
		}
	case yaml.SequenceNode:
		for i, element := range n.Content {
			pairs = d.merge(element, pairs, lines, at.element(i, element))
		}
	default:
		d.mismatch(n, at, "an object or a list of objects")
	}
	return pairs
}
