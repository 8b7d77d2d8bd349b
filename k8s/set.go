package k8s

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// programsOf are the containers that a template describes: main, or those of a set.
func programsOf(t *spec.Template) ([]corev1.Container, error) {
	switch {
	case t.Container != nil:
		main := *t.Container
		main.Name = MainContainer
		return []corev1.Container{main}, nil
	case t.Script != nil:
		main := t.Script.Container
		main.Name = MainContainer
		return []corev1.Container{main}, nil
	case t.ContainerSet == nil || len(t.ContainerSet.Containers) == 0:
		return nil, fmt.Errorf("template %s has neither a container nor a script nor a containerSet", t.Name)
	}
	var list []corev1.Container
	for i := range t.ContainerSet.Containers {
		c := t.ContainerSet.Containers[i].Container
		c.VolumeMounts = slices.Concat(t.ContainerSet.VolumeMounts, c.VolumeMounts)
		list = append(list, c)
	}
	return list, nil
}

func setNames(set []spec.ContainerNode) []string {
	names := make([]string, len(set))
	for i := range set {
		names[i] = set[i].Name
	}
	return names
}

// programNames are the names of the containers that a Pod's template describes. What others added is not among them.
func programNames(p *corev1.Pod) []string {
	if names, ok := p.Annotations[AnnotationContainers]; ok {
		return strings.Split(names, ",")
	}
	return onlyMain
}

// isSet says that the Pod is one of a set of containers.
func isSet(p *corev1.Pod) bool { return p.Annotations[AnnotationContainers] != "" }

var onlyMain = []string{MainContainer}

// set looks at the containers of a set.
func (p *problems) set(l *executor.Leaf) {
	t := l.Template
	if t.ContainerSet == nil {
		return
	}
	if len(t.ContainerSet.Containers) == 0 {
		p.add(l.Path+".containerSet.containers", "expected at least one")
	}
	names := map[string]bool{}
	for i := range t.ContainerSet.Containers {
		c := &t.ContainerSet.Containers[i]
		path := l.Path + ".containerSet.containers[" + c.Name + "]"
		if strings.HasPrefix(c.Name, "podflow-") {
			p.add(path, "names that begin with podflow- are podflow's own")
		}
		if names[c.Name] {
			p.add(path, "another container is named %q", c.Name)
		}
		names[c.Name] = true
	}
	p.order(l.Path+".containerSet", t.ContainerSet.Containers, names)
	u := usesOf(t, l.UsesResult)
	if u.gives(t) && !names[MainContainer] {
		p.add(l.Path+".containerSet.containers", "outputs are those of container %s, and there is none", MainContainer)
	}
}

// order looks for containers that wait for one that is not there, or for each other.
func (p *problems) order(path string, set []spec.ContainerNode, names map[string]bool) {
	ended := map[string]bool{}
	for i := range set {
		for _, d := range set[i].Dependencies {
			if !names[d] {
				p.add(path+".containers["+set[i].Name+"].dependencies", "no container %q in the set%s", d, nearest.Hint(d, maps.Keys(names)))
				ended[d] = true
			}
		}
	}
	for left := slices.Clone(set); len(left) > 0; {
		waiting := slices.DeleteFunc(slices.Clone(left), func(c spec.ContainerNode) bool {
			waits := slices.ContainsFunc(c.Dependencies, func(d string) bool { return !ended[d] })
			if !waits {
				ended[c.Name] = true
			}
			return !waits
		})
		if len(waiting) == len(left) {
			p.add(path, "containers wait for each other: %s", strings.Join(setNames(waiting), ", "))
			return
		}
		left = waiting
	}
}
