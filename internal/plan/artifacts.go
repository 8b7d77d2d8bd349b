package plan

import (
	"iter"
	pathpkg "path"
	"reflect"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Files are the artifacts of a template.
type Files struct {
	Inputs  []InputFile
	Outputs []OutputFile
}

// InputFile is an artifact that a template takes.
type InputFile struct {
	Name     string
	Optional bool
	// Own is where the template itself says that it is kept; nil: it does not.
	Own *FileSource
}

// OutputFile is an artifact that a template gives.
type OutputFile struct {
	Name     string
	Optional bool
	// Global is the name under which the whole run has it, or empty.
	Global string
	// From is where a dag or steps template has it from; nil for a leaf.
	From *FileSource
}

// FileSource says where an artifact comes from.
type FileSource struct {
	Name string
	// From is the artifact of another, and Which an expression that chooses one.
	From  *Ref
	Which *Expression
	// Spec is the artifact as it is written, with its own location if it has one, and Fields are its texts with tags.
	Spec   *spec.Artifact
	Fields Stencil
}

// Choice is the reference to an artifact that an expression has chosen, or nil.
func (e *Expression) Choice(value Lookup) (*Ref, error) {
	v, err := e.Eval(value)
	if err != nil {
		return nil, err
	}
	tag, _ := v.(string)
	if r := e.refs[tag]; r != nil && r.artifact() {
		return r, nil
	}
	return nil, nil
}

// artifact says that a reference is to an artifact.
func (r *Ref) artifact() bool {
	return r.Kind == RefArtifact || r.Kind == RefCallArtifact || r.Kind == RefGlobalArtifact
}

// files compiles the artifacts of a template. s is the place of a dag's or steps template's outputs.
func (c *compiler) files(path string, t *Template, s *scope) {
	in, out := t.Spec.Inputs.Artifacts, t.Spec.Outputs.Artifacts
	if l := t.Spec.ArchiveLocation; l != nil && isTrue(l.ArchiveLogs) {
		c.warn(path+".archiveLocation.archiveLogs", "nothing acts on archiveLogs")
	}
	if len(in) == 0 && len(out) == 0 {
		return
	}
	c.checkArtifactNames(path+".inputs", in)
	c.checkArtifactNames(path+".outputs", out)
	t.Files = &Files{}
	body := scope{c: c, t: t, call: -1, body: true}
	c.paths(path, t)
	for i := range in {
		a := &in[i]
		f := InputFile{Name: a.Name, Optional: a.Optional}
		if artifact.Kind(&a.ArtifactLocation) != "" {
			f.Own = body.file(path+".inputs.artifacts["+a.Name+"]", a)
		}
		t.Files.Inputs = append(t.Files.Inputs, f)
	}
	for i := range out {
		a := &out[i]
		f := OutputFile{Name: a.Name, Optional: a.Optional, Global: a.GlobalName}
		at := path + ".outputs.artifacts[" + a.Name + "]"
		c.output(at, t, a)
		if !t.Kind.Leaf() {
			f.From = s.file(at, a)
			if f.From.From == nil && f.From.Which == nil && a.From == "" && a.FromExpression == "" {
				c.problem(at, "has neither from nor fromExpression: it is what a task or step left, such as {{%s.NAME.outputs.artifacts.%s}}",
					map[Kind]string{DAG: "tasks", Steps: "steps"}[t.Kind], a.Name)
			}
		}
		t.Files.Outputs = append(t.Files.Outputs, f)
		if i := slices.IndexFunc(out[:i], func(other spec.Artifact) bool { return samePlace(&other, a) }); i >= 0 && t.Kind.Leaf() {
			c.problem(at, "has the same key as %s.outputs.artifacts[%s]: one would overwrite the other", path, out[i].Name)
		}
	}
}

// samePlace says that two artifacts of a node are kept under one key. What expressions make of a key is not known: they
// may be of chance.
func samePlace(a, b *spec.Artifact) bool {
	key := artifact.Key(&a.ArtifactLocation)
	if key == "" || strings.Contains(key, "{{=") {
		return false
	}
	x, y := a.ArtifactLocation, b.ArtifactLocation
	x.ArchiveLogs, y.ArchiveLogs = nil, nil
	return reflect.DeepEqual(x, y)
}

// output checks what an output artifact says of itself.
func (c *compiler) output(path string, t *Template, a *spec.Artifact) {
	switch t.Kind {
	case HTTP, Data, Suspend, Resource:
		c.problem(path, "a %v template leaves no files", t.Kind)
	}
	if a.Raw != nil {
		c.problem(path+".raw", "is for inputs: an output is kept elsewhere")
	}
	if strings.Contains(a.GlobalName, "{{") {
		c.problem(path+".globalName", "tags in a global name: not supported yet")
	}
	if a.ArtifactGC != nil {
		c.artifactGC(path+".artifactGC", a.ArtifactGC)
	}
	if s := a.Archive; s != nil {
		kinds := 0
		for _, is := range []bool{s.Tar != nil, s.None != nil, s.Zip != nil} {
			if is {
				kinds++
			}
		}
		if kinds > 1 {
			c.problem(path+".archive", "is of several kinds: expected tar, none or zip")
		}
		if s.Tar != nil && s.Tar.CompressionLevel != nil && (*s.Tar.CompressionLevel < -1 || *s.Tar.CompressionLevel > 9) {
			c.problem(path+".archive.tar.compressionLevel", "%d: expected 0, which is none, to 9, or -1", *s.Tar.CompressionLevel)
		}
	}
}

// gcStrategies are the times when artifacts can be deleted.
var gcStrategies = []spec.ArtifactGCStrategy{spec.ArtifactGCOnWorkflowCompletion, spec.ArtifactGCOnWorkflowDeletion, spec.ArtifactGCNever}

func (c *compiler) artifactGC(path string, gc *spec.ArtifactGC) {
	if gc.Strategy != "" && !slices.Contains(gcStrategies, gc.Strategy) {
		c.problem(path+".strategy", "unknown strategy %q%s", gc.Strategy,
			c.hint(string(gc.Strategy), nearest.Names(gcStrategies, func(s *spec.ArtifactGCStrategy) string { return string(*s) })))
	}
	if gc.PodMetadata != nil || gc.ServiceAccountName != "" {
		c.warn(path, "nothing acts on podMetadata and serviceAccountName: the run deletes artifacts itself, without a Pod")
	}
}

// paths checks where artifacts are in the containers of a template.
func (c *compiler) paths(path string, t *Template) {
	if t.Kind != Container && t.Kind != Script && t.Kind != ContainerSet {
		return
	}
	taken := map[string]string{}
	look := func(path string, a *spec.Artifact, input bool) {
		clean := pathpkg.Clean("/" + a.Path)
		switch {
		case a.Path == "":
			c.problem(path, "has no path in the container")
		case strings.Contains(a.Path, "{{"):
		case clean == "/":
			c.problem(path+".path", "%q is the root of the container: expected a path below it", a.Path)
		case input && taken[clean] != "":
			c.problem(path+".path", "the artifact %q is at %s too", taken[clean], clean)
		case input:
			taken[clean] = a.Name
		}
	}
	for i := range t.Spec.Inputs.Artifacts {
		a := &t.Spec.Inputs.Artifacts[i]
		look(path+".inputs.artifacts["+a.Name+"]", a, true)
	}
	for i := range t.Spec.Outputs.Artifacts {
		a := &t.Spec.Outputs.Artifacts[i]
		look(path+".outputs.artifacts["+a.Name+"]", a, false)
	}
}

func (c *compiler) checkArtifactNames(path string, of []spec.Artifact) {
	for i := range of {
		name := of[i].Name
		at := path + ".artifacts[" + name + "]"
		c.checkParameterName(at, name)
		if artifactNamed(of[:i], name) >= 0 {
			c.problem(at, "two artifacts have this name")
		}
	}
}

// argumentFiles compiles the artifacts of a workflow's arguments.
func (c *compiler) argumentFiles(s *scope, args []spec.Artifact) {
	c.checkArtifactNames("arguments", args)
	for i := range args {
		a := &args[i]
		at := "arguments.artifacts[" + a.Name + "]"
		if a.From != "" || a.FromExpression != "" || artifact.Kind(&a.ArtifactLocation) == "" {
			c.problem(at, "an argument of a workflow needs a location, such as s3 or raw")
			continue
		}
		c.plan.ArgumentFiles = append(c.plan.ArgumentFiles, s.file(at, a))
	}
}

// file compiles where an artifact comes from.
func (s *scope) file(path string, a *spec.Artifact) *FileSource {
	own := *a
	own.From, own.FromExpression = "", ""
	f := &FileSource{Name: a.Name, Spec: &own}
	f.Fields = newStencil(f.Spec, func(at *place, source string) Text { return s.parse(path+at.String(), source) })
	if a.From != "" {
		problems := len(s.c.problems)
		text := s.parse(path+".from", a.From)
		switch {
		case text.Single() && text.Refs[0].artifact():
			f.From = &text.Refs[0]
		case len(s.c.problems) == problems && !text.names(RefConst): // a call that could not be compiled is one
			s.c.problem(path+".from", "%q is no artifact: expected one, such as {{tasks.NAME.outputs.artifacts.%s}}", a.From, a.Name)
		}
	}
	if a.FromExpression != "" {
		f.Which = s.expressionAt(path+".fromExpression", a.FromExpression)
	}
	return f
}

// KeyFormat compiles the format of the keys of artifacts. Its tags may name the node, its Pod, and what belongs to the run.
func (p *Plan) KeyFormat(format string) (Text, []Problem) {
	c := &compiler{plan: p}
	s := scope{c: c, t: &Template{Spec: &spec.Template{}}, call: -1, body: true}
	return s.parse("repository.key", format), c.problems
}

// artifactNamed is the place of the artifact of that name, or -1.
func artifactNamed(of []spec.Artifact, name string) int {
	return slices.IndexFunc(of, func(a spec.Artifact) bool { return a.Name == name })
}

func artifactNames(of []spec.Artifact) iter.Seq[string] {
	return nearest.Names(of, func(a *spec.Artifact) string { return a.Name })
}

// needs says that an input artifact must be among those given: it is not optional, and nobody else says where it is kept.
func needs(in *spec.Artifact, given []spec.Artifact) bool {
	return !in.Optional && artifact.Kind(&in.ArtifactLocation) == "" && artifactNamed(given, in.Name) < 0
}

// artifact resolves inputs.artifacts.N[.path] and, in a leaf, outputs.artifacts.N.path.
func (s *scope) artifact(of []spec.Artifact, root, rest string) (Ref, string) {
	name, field, _ := strings.Cut(rest, ".")
	i := artifactNamed(of, name)
	switch {
	case i < 0:
		return Ref{}, "template \"" + s.t.Name + "\" declares no " + strings.TrimSuffix(root, "s") + " artifact \"" + name + "\"" +
			s.c.hint(name, artifactNames(of))
	case field == "" && root == "inputs":
		return Ref{Kind: RefArtifact, Index: int32(i)}, ""
	case field == "path":
		return Ref{Kind: RefConst, Name: of[i].Path}, ""
	}
	return Ref{}, "no such variable; an artifact has a path"
}

// callArtifact resolves tasks.N.outputs.artifacts.A.
func (s *scope) callArtifact(callee *Template, name string, on int32) (Ref, string) {
	of := callee.Spec.Outputs.Artifacts
	i := artifactNamed(of, name)
	if i < 0 {
		return Ref{}, "template \"" + callee.Name + "\" has no output artifact \"" + name + "\"" +
			s.c.hint(name, artifactNames(of))
	}
	return Ref{Kind: RefCallArtifact, Call: on, Index: int32(i)}, ""
}

// artifacts compiles the artifacts of a call.
func (b *binder) artifacts(path string, call *Call, args []spec.Artifact) {
	in := call.Template.Spec.Inputs.Artifacts
	for i := range args {
		a := &args[i]
		at := path + ".artifacts[" + a.Name + "]"
		f := b.s.file(at, a)
		if f.From != nil && f.From.Kind == RefCallArtifact && b.s.t.Calls[f.From.Call].Control != nil && b.s.t.Calls[f.From.Call].Loop != nil {
			b.c.problem(at+".from", "%q is a loop, and the artifacts of a loop cannot be taken together", b.s.t.Calls[f.From.Call].Name)
		}
		if artifactNamed(in, a.Name) < 0 {
			b.c.warn(at, "template %q has no input artifact %q%s", call.Template.Name, a.Name, b.c.hint(a.Name, artifactNames(in)))
			continue
		}
		ctl := call.controls()
		ctl.Files = append(ctl.Files, f)
	}
	for i := range in {
		if needs(&in[i], args) {
			b.c.problem(path, "template %q needs the artifact %q", call.Template.Name, in[i].Name)
		}
	}
}
