package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// Stores is how this process reaches artifacts.
func (r *Run) Stores() *artifact.Stores { return r.stores }

// Collect deletes the artifacts of the run that have this time to go.
func (r *Run) Collect(ctx context.Context, at spec.ArtifactGCStrategy) error {
	return r.remove(ctx, r.garbage(at, nil))
}

// TakeOver deletes what goes with the run whose place this one takes, but for what is kept of it.
func (r *Run) TakeOver(ctx context.Context, old *Run, kept []journal.Record) {
	places := map[string]bool{}
	for i := range kept {
		for _, a := range kept[i].Result.Artifacts {
			places[placeOf(&a)] = true
		}
	}
	if err := old.remove(ctx, old.garbage(spec.ArtifactGCOnWorkflowDeletion, places)); err != nil {
		r.trouble(fmt.Errorf("artifactGC of what was done again: %w", err))
	}
}

// garbage is what a node left and is to go.
type garbage struct {
	id   executor.ID
	path string
	file executor.Artifact
}

// garbage is the artifacts that have this time to go. What the run has from a cache, or from another run that goes on
// beside it, is not its own.
func (r *Run) garbage(at spec.ArtifactGCStrategy, but map[string]bool) (found []garbage) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for n := range r.m.nodes.all() {
		if n.form != formBody || n.template == nil || !n.template.Kind.Leaf() || n.known().memoized() {
			continue
		}
		if !r.replaces && r.m.keptOf(n, "") != nil {
			continue
		}
		for _, a := range there(n.filesOut()) {
			if GCStrategy(r.run.Workflow, &a.Artifact) == at && !r.m.isDeleted(&a) && (but == nil || !but[placeOf(&a)]) {
				id := r.m.attemptID(n, n.attempt)
				found = append(found, garbage{id, pathOf(id.Node, r.run.Name), a})
			}
		}
	}
	return found
}

// GCStrategy says when an output artifact is deleted: what it says itself, or else the workflow.
func GCStrategy(w *spec.Workflow, a *spec.Artifact) spec.ArtifactGCStrategy {
	if gc := a.ArtifactGC; gc != nil && gc.Strategy != "" {
		return gc.Strategy
	}
	if gc := w.Spec.ArtifactGC; gc != nil && gc.Strategy != "" {
		return gc.Strategy
	}
	return spec.ArtifactGCNever
}

// removals is how many artifacts are deleted at the same time, and shownErrors how many of their errors are told.
const removals, shownErrors = 16, 5

// remove deletes artifacts, and notes which are gone.
func (r *Run) remove(ctx context.Context, all []garbage) error {
	if len(all) == 0 {
		return nil
	}
	errs := make([]error, len(all))
	room := make(chan struct{}, removals)
	var removing sync.WaitGroup
	for i := range all {
		room <- struct{}{}
		removing.Go(func() {
			defer func() { <-room }()
			errs[i] = safely(func() error { return artifact.Remove(ctx, r.stores, &all[i].file) })
		})
	}
	removing.Wait()
	var records []journal.Record
	var wrong []error
	r.mu.Lock()
	for i, g := range all {
		if errs[i] != nil {
			wrong = append(wrong, fmt.Errorf("node %q: %s: %w", g.path, artifact.Key(&g.file.ArtifactLocation), errs[i]))
			continue
		}
		r.m.delete(&g.file)
		records = append(records, journal.Record{Kind: journal.Collected, ID: g.id, Finished: r.m.now,
			Result: executor.Result{Artifacts: []executor.Artifact{g.file}}})
	}
	r.mu.Unlock()
	if more := len(wrong) - shownErrors; more > 0 {
		wrong = append(wrong[:shownErrors], fmt.Errorf("and %d more artifacts could not be deleted", more))
	}
	if r.journal != nil && len(records) > 0 && r.Phase().Ended() && !r.over {
		wrong = append(wrong, safely(func() error { return r.journal.Append(ctx, r.run.Name, records) }))
	}
	return errors.Join(wrong...)
}

// delete notes that an artifact is gone.
func (m *machine) delete(a *executor.Artifact) {
	if m.deleted == nil {
		m.deleted = map[string]bool{}
	}
	m.deleted[placeOf(a)] = true
}

// isDeleted says that an artifact is gone.
func (m *machine) isDeleted(a *executor.Artifact) bool {
	return m.deleted != nil && m.deleted[placeOf(a)]
}

// shown are artifacts that are there, with those that are gone since marked.
func (m *machine) shown(files []executor.Artifact) []executor.Artifact {
	list := there(files)
	for i := range list {
		list[i].Deleted = m.isDeleted(&list[i])
	}
	return list
}

// placeOf is a text that two artifacts have in common if they are kept at the same place.
func placeOf(a *executor.Artifact) string {
	var b strings.Builder
	_ = json.NewEncoder(&b).Encode(a.ArtifactLocation) // it is data
	return b.String()
}
