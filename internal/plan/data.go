package plan

import (
	"fmt"
	"strings"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// manifest checks where the manifest of a resource template comes from.
func (c *compiler) manifest(path string, t *spec.Template) {
	from := t.Resource.ManifestFrom
	if from == nil {
		return
	}
	switch a := from.Artifact; {
	case a == nil:
		c.problem(path+".manifestFrom", "names no artifact")
	case t.Resource.Manifest != "":
		c.problem(path+".manifestFrom", "there is a manifest too")
	case artifact.Kind(&a.ArtifactLocation) != "":
	case artifactNamed(t.Inputs.Artifacts, a.Name) < 0:
		c.problem(path+".manifestFrom.artifact", "template %q declares no input artifact %q%s", t.Name, a.Name,
			c.hint(a.Name, artifactNames(t.Inputs.Artifacts)))
	}
}

// data checks a data template: where its list comes from, and what is made of it.
func (c *compiler) data(path string, s *spec.Data) {
	switch {
	case s.Source == nil || s.Source.ArtifactPaths == nil && s.Source.Raw == "":
		c.problem(path+".source", "there is none: expected artifactPaths")
	case s.Source.ArtifactPaths != nil && s.Source.Raw != "":
		c.problem(path+".source", "has both artifactPaths and raw")
	}
	for i, t := range s.Transformation {
		at := fmt.Sprintf("%s.transformation[%d].expression", path, i)
		if strings.Contains(t.Expression, "{{") {
			continue // it is seen when its tags are replaced
		}
		p, err := expr.Compile(t.Expression)
		if err != nil {
			c.problem(at, "%v", err)
			continue
		}
		for _, chain := range p.Names() {
			if chain[0] != "data" {
				c.problem(at, "no such variable: %q; there is only data, which is what came in", chain[0])
			}
		}
	}
}
