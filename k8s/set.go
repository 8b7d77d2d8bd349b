package k8s

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
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

// set looks at the containers of a set, whose order the workflow has checked.
func (p *problems) set(l *executor.Leaf) {
	t := l.Template
	if t.ContainerSet == nil {
		return
	}
	main := false
	for i := range t.ContainerSet.Containers {
		name := t.ContainerSet.Containers[i].Name
		if strings.HasPrefix(name, "podflow-") {
			p.add(l.Path+".containerSet.containers["+name+"]", "names that begin with podflow- are podflow's own")
		}
		main = main || name == MainContainer
	}
	u := usesOf(t, l.UsesResult)
	if u.gives(t) && !main {
		p.add(l.Path+".containerSet.containers", "outputs are those of container %s, and there is none", MainContainer)
	}
}
