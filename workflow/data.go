package workflow

import (
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// DataTemplate is a template that makes a list of what is stored somewhere. [Data] makes one.
type DataTemplate struct{ base }

// Data is a template that lists the keys below a location, such as s3, without a Pod. Each transformation is an
// expression over the list so far, which it knows as data:
//
//	logs := workflow.Result[[]string]{}
//	list := workflow.Data("list", bucket, `filter(data, {# endsWith ".log"})`).Outputs(logs)
//	d.Task("count", count, name.Each(logs.Of(d.Task("list", list))))
//
// Its [Result] is the list.
func Data(name string, from spec.ArtifactLocation, transformations ...string) *DataTemplate {
	d := &spec.Data{Source: &spec.DataSource{ArtifactPaths: &spec.ArtifactPaths{Artifact: spec.Artifact{Name: name, ArtifactLocation: from}}}}
	for _, t := range transformations {
		d.Transformation = append(d.Transformation, spec.TransformationStep{Expression: t})
	}
	t := &DataTemplate{}
	build.Leaf(&t.base, name).Data = d
	return t
}

// Inputs declares what the template takes.
func (t *DataTemplate) Inputs(in ...InputDecl) *DataTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the template gives: a [Result].
func (t *DataTemplate) Outputs(out ...OutputDecl) *DataTemplate {
	build.Outputs(&t.base, out)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *DataTemplate) With(edit func(*spec.Template)) *DataTemplate {
	build.Edit(&t.base, edit)
	return t
}
