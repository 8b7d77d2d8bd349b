package k8s

import (
	"fmt"

	"github.com/podflow/podflow/executor"
)

// resource refuses what a resource template cannot do. What it asks of the API server is known when it is asked.
func (p *problems) resource(x *Executor, l *executor.Leaf) {
	t := l.Template
	if x.kinds == nil {
		p.add(l.Path+".resource", "%v", errNoConfig)
	}
	_, wrong := readOrder(t)
	for _, problem := range wrong {
		*p = append(*p, fmt.Errorf("%s.%w", l.Path, problem))
	}
	if l.UsesResult {
		p.add(l.Path, "its result is used, and a resource template gives none: take outputs from the object by jsonPath or jqFilter")
	}
	for _, a := range t.Inputs.Artifacts {
		p.add(l.Path+".inputs.artifacts["+a.Name+"]", "a resource template has no files")
	}
	for _, a := range t.Outputs.Artifacts {
		p.add(l.Path+".outputs.artifacts["+a.Name+"]", "a resource template has no files")
	}
	if t.Daemon != nil && *t.Daemon {
		p.add(l.Path+".daemon", "a resource template does not go on")
	}
	if t.ServiceAccountName != "" {
		p.add(l.Path+".serviceAccountName", "a resource template has the rights of the program that runs the workflow")
	}
}
