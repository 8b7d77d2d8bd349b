package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// Repository is where artifacts are kept of which the workflow does not say it: in [Executor.Directory].
func (x *Executor) Repository() spec.ArtifactLocation { return artifact.Directory(x.directory()) }

// Stores are how artifacts are reached: those that it was given, or what needs no client.
func (x *Executor) Stores() *artifact.Stores {
	if x.Artifacts != nil {
		return x.Artifacts
	}
	return artifact.New(nil)
}

// Close removes the temporary directory of artifacts, if there is one. No run goes on then.
func (x *Executor) Close() error {
	if x.Directory != "" {
		return nil
	}
	return os.RemoveAll(x.directory())
}

// directory is the absolute path of the directory of artifacts.
func (x *Executor) directory() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.kept == "" {
		dir := x.Directory
		if dir == "" {
			dir = filepath.Join(os.TempDir(), "podflow-artifacts-"+rand.Text())
		}
		x.kept = dir
		if abs, err := filepath.Abs(dir); err == nil {
			x.kept = abs
		}
	}
	return x.kept
}

// load brings the input artifacts to their paths, those that hold others first.
func (a *attempt) load(ctx context.Context) error {
	artifacts := slices.Clone(a.task.Artifacts)
	slices.SortStableFunc(artifacts, func(p, q executor.Artifact) int { return strings.Compare(inRoot(p.Path), inRoot(q.Path)) })
	for i := range artifacts {
		if err := artifact.Load(ctx, a.stores, &artifacts[i], filepath.Join(a.root(), inRoot(artifacts[i].Path))); err != nil {
			return err
		}
	}
	return nil
}

// save keeps the output artifacts. The error joins what is wrong with all of them.
func (a *attempt) save(ctx context.Context, outputs []spec.Artifact) (kept []executor.Artifact, err error) {
	if len(outputs) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(a.root())
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	defer root.Close()
	var errs []error
	for i := range outputs {
		out := &outputs[i]
		one, err := a.saveOne(ctx, root, out)
		switch {
		case err == nil:
			kept = append(kept, one)
		case !out.Optional || !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	}
	return kept, errors.Join(errs...)
}

func (a *attempt) saveOne(ctx context.Context, root *os.Root, out *spec.Artifact) (executor.Artifact, error) {
	// A link on the way to the artifact may lead out of the node's directory.
	if _, err := root.Stat(inRoot(out.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return executor.Artifact{}, fmt.Errorf("outputs.artifacts[%s]: %s: %w", out.Name, out.Path, errors.Unwrap(err))
	}
	return artifact.Save(ctx, a.stores, out, filepath.Join(a.root(), inRoot(out.Path)))
}
