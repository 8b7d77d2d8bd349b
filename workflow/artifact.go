package workflow

import (
	pathpkg "path"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// Artifact is the name of a file or directory that tasks pass on. It can be a constant, and bare it declares an input
// of a dag or steps template.
type Artifact string

// At declares the artifact with its path in the container: where an input is put, and where an output is left.
func (a Artifact) At(path string) *ArtifactDecl {
	return &ArtifactDecl{spec.Artifact{Name: string(a), Path: path}}
}

// Path is the tag that stands for the path of an input: {{inputs.artifacts.NAME.path}}.
func (a Artifact) Path() string { return "{{inputs.artifacts." + string(a) + ".path}}" }

// Set is the artifact with a content: what a scripted task of a test leaves.
func (a Artifact) Set(content string) OutputValue {
	return OutputValue{name: string(a), value: content, artifact: true}
}

// Of is this output artifact of a task or step. Using it makes a task wait for n.
func (a Artifact) Of(n Node) Files {
	c := build.CallOf(n)
	return Files{ref: build.Ref(c, "outputs.artifacts."+string(a)), origin: build.Origin{Call: c, Output: string(a), Type: build.ArtifactType}}
}

// Input is the enclosing template's own input artifact of this name.
func (a Artifact) Input() Files { return Files{ref: "{{inputs.artifacts." + string(a) + "}}"} }

// From passes files to a task, or gives them as an output of a dag or steps template.
func (a Artifact) From(f Files) ArtifactBinding {
	o := f.origin
	if f.ref == "" {
		o.Problem = "the files are the zero Files, which no task left"
	}
	return &artifactArg{build.Arg{Name: string(a), Value: f.ref, Type: build.ArtifactType, More: &build.ArgMore{From: o, SubPath: f.sub}}}
}

// In passes to a task what is kept at a location, such as a file in a bucket or a text.
func (a Artifact) In(l spec.ArtifactLocation) Binding {
	return &artifactArg{build.Arg{Name: string(a), Type: build.ArtifactType, More: &build.ArgMore{Location: *l.DeepCopy()}}}
}

// Pass passes the enclosing template's own input of this name on: short for a.From(a.Input()).
func (a Artifact) Pass() ArtifactBinding { return a.From(a.Input()) }

func (a Artifact) input() build.Input { return a.At("").input() }

func (a Artifact) decl() *ArtifactDecl { return a.At("") }

// ArtifactDecl is an artifact with what is said about it where it is declared. [Artifact.At] makes one.
type ArtifactDecl struct{ spec spec.Artifact }

// With edits the artifact's spec: where it is kept, how it is packed, whether it may be missing.
func (d *ArtifactDecl) With(edit func(*spec.Artifact)) *ArtifactDecl {
	if edit != nil {
		edit(&d.spec)
	}
	return d
}

// In says where the artifact is kept: an input that nobody passes is taken from there, an output left there. See
// package artifact for helpers that make locations.
func (d *ArtifactDecl) In(l spec.ArtifactLocation) *ArtifactDecl {
	d.spec.ArtifactLocation = l
	return d
}

// Optional says that the artifact may be missing.
func (d *ArtifactDecl) Optional() *ArtifactDecl {
	d.spec.Optional = true
	return d
}

func (d *ArtifactDecl) decl() *ArtifactDecl { return d }

func (d *ArtifactDecl) input() build.Input {
	return build.Input{Type: build.ArtifactType, Parameter: spec.Parameter{Name: d.spec.Name}, Artifact: d.spec.DeepCopy()}
}

func (d *ArtifactDecl) output() build.Output {
	return build.Output{Type: build.ArtifactType, Parameter: spec.Parameter{Name: d.spec.Name}, Artifact: d.spec.DeepCopy()}
}

// Files is an artifact that a task left, or that the enclosing template was given.
type Files struct {
	ref    string
	sub    string
	origin build.Origin
}

// Sub is a file or directory below f, which is a directory, by its path in it.
func (f Files) Sub(path string) Files {
	f.sub = pathpkg.Join(f.sub, path)
	return f
}

// ArtifactBinding is an artifact that is passed to a task or out of a template.
type ArtifactBinding interface {
	Binding
	OutputDecl
}

type artifactArg struct{ build.Arg }

func (a *artifactArg) binding() *build.Arg { return &a.Arg }

func (a *artifactArg) output() build.Output {
	return build.Output{Type: build.ArtifactType, From: a.More.From, Parameter: spec.Parameter{Name: a.Name},
		Artifact: &spec.Artifact{Name: a.Name, From: a.Value, SubPath: a.More.SubPath}}
}
