package plan

import (
	"slices"
	"strings"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// artifact resolves inputs.artifacts.N[.path] and, in a leaf, outputs.artifacts.N.path.
func (s *scope) artifact(of []spec.Artifact, root, rest string) (Ref, string) {
	name, field, _ := strings.Cut(rest, ".")
	i := slices.IndexFunc(of, func(a spec.Artifact) bool { return a.Name == name })
	switch {
	case i < 0:
		return Ref{}, "template \"" + s.t.Name + "\" declares no " + strings.TrimSuffix(root, "s") + " artifact \"" + name + "\"" +
			s.c.hint(name, nearest.Names(of, func(a *spec.Artifact) string { return a.Name }))
	case field == "" && root == "inputs":
		return Ref{Kind: RefArtifact}, ""
	case field == "path":
		return Ref{Kind: RefConst, Name: of[i].Path}, ""
	}
	return Ref{}, "no such variable; an artifact has a path"
}

// callArtifact resolves tasks.N.outputs.artifacts.A.
func (s *scope) callArtifact(callee *Template, name string, on int32) (Ref, string) {
	of := callee.Spec.Outputs.Artifacts
	if !slices.ContainsFunc(of, func(a spec.Artifact) bool { return a.Name == name }) {
		return Ref{}, "template \"" + callee.Name + "\" has no output artifact \"" + name + "\"" +
			s.c.hint(name, nearest.Names(of, func(a *spec.Artifact) string { return a.Name }))
	}
	return Ref{Kind: RefArtifact, Call: on}, ""
}

// artifacts checks the artifacts of a call.
func (b *binder) artifacts(path string, callee *Template, args []spec.Artifact) {
	for i := range args {
		a := &args[i]
		at := path + ".artifacts[" + a.Name + "]"
		in := callee.Spec.Inputs.Artifacts
		if !slices.ContainsFunc(in, func(in spec.Artifact) bool { return in.Name == a.Name }) {
			b.c.warn(at, "template %q has no input artifact %q%s", callee.Name, a.Name,
				b.c.hint(a.Name, nearest.Names(in, func(a *spec.Artifact) string { return a.Name })))
		}
		if a.From != "" {
			b.s.parse(at+".from", a.From)
		}
		if a.FromExpression != "" {
			b.s.expressionAt(at+".fromExpression", a.FromExpression)
		}
	}
}
