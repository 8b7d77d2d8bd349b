package engine

import (
	"slices"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// beginContainers shows the containers of a set as nodes of their own below the node of their Pod.
func (m *machine) beginContainers(pod *node) {
	set := pod.template.Spec.ContainerSet.Containers
	pod.frame = &frame{nodes: make([]*node, len(set))}
	for i := range set {
		n := m.add(node{
			scope: pod, template: pod.template, call: pod.call, role: roleContainer,
			part: &part{label: "." + set[i].Name, index: int32(i)},
		})
		pod.frame.nodes[i] = n
		m.set(n, pending)
	}
}

// containersEnded ends the containers of a set that are known to have ended: each as it did itself.
func (m *machine) containersEnded(pod *node, ends []executor.ContainerEnd) {
	if pod.frame == nil || !pod.isSet() {
		return
	}
	for i := range ends {
		e := &ends[i]
		at := slices.IndexFunc(pod.frame.nodes, func(n *node) bool { return n.container().Name == e.Name })
		if at < 0 {
			continue
		}
		n, p := pod.frame.nodes[at], succeeded
		if e.Message != "" {
			n.more().message = e.Message
		}
		switch {
		case e.NotRun:
			p = errored
		case e.ExitCode != 0:
			p = failed
		}
		m.set(n, p) // without an exit code, as in Argo
	}
}

// endContainers ends the other containers of a set with their Pod.
func (m *machine) endContainers(pod *node, p phase) {
	if pod.frame == nil {
		return
	}
	for _, n := range pod.frame.nodes {
		if !n.phase.ended() {
			m.set(n, p)
		}
	}
}

// isSet says that a node is the Pod of a container set.
func (n *node) isSet() bool {
	return n.form == formBody && n.template != nil && n.template.Kind == plan.ContainerSet && n.role != roleContainer
}

func (n *node) container() *spec.ContainerNode {
	return &n.template.Spec.ContainerSet.Containers[n.part.index]
}

// containersBefore are the containers that one waits for, or the node of the Pod.
func (n *node) containersBefore() []*node {
	var out []*node
	for _, other := range n.scope.frame.nodes {
		if slices.Contains(n.container().Dependencies, other.container().Name) {
			out = append(out, other)
		}
	}
	if out == nil {
		return []*node{n.scope}
	}
	return out
}

// lastContainers are the containers of a Pod that no other one waits for.
func (n *node) lastContainers() []*node {
	var out []*node
	for _, c := range n.frame.nodes {
		if !slices.ContainsFunc(n.frame.nodes, func(other *node) bool {
			return slices.Contains(other.container().Dependencies, c.container().Name)
		}) {
			out = append(out, c)
		}
	}
	return out
}
