package engine

import (
	"context"
	"errors"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// Stores is how this process reaches artifacts.
func (r *Run) Stores() *artifact.Stores { return r.stores }

// Collect deletes the artifacts of the run that have this time to go.
func (r *Run) Collect(ctx context.Context, at spec.ArtifactGCStrategy) error {
	var errs []error
	for _, a := range r.garbage(at) {
		err := safely(func() error { return artifact.Remove(ctx, r.stores, &a.Artifact) })
		if err == nil {
			r.mu.Lock()
			a.Deleted = true
			r.mu.Unlock()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// garbage is the artifacts that have this time to go.
func (r *Run) garbage(at spec.ArtifactGCStrategy) (found []*executor.Artifact) {
	always := spec.ArtifactGCNever
	if gc := r.run.Workflow.Spec.ArtifactGC; gc != nil && gc.Strategy != "" {
		always = gc.Strategy
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for n := range r.m.nodes.all() {
		if n.form != formBody || n.template == nil || !n.template.Kind.Leaf() {
			continue
		}
		out := n.filesOut()
		for i := range out {
			a, when := &out[i], always
			if gc := a.ArtifactGC; gc != nil && gc.Strategy != "" {
				when = gc.Strategy
			}
			if when == at && a.Name != "" && !a.Deleted {
				found = append(found, a)
			}
		}
	}
	return found
}
