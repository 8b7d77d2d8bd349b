package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	may    []spec.Artifact // what the inputs are declared as
	out    []spec.Artifact

	mu     sync.Mutex // guards what follows
	stored []executor.Artifact
	open   map[string]*artifact.Writer
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
	if a := artifactNamed(f.in, name); a != nil {
		return a, nil
	}
	if slices.ContainsFunc(f.may, func(a spec.Artifact) bool { return a.Name == name }) {
		return nil, fmt.Errorf("inputs.artifacts[%s]: it is optional, and nobody gave it: %w", name, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("inputs.artifacts[%s]: none is declared%s", name,
		nearest.Hint(name, nearest.Names(f.may, func(a *spec.Artifact) string { return a.Name })))
}

// Create is a writer of an artifact that the function is to leave.
func (f *FuncFiles) Create(ctx context.Context, name string) (*artifact.Writer, error) {
	out, err := f.Output(name)
	if err != nil {
		return nil, err
	}
	w, err := artifact.Write(ctx, f.Stores, out, f.Keep)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.open == nil {
			f.open = map[string]*artifact.Writer{}
		}
		f.open[name] = w
	}
	return w, err
}

// end is the end of the function: what was not closed is given up.
func (f *FuncFiles) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.open)) {
		if f.open[name].Abort() {
			errs = append(errs, fmt.Errorf("outputs.artifacts[%s]: its writer was not closed, so it was not stored", name))
		}
	}
	return errors.Join(errs...)
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

// openFiles gives a Go function its artifacts.
func (a *attempt) openFiles() error {
	t, err := a.template()
	if err != nil {
		return err
	}
	a.files = &FuncFiles{Stores: a.run.stores, in: a.task.Artifacts, may: t.Inputs.Artifacts, out: t.Outputs.Artifacts}
	a.ctx = context.WithValue(a.ctx, filesKey{}, a.files)
	return nil
}

// settle adds what the function stored to the attempt's result.
func (f *FuncFiles) settle(a *attempt) {
	if open := f.end(); open != nil && a.err == nil && !a.result.Phase.FailedOrErrored() {
		a.err = open
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	res := *a.result
	for _, stored := range f.stored {
		if artifactNamed(res.Artifacts, stored.Name) == nil {
			res.Artifacts = append(slices.Clip(res.Artifacts), stored)
		}
	}
	a.result = &res
}
