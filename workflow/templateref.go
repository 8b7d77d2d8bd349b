package workflow

import (
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// RefTemplate is a template of another object. [TemplateRef] and [ClusterTemplateRef] make one.
type RefTemplate struct{ base }

// TemplateRef is the template of that name in a WorkflowTemplate, to be called from a dag or steps. What it takes and
// gives is declared here again, so that handles are checked; without any declaration nothing is.
func TemplateRef(workflowTemplate, template string) *RefTemplate {
	return reference(spec.TemplateRef{Name: workflowTemplate, Template: template})
}

// ClusterTemplateRef is [TemplateRef] for a ClusterWorkflowTemplate.
func ClusterTemplateRef(clusterWorkflowTemplate, template string) *RefTemplate {
	return reference(spec.TemplateRef{Name: clusterWorkflowTemplate, Template: template, ClusterScope: true})
}

// Inputs declares what the template takes.
func (t *RefTemplate) Inputs(in ...InputDecl) *RefTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the template gives, by its handles.
func (t *RefTemplate) Outputs(out ...OutputHandle) *RefTemplate {
	for _, h := range out {
		if build.IsNil(h) {
			build.AddOutput(&t.base, build.Output{Problem: "the handle is nil"})
			continue
		}
		build.AddOutput(&t.base, h.handle())
	}
	return t
}

// OutputHandle names an output: an [Output], a [Result] or an [Artifact].
type OutputHandle interface{ handle() build.Output }

func (o Output[T]) handle() build.Output { return o.decl(spec.ValueFrom{}, build.Origin{}).decl }
func (r Result[T]) handle() build.Output { return r.output() }
func (a Artifact) handle() build.Output  { return a.At("").output() }

func reference(ref spec.TemplateRef) *RefTemplate {
	t := &RefTemplate{}
	build.Reference(&t.base, ref)
	return t
}
