package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// files are the artifacts of a node, in the order of the template's. One without a name is not there.
type files struct{ in, out []executor.Artifact }

// filesIn are the artifacts that a node was given.
func (n *node) filesIn() []executor.Artifact {
	for n.role == roleAttempt {
		n = n.scope
	}
	if f := n.known().files; f != nil {
		return f.in
	}
	return nil
}

// filesOut are the artifacts that a node gave.
func (n *node) filesOut() []executor.Artifact {
	if f := n.known().files; f != nil {
		return f.out
	}
	return nil
}

// given is the artifacts that a node was given, with those that it could have been given.
func (n *node) given() []executor.Artifact {
	in := slices.Clone(n.filesIn())
	for i := range in {
		if in[i].Name == "" {
			in[i].Artifact = n.template.Spec.Inputs.Artifacts[i]
		}
	}
	return in
}

// there is the artifacts that are there.
func there(files []executor.Artifact) []executor.Artifact {
	return slices.DeleteFunc(slices.Clone(files), func(a executor.Artifact) bool { return a.Name == "" })
}

// artifactNamed is the artifact of that name, or nil.
func artifactNamed(of []executor.Artifact, name string) *executor.Artifact {
	for i := range of {
		if of[i].Name == name {
			return &of[i]
		}
	}
	return nil
}

// setFilesOut notes the artifacts that a node gave.
func (n *node) setFilesOut(out []executor.Artifact) {
	n.more().files = &files{in: n.filesIn(), out: out}
}

// artifact is what a reference to an artifact stands for.
func (m *machine) artifact(at *place, r *plan.Ref) (executor.Artifact, error) {
	var of []executor.Artifact
	switch r.Kind {
	case plan.RefArtifact:
		of = at.owner.filesIn()
	case plan.RefCallArtifact:
		if n := at.called(r.Call); n != nil {
			of = n.filesOut()
		}
	case plan.RefGlobalArtifact:
		if a, ok := m.globalFiles[strings.TrimPrefix(r.Name, "workflow.outputs.artifacts.")]; ok {
			return a, nil
		}
	}
	if i := int(r.Index); i < len(of) && of[i].Name != "" {
		return of[i], nil
	}
	return executor.Artifact{}, &plan.NoValueError{Tag: r.Tag()}
}

// takeFiles gives a node its artifacts: those of its call, or of the workflow's arguments, or its template's own.
func (m *machine) takeFiles(n *node) error {
	in := make([]executor.Artifact, len(n.template.Files.Inputs))
	at := n.place()
	if at.node = n; n.role == roleHook {
		at.self = n.scope
	}
	for i := range in {
		f := &n.template.Files.Inputs[i]
		a, err := m.given(n, at, f)
		if f.Optional && noValue(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("inputs.artifacts[%s]: %w", f.Name, err)
		}
		in[i] = a
		in[i].Name, in[i].Path = f.Name, n.template.Spec.Inputs.Artifacts[i].Path
	}
	n.more().files = &files{in: in}
	return nil
}

// given is an artifact for an input of a node.
func (m *machine) given(n *node, at place, f *plan.InputFile) (executor.Artifact, error) {
	if c := n.planCall(); c != nil && c.Control != nil {
		for _, source := range c.Files {
			if source.Name == f.Name {
				return m.source(at, source)
			}
		}
	}
	if n.scope == nil {
		for _, source := range m.plan.ArgumentFiles {
			if source.Name == f.Name {
				return m.source(place{}, source)
			}
		}
	}
	if f.Own != nil {
		return m.source(place{owner: n, node: n}, f.Own)
	}
	return executor.Artifact{}, &plan.NoValueError{Tag: "inputs.artifacts." + f.Name}
}

// source is the artifact that a source stands for.
func (m *machine) source(at place, f *plan.FileSource) (a executor.Artifact, err error) {
	own := f.Spec
	if len(f.Fields) > 0 {
		own = own.DeepCopy()
		if err := f.Fields.Fill(own, m.lookup(at)); err != nil {
			return a, err
		}
	}
	from := f.From
	if f.Which != nil {
		if from, err = f.Which.Choice(m.lookup(at)); err != nil {
			return a, err
		}
		if from == nil {
			return a, &plan.NoValueError{Tag: "=" + f.Which.Source}
		}
	}
	if from == nil {
		a.Artifact = *own
		return a, nil
	}
	if a, err = m.artifact(&at, from); err == nil && own.SubPath != "" {
		a.SubPath = path.Join(a.SubPath, own.SubPath)
	}
	return a, err
}

// leafFiles are the artifacts that a leaf left, in the order of its template's outputs.
func (m *machine) leafFiles(n *node, res *executor.Result) error {
	out := make([]executor.Artifact, len(n.template.Files.Outputs))
	for i := range out {
		f := &n.template.Files.Outputs[i]
		a := artifactNamed(res.Artifacts, f.Name)
		switch {
		case a != nil:
			out[i] = *a
		case !f.Optional && (res.Phase == "" || res.Phase == spec.Succeeded):
			return fmt.Errorf("outputs.artifacts[%s]: it left none, and it is not optional", f.Name)
		}
	}
	m.giveFiles(n, out)
	return nil
}

// bodyFiles are the artifacts that a dag or steps template gives.
func (m *machine) bodyFiles(n *node) error {
	out := make([]executor.Artifact, len(n.template.Files.Outputs))
	for i := range out {
		f := &n.template.Files.Outputs[i]
		a, err := m.source(place{owner: n}, f.From)
		switch {
		case err == nil:
			out[i] = a
			out[i].Name = f.Name
		case !f.Optional || !noValue(err):
			return fmt.Errorf("outputs.artifacts[%s]: %w", f.Name, err)
		}
	}
	m.giveFiles(n, out)
	return nil
}

// giveFiles notes what a node gave, for the whole run too where it has a global name.
func (m *machine) giveFiles(n *node, out []executor.Artifact) {
	n.setFilesOut(out)
	for i := range out {
		if g := n.template.Files.Outputs[i].Global; g != "" && out[i].Name != "" {
			if m.globalFiles == nil {
				m.globalFiles = map[string]executor.Artifact{}
			}
			global := out[i]
			global.GlobalName = ""
			m.globalFiles[g] = global
		}
	}
}

// taskFiles are the artifacts that an attempt of a leaf is given, where its template wants them.
func (a *attempt) taskFiles() []executor.Artifact {
	in := a.node.filesIn()
	if len(in) == 0 {
		return nil
	}
	template, err := a.template()
	if err != nil {
		return nil // the executor finds the same error
	}
	var files []executor.Artifact
	for i := range in {
		declared, f := &template.Inputs.Artifacts[i], in[i]
		if f.Name == "" {
			continue
		}
		f.Name, f.Path, f.Mode, f.RecurseMode, f.Optional = declared.Name, declared.Path, declared.Mode, declared.RecurseMode, declared.Optional
		f.From, f.FromExpression, f.GlobalName, f.ArtifactGC = "", "", "", nil
		f.ArtifactLocation = a.run.repository.complete(&f.ArtifactLocation, template)
		files = append(files, f)
	}
	return files
}

// keepOutputs says of each output artifact of a leaf where it is to be kept.
func (a *attempt) keepOutputs() error {
	for i := range a.spec.Outputs.Artifacts {
		out := &a.spec.Outputs.Artifacts[i]
		where, err := a.run.repository.where(a, out)
		if err != nil {
			return fmt.Errorf("%s.outputs.artifacts[%s]: %w", a.node.template.Path, out.Name, err)
		}
		out.ArtifactLocation = where
	}
	return nil
}

// errNoRepository says that nobody says where an artifact is kept.
var errNoRepository = errors.New("nobody says where it is kept: give it a location, or the run a repository")

// repository is where the artifacts of a run are kept of which nothing else is said. Its key is the format of keys.
type repository struct {
	location *spec.ArtifactLocation // nil: there is none
	format   plan.Text              // of keys; empty: ours
}

// Located is a template whose artifacts have the locations that they will have, as far as that is known without a run: an
// executor that checks it sees the kinds of all. The template given is not changed.
func Located(t *spec.Template, location *spec.ArtifactLocation) *spec.Template {
	if len(t.Inputs.Artifacts) == 0 && len(t.Outputs.Artifacts) == 0 {
		return t
	}
	r := &repository{location: location}
	t = t.DeepCopy()
	for i := range t.Inputs.Artifacts {
		in := &t.Inputs.Artifacts[i]
		in.ArtifactLocation = r.complete(&in.ArtifactLocation, t)
	}
	for i := range t.Outputs.Artifacts {
		out := &t.Outputs.Artifacts[i]
		out.ArtifactLocation = r.place(&out.ArtifactLocation, t)
	}
	return t
}

// base is where the artifacts of a template are kept that have no location.
func (r *repository) base(t *spec.Template) *spec.ArtifactLocation {
	if t.ArchiveLocation != nil && artifact.Kind(t.ArchiveLocation) != "" && !artifact.KeyOnly(t.ArchiveLocation) {
		return t.ArchiveLocation
	}
	return r.location
}

// keyOf is the key that a template's archiveLocation says, or empty.
func keyOf(t *spec.Template) string {
	if t.ArchiveLocation == nil {
		return ""
	}
	return artifact.Key(t.ArchiveLocation)
}

// complete is a location with what it leaves open: one that has only a key is in the repository, a bucket without an
// endpoint is on its server.
func (r *repository) complete(l *spec.ArtifactLocation, t *spec.Template) spec.ArtifactLocation {
	base := r.base(t)
	switch {
	case base == nil || artifact.Kind(base) == "":
	case artifact.KeyOnly(l):
		return artifact.WithKey(*base, artifact.Key(l))
	case l.S3 != nil && l.S3.Endpoint == "" && base.S3 != nil:
		whole := artifact.WithKey(*base, artifact.Key(l)) // a bucket of the repository's server
		whole.S3.Bucket = l.S3.Bucket
		return whole
	}
	return *l
}

// place is where an output is kept of which that is said, or else what the template or the run says of all; its key counts
// only if the output has one itself.
func (r *repository) place(l *spec.ArtifactLocation, t *spec.Template) spec.ArtifactLocation {
	if base := r.base(t); base != nil && artifact.Kind(l) == "" {
		return *base
	}
	return r.complete(l, t)
}

// where is the location of an output artifact.
func (r *repository) where(a *attempt, out *spec.Artifact) (spec.ArtifactLocation, error) {
	l := r.place(&out.ArtifactLocation, a.spec)
	switch {
	case artifact.Kind(&l) == "":
		return l, errNoRepository
	case artifact.Key(&out.ArtifactLocation) != "":
		return l, within(artifact.Key(&l))
	}
	above, err := r.above(a, &l)
	if err != nil {
		return l, err
	}
	return artifact.Join(above, fileName(out)), within(artifact.Key(&above))
}

// above is what the keys of an attempt's artifacts at a location begin with, as a location: the key of the template's
// archiveLocation, the format of the repository, or the run and the Pod.
func (r *repository) above(a *attempt, l *spec.ArtifactLocation) (spec.ArtifactLocation, error) {
	kind := artifact.Kind(l)
	if key := keyOf(a.spec); key != "" && kind == artifact.Kind(a.spec.ArchiveLocation) {
		return artifact.WithKey(*l, key), nil
	}
	format := r.format
	if r.location == nil || kind != artifact.Kind(r.location) {
		format = plan.Text{}
	}
	key, err := format.Fill(a.keyValue)
	above := artifact.WithKey(*l, key)
	if format.Source == "" || kind == "artifactory" && len(format.Refs) == 0 { // all that a URL without tags says is the place
		above = artifact.Join(above, a.run.run.Name, a.podName())
	}
	return above, err
}

// within says that no part of a key leads upwards, which a value in it might.
func within(key string) error {
	if slices.Contains(strings.Split(key, "/"), "..") {
		return fmt.Errorf("the key %q has a part that leads upwards", key)
	}
	return nil
}

// keyValue is what a tag in the format of keys stands for.
func (a *attempt) keyValue(r *plan.Ref) (string, error) {
	if r.Kind == plan.RefPodName {
		return a.podName(), nil
	}
	return a.run.m.value(&place{owner: a.node, node: a.node}, r)
}

// podName is a name of the attempt that no other one has: that of its Pod, if it has one.
func (a *attempt) podName() string {
	if named := a.run.m.named; named != nil {
		return named(&a.task)
	}
	return a.run.run.Name + "-" + a.task.TemplateName + "-" + a.task.ID.Hash()
}

// fileName is the last part of the key of an artifact, as Argo has it.
func fileName(a *spec.Artifact) string {
	switch s := a.Archive; {
	case s != nil && s.None != nil && a.Path != "" && path.Clean("/"+a.Path) != "/":
		return path.Base(path.Clean("/" + a.Path))
	case s != nil && s.None != nil:
		return a.Name
	case s != nil && s.Zip != nil:
		return a.Name + ".zip"
	}
	return a.Name + ".tgz"
}
