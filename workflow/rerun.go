package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Retry runs a run again that is over, under its name: what succeeded is kept with its results, the rest is done again,
// and so are the exit handlers. What [Restart] names is done again although it succeeded. Arguments are as they were,
// unless they are given anew. The new run has a UID of its own and takes the place of the old one, which stays as it
// was for those who hold it.
func (r *Runner) Retry(ctx context.Context, old *Run, opts ...RunOption) (*Run, error) {
	if old != nil && old.w != nil && old.Phase() == Succeeded && !restarts(opts) {
		return nil, fmt.Errorf("run %q succeeded: there is nothing to do again unless Restart names it", old.Name())
	}
	return r.rerun(ctx, old, opts, func(c *runConfig) { c.name, c.replaces, c.keeps = old.Name(), old, old })
}

// Resubmit runs the workflow of a run once more, as a new run with the same arguments unless they are given anew. With
// [Memoized] what succeeded is kept with its results, as Retry does.
func (r *Runner) Resubmit(ctx context.Context, old *Run, opts ...RunOption) (*Run, error) {
	return r.rerun(ctx, old, opts, func(c *runConfig) {
		if c.memoized {
			c.keeps = old
		}
	})
}

// Restart names nodes that Retry and a memoized Resubmit do again although they succeeded, by their paths. All that
// is in them is done again too.
func Restart(paths ...string) RunOption {
	return runOption(func(c *runConfig) { c.restart = append(c.restart, paths...) })
}

// Memoized lets [Runner.Resubmit] keep what succeeded.
func Memoized() RunOption { return runOption(func(c *runConfig) { c.memoized = true }) }

func restarts(opts []RunOption) bool {
	return len(runConfigOf(opts).restart) > 0
}

func runConfigOf(opts []RunOption) *runConfig {
	c := &runConfig{}
	for _, o := range opts {
		if !build.IsNil(o) {
			o.applyRun(c)
		}
	}
	return c
}

func (r *Runner) rerun(ctx context.Context, old *Run, opts []RunOption, with func(*runConfig)) (*Run, error) {
	if old == nil || old.w == nil {
		return nil, errors.New("the run is nil")
	}
	select {
	case <-old.r.Done():
	default:
		return nil, errNotOver(old.Name())
	}
	if !old.Phase().Ended() { // it was let go of
		return nil, errNotOver(old.Name())
	}
	c := runConfigOf(opts)
	with(c)
	for _, p := range c.restart {
		if old.Node(p) == nil {
			return nil, fmt.Errorf("run %q has no node %q", old.Name(), p)
		}
	}
	given := map[string]bool{}
	for _, a := range c.args {
		given[a.Name] = true
	}
	keep := func(name, value string) {
		if !given[name] {
			given[name] = true
			c.args = append(c.args, &build.Arg{Name: name, Value: value})
		}
	}
	for _, a := range old.args {
		keep(a.Name, a.Value)
	}
	was := old.r.Info().Workflow
	for _, p := range was.Spec.Arguments.Parameters {
		if p.Value != nil && old.w.parameter(p.Name) != nil && !old.w.writes(p) {
			keep(p.Name, string(*p.Value))
		}
	}
	c.labels, c.annotations = merged(was.Labels, c.labels), merged(was.Annotations, c.annotations)
	return r.start(ctx, old.w, c)
}

func errNotOver(run string) error { return fmt.Errorf("run %q is not over", run) }

// errRepeated is that a run is not the last one of its name.
func errRepeated(run string) error {
	return fmt.Errorf("another run is called %q now: this one was retried already", run)
}

// writes says that a parameter has its value in the workflow itself.
func (w *Workflow) writes(p spec.Parameter) bool {
	return slices.ContainsFunc(w.plan.Spec.Spec.Arguments.Parameters, func(own spec.Parameter) bool {
		return own.Name == p.Name && own.Value != nil && *own.Value == *p.Value
	})
}

// again says which nodes of the run that is kept from are to be done again.
func (c *runConfig) again(path string) bool {
	for _, p := range c.restart {
		if path == p || strings.HasPrefix(path, p) && strings.ContainsRune(".[(", rune(path[len(p)])) {
			return true
		}
	}
	return false
}

// RunLabels and RunAnnotations add to the metadata of one run, as workflow.labels and workflow.annotations name it.
func RunLabels(labels map[string]string) RunOption {
	return runOption(func(c *runConfig) { c.labels = merged(c.labels, labels) })
}

// RunAnnotations adds annotations to one run.
func RunAnnotations(annotations map[string]string) RunOption {
	return runOption(func(c *runConfig) { c.annotations = merged(c.annotations, annotations) })
}

// merged is a copy of m with more in it.
func merged(m, more map[string]string) map[string]string {
	out := make(map[string]string, len(m)+len(more))
	maps.Copy(out, m)
	maps.Copy(out, more)
	return out
}

// Forget lets go of a run that is over: Get and List do not find it any more, and its memory is freed with the last
// *Run of it. Its artifacts with an artifactGC of OnWorkflowDeletion are deleted before; an error is what could not be, and
// the run is not forgotten. Forget reports whether it did. A run that is not over is not forgotten.
func (r *Runner) Forget(ctx context.Context, name string) (bool, error) {
	run := r.Get(name)
	if run == nil {
		return false, nil
	}
	select {
	case <-run.r.Done():
	default:
		return false, nil
	}
	if err := run.r.Collect(ctx, spec.ArtifactGCOnWorkflowDeletion); err != nil {
		return false, fmt.Errorf("run %s: %w", name, err)
	}
	r.forget(name)
	return true, nil
}

// resolvedName is the name that a run is to have.
func (c *runConfig) resolvedName(p *plan.Plan) string {
	switch {
	case c.name != "":
		return c.name
	case p.Spec.Name != "":
		return p.Spec.Name
	}
	return plan.RunName(p.Spec.GenerateName, suffix())
}
