package plan

import (
	"maps"

	"github.com/podflow/podflow/workflow/spec"
)

// containers checks the containers of a set, and what they wait for.
func (c *compiler) containers(path string, set []spec.ContainerNode) {
	if len(set) == 0 {
		c.problem(path+".containers", "expected at least one")
	}
	at := make(map[string]int32, len(set))
	for i := range set {
		name := set[i].Name
		if _, twice := at[name]; twice {
			c.problem(path+".containers["+name+"]", "another container is named %q", name)
		}
		at[name] = int32(i)
	}
	a := arcs{at: make([]int32, 1, len(set)+1)}
	for i := range set {
		for _, d := range set[i].Dependencies {
			on, ok := at[d]
			if !ok {
				c.problem(path+".containers["+set[i].Name+"].dependencies", "no container %q in the set%s", d, c.hint(d, maps.Keys(at)))
				continue
			}
			a.tails = append(a.tails, on)
		}
		a.at = append(a.at, int32(len(a.tails)))
	}
	for _, cycle := range newGraph(a).cycles(func(v int32) string { return set[v].Name }) {
		c.problem(path, "cycle: %s", cycle)
	}
}
