package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// FuncFiles are the artifacts of a Go function while it runs.
type FuncFiles struct {
	Stores *artifact.Stores
	in     []executor.Artifact
	out    []spec.Artifact

	mu     sync.Mutex // guards stored
	stored []executor.Artifact
}

type filesKey struct{}

// FilesOf are the artifacts of the Go function that runs with ctx.
func FilesOf(ctx context.Context) (*FuncFiles, error) {
	if f, ok := ctx.Value(filesKey{}).(*FuncFiles); ok {
		return f, nil
	}
	return nil, errors.New("the context is not that of a Go function of a workflow which declares artifacts")
}

// Input is an artifact that the function is given.
func (f *FuncFiles) Input(name string) (*executor.Artifact, error) {
	i := slices.IndexFunc(f.in, func(a executor.Artifact) bool { return a.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("inputs.artifacts[%s]: there is none%s", name,
			nearest.Hint(name, nearest.Names(f.in, func(a *executor.Artifact) string { return a.Name })))
	}
	return &f.in[i], nil
}

// Output is an artifact that the function is to leave.
func (f *FuncFiles) Output(name string) (*spec.Artifact, error) {
	i := slices.IndexFunc(f.out, func(a spec.Artifact) bool { return a.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("outputs.artifacts[%s]: none is declared%s", name,
			nearest.Hint(name, nearest.Names(f.out, func(a *spec.Artifact) string { return a.Name })))
	}
	return &f.out[i], nil
}

// Keep notes an artifact that the function left; of two of one name the last.
func (f *FuncFiles) Keep(a executor.Artifact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stored = append(slices.DeleteFunc(f.stored, func(b executor.Artifact) bool { return a.Name == b.Name }), a)
}

// executeFunc executes a Go function that has artifacts.
func (r *Run) executeFunc(a *attempt) (executor.Result, error) {
	t, err := a.template()
	if err != nil {
		return executor.Result{}, err
	}
	f := &FuncFiles{Stores: r.stores, in: a.task.Artifacts, out: t.Outputs.Artifacts}
	res, err := r.exec.Execute(context.WithValue(a.ctx, filesKey{}, f), &a.task, a.notify)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.stored {
		if !slices.ContainsFunc(res.Artifacts, func(b executor.Artifact) bool { return a.Name == b.Name }) {
			res.Artifacts = append(slices.Clone(res.Artifacts), a)
		}
	}
	return res, err
}
