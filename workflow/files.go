package workflow

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// WithStores is how the Runner itself reaches artifacts: for Go functions, for [Run.Open] and [Run.Fetch], for data
// templates, and to delete what has an artifactGC. Without it they are those of the executor, if it moves artifacts in this
// process as the local one does. A fake's always are its own memory, so that a test reaches nothing else.
//
// Where Pods and this process call a store by different names, give it a driver that knows both.
func WithStores(s *artifact.Stores) RunnerOption {
	return runnerOption(func(r *Runner) { r.stores = s })
}

// WithRepository is where the artifacts are kept of which neither a template nor the workflow's artifactRepositoryRef
// says more than a key, or nothing. The key of l is the format of their keys, before the name of each; it may have tags
// of what belongs to the run, and {{pod.name}}, which no two attempts share. An empty one is {{workflow.name}}/{{pod.name}}.
func WithRepository(l spec.ArtifactLocation) RunnerOption {
	return runnerOption(func(r *Runner) { r.repository = &l })
}

// holder is an executor with stores of its own.
type holder interface{ Stores() *artifact.Stores }

// useStores settles how the Runner reaches artifacts.
func (r *Runner) useStores() {
	_, all := r.executor.(executor.Claimer)
	if h, ok := r.executor.(holder); ok && !build.IsNil(r.executor) && (r.stores == nil || all) {
		r.stores = h.Stores()
	}
	if r.stores == nil {
		r.stores = artifact.New(r.secrets)
	}
	r.own.Data = &engine.Data{Stores: r.stores}
}

// repositoryOf is where the artifacts of a run are kept of which nothing else is said; nil: nowhere.
func (r *Runner) repositoryOf(ctx context.Context, w *spec.Workflow) (*spec.ArtifactLocation, error) {
	if ref := w.Spec.ArtifactRepositoryRef; ref != nil {
		l, err := r.referred(ctx, ref)
		if err != nil {
			return nil, fmt.Errorf("spec.artifactRepositoryRef: %w", err)
		}
		return l, nil
	}
	if r.repository != nil {
		return r.repository, nil
	}
	if k, ok := r.executor.(executor.Keeper); ok {
		l := k.Repository()
		return &l, nil
	}
	return nil, nil
}

// The ConfigMap of a repository that is not named, and the annotation that names its key, are Argo's.
const (
	repositories      = "artifact-repositories"
	defaultRepository = "workflows.argoproj.io/default-artifact-repository"
)

// referred is the repository in a ConfigMap.
func (r *Runner) referred(ctx context.Context, ref *spec.ArtifactRepositoryRef) (*spec.ArtifactLocation, error) {
	name, key := ref.ConfigMap, ref.Key
	if name == "" {
		name = repositories
	}
	if key == "" {
		if r.config == nil {
			return nil, fmt.Errorf("configMap %q: the runner has no source of ConfigMaps: %w", name, fs.ErrNotExist)
		}
		c, err := r.config.ConfigMap(ctx, name)
		if err != nil {
			return nil, err
		}
		if key = c.Annotations[defaultRepository]; key == "" {
			return nil, fmt.Errorf("configMap %q: no key is named, and it has no annotation %s", name, defaultRepository)
		}
	}
	text, err := r.configValue(ctx, name, key)
	if err != nil {
		return nil, err
	}
	var repository spec.ArtifactRepository
	if err := yaml.UnmarshalStrict([]byte(text), &repository); err != nil {
		return nil, fmt.Errorf("configMap %q, key %q: %w", name, key, err)
	}
	l := locationOf(&repository)
	if l == nil {
		return nil, fmt.Errorf("configMap %q, key %q: it names no repository: expected s3, gcs, azure, oss, hdfs, artifactory or plugin", name, key)
	}
	return l, nil
}

// defaultFormat is that of keys.
const defaultFormat = "{{workflow.name}}/{{pod.name}}"

// locationOf is a repository as a location whose key is the format of keys; nil if it is none.
func locationOf(r *spec.ArtifactRepository) *spec.ArtifactLocation {
	l := &spec.ArtifactLocation{}
	switch {
	case r.S3 != nil:
		format := r.S3.KeyFormat
		//lint:ignore SA1019 ConfigMaps may still say it
		if prefix := r.S3.KeyPrefix; format == "" && prefix != "" {
			format = prefix + "/" + defaultFormat
		}
		l.S3 = &spec.S3Artifact{S3Bucket: r.S3.S3Bucket, Key: format}
	case r.GCS != nil:
		l.GCS = &spec.GCSArtifact{GCSBucket: r.GCS.GCSBucket, Key: r.GCS.KeyFormat}
	case r.OSS != nil:
		l.OSS = &spec.OSSArtifact{OSSBucket: r.OSS.OSSBucket, Key: r.OSS.KeyFormat}
	case r.Azure != nil:
		l.Azure = &spec.AzureArtifact{AzureBlobContainer: r.Azure.AzureBlobContainer, Blob: r.Azure.BlobNameFormat}
	case r.HDFS != nil:
		l.HDFS = &spec.HDFSArtifact{HDFSConfig: r.HDFS.HDFSConfig, Path: r.HDFS.PathFormat, Force: r.HDFS.Force}
	case r.Artifactory != nil:
		url := strings.TrimSuffix(r.Artifactory.RepoURL, "/") + "/" + cmp.Or(r.Artifactory.KeyFormat, defaultFormat)
		l.Artifactory = &spec.ArtifactoryArtifact{URL: url, ArtifactoryAuth: r.Artifactory.ArtifactoryAuth}
	case r.Plugin != nil:
		l.Plugin = &spec.PluginArtifact{Name: r.Plugin.Name, Configuration: r.Plugin.Configuration, Key: r.Plugin.KeyFormat}
	default:
		return nil
	}
	return l
}

// checkFiles says which artifacts would be kept nowhere, which the Runner cannot delete that it is to delete, and what is
// wrong with the repository. The templates of the leaves are located.
func (r *Runner) checkFiles(p *plan.Plan, leaves []executor.Leaf, repository *spec.ArtifactLocation) error {
	var problems []plan.Problem
	if repository != nil {
		_, problems = p.KeyFormat(artifact.Key(repository))
	}
	for _, l := range leaves {
		for i := range l.Template.Outputs.Artifacts {
			a := &l.Template.Outputs.Artifacts[i]
			path := l.Path + ".outputs.artifacts[" + a.Name + "]"
			if artifact.Kind(&a.ArtifactLocation) == "" {
				problems = append(problems, plan.Problem{Path: path,
					Text: "nobody says where it is kept: give it a location, the workflow an artifactRepositoryRef, or the runner a repository by WithRepository"})
				continue
			}
			err := r.stores.Check(&a.ArtifactLocation)
			switch {
			case err == nil:
			case engine.GCStrategy(&p.Resolved, a) != spec.ArtifactGCNever:
				problems = append(problems, plan.Problem{Path: path + ".artifactGC", Text: "the runner is to delete it: " + err.Error()})
			case l.Func:
				problems = append(problems, plan.Problem{Path: path, Text: "the Go function is to store it: " + err.Error()})
			}
		}
	}
	return joinProblems(problems)
}

// Open reads an artifact of one file that a node left, or the run itself if path is empty. What is read is checked before.
// The error is an fs.ErrNotExist if there is no such node or artifact.
func (r *Run) Open(ctx context.Context, path string, a Artifact) (io.ReadCloser, error) {
	kept, err := r.artifact(path, a)
	if err != nil {
		return nil, err
	}
	return artifact.Read(ctx, r.r.Stores(), kept)
}

// Fetch brings an artifact that a node left, a file or a directory, to a path of this machine at which there is nothing yet.
// The error is an fs.ErrNotExist if there is no such node or artifact.
func (r *Run) Fetch(ctx context.Context, path string, a Artifact, to string) error {
	kept, err := r.artifact(path, a)
	if err != nil {
		return err
	}
	return artifact.Load(ctx, r.r.Stores(), kept, to)
}

func (r *Run) artifact(path string, a Artifact) (*executor.Artifact, error) {
	n := r.Node(path)
	if n == nil {
		return nil, fmt.Errorf("no node %q has begun%s: %w", path, nearest.Hint(path, r.paths()), fs.ErrNotExist)
	}
	i := slices.IndexFunc(n.Artifacts, func(kept executor.Artifact) bool { return kept.Name == string(a) })
	if i < 0 {
		return nil, fmt.Errorf("node %q left no artifact %q%s: %w", path, a,
			nearest.Hint(string(a), nearest.Names(n.Artifacts, func(a *executor.Artifact) string { return a.Name })), fs.ErrNotExist)
	}
	return &n.Artifacts[i], nil
}

// paths are those of the nodes that have begun.
func (r *Run) paths() iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := range r.Nodes() {
			if !yield(n.Path) {
				return
			}
		}
	}
}

// Inputs declares artifacts that the function is given. It reads them with [Artifact.Open] or [Artifact.Fetch], and with
// the context that it gets. Its parameters are the fields of its input.
func (t *FuncTemplate) Inputs(in ...ArtifactHandle) *FuncTemplate {
	for _, d := range in {
		build.AddInput(&t.base, d.input())
	}
	return t
}

// Outputs declares artifacts that the function leaves: with [Artifact.Create] or [Artifact.Save], and the context that it
// gets. Its output parameters are the fields of its output.
func (t *FuncTemplate) Outputs(out ...ArtifactHandle) *FuncTemplate {
	for _, d := range out {
		build.AddOutput(&t.base, d.decl().output())
	}
	return t
}

// ArtifactHandle is an [Artifact], or an [ArtifactDecl] with what more is to be said of it.
type ArtifactHandle interface {
	InputDecl
	decl() *ArtifactDecl
}

// Open reads an artifact of one file that the Go function which ctx belongs to was given; see [FuncTemplate.Inputs].
func (a Artifact) Open(ctx context.Context) (io.ReadCloser, error) {
	f, err := engine.FilesOf(ctx)
	if err != nil {
		return nil, err
	}
	in, err := f.Input(string(a))
	if err != nil {
		return nil, err
	}
	return artifact.Read(ctx, f.Stores, in)
}

// Fetch brings an artifact that the Go function which ctx belongs to was given, a file or a directory, to a path at which
// there is nothing yet.
func (a Artifact) Fetch(ctx context.Context, path string) error {
	f, err := engine.FilesOf(ctx)
	if err != nil {
		return err
	}
	in, err := f.Input(string(a))
	if err != nil {
		return err
	}
	return artifact.Load(ctx, f.Stores, in, path)
}

// Create gives the writer of an artifact of one file that the Go function which ctx belongs to leaves; see
// [FuncTemplate.Outputs]. The artifact is stored when the writer is closed: look at the error. What is aborted instead is
// not stored, and what is neither when the function ends is the node's error.
func (a Artifact) Create(ctx context.Context) (*artifact.Writer, error) {
	f, err := engine.FilesOf(ctx)
	if err != nil {
		return nil, err
	}
	return f.Create(ctx, string(a))
}

// Save stores the file or directory at path as an artifact that the Go function which ctx belongs to leaves.
func (a Artifact) Save(ctx context.Context, path string) error {
	f, err := engine.FilesOf(ctx)
	if err != nil {
		return err
	}
	out, err := f.Output(string(a))
	if err != nil {
		return err
	}
	kept, err := artifact.Save(ctx, f.Stores, out, path)
	if err == nil {
		f.Keep(kept)
	}
	return err
}
