package build

import (
	"reflect"

	"github.com/podflow/podflow/workflow/spec"
)

// Origin is where a value comes from: the output of a call, or several values put together.
type Origin struct {
	Call   *Call
	Output string // "result" for standard output, unless an output parameter has that name
	Type   reflect.Type
	Parts  []Origin
	All    bool  // of every node of a loop
	List   *Loop // of a list that is known
	Item   *Loop // of the item of a loop
	// Problem is what is wrong with the value, or empty.
	Problem string
}

// Input declares an input. The type of an artifact is [ArtifactType].
type Input struct {
	Type reflect.Type
	spec.Parameter
	Artifact *spec.Artifact // instead of the parameter
	Problem  string
}

// Output declares an output, or with the name "result" and no ValueFrom the standard output.
type Output struct {
	Type   reflect.Type
	Result bool
	From   Origin
	spec.Parameter
	Artifact *spec.Artifact // instead of the parameter
	Problem  string
}

// Arg is a value for an input. The type of an artifact is [ArtifactType].
type Arg struct {
	Name, Value string
	Type        reflect.Type
	More        *ArgMore // nil for a plain value, which most are
}

// ArgMore is what is known of a value that is not plain: where it comes from, or what is wrong with it.
type ArgMore struct {
	From Origin
	Each bool // it makes its call a loop
	// SubPath is the part of an artifact, and Location where it is kept if no call has left it.
	SubPath  string
	Location spec.ArtifactLocation
	Problem  string
}

// Wrong is an argument that is a mistake.
func Wrong(a Arg, problem string) Arg {
	a.More = &ArgMore{Problem: problem}
	return a
}

// Problem is what is wrong with the value, or empty.
func (a *Arg) Problem() string {
	if a.More == nil {
		return ""
	}
	return a.More.Problem
}

type decl struct {
	name   string
	typ    reflect.Type
	result bool
	from   Origin
}

func (d decl) equal(e decl) bool { return d.name == e.name && d.typ == e.typ && d.result == e.result }

// named says that d is the parameter, or if typ is that of artifacts the artifact, of that name.
func (d *decl) named(name string, typ reflect.Type) bool {
	return d.name == name && (d.typ == ArtifactType) == (typ == ArtifactType)
}

// artifactType stands for the type of an artifact.
type artifactType struct{}

// ArtifactType stands for the type of an artifact, which has no Go type.
var ArtifactType = reflect.TypeFor[artifactType]()

// word is what values of a type are called in a path.
func word(typ reflect.Type) string {
	if typ == ArtifactType {
		return "artifacts"
	}
	return "parameters"
}
