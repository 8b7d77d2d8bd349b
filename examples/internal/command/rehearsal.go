package command

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// rehearsal is a fake for a workflow that nobody wrote scripts for: each node gives the values that the workflow wants
// of it, and what is suspended is resumed.
type rehearsal struct {
	*fake.Executor
	outputs outputs
}

// outputs are the values of -o: what a node gives, by its path or name.
type outputs map[string]string

func (o outputs) String() string { return "" }

func (o outputs) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("expected node=value")
	}
	o[name] = value
	return nil
}

// of is the value that a node gives.
func (o outputs) of(path, name string) string {
	name, _, _ = strings.Cut(name, "(") // one of a loop
	for _, key := range []string{path, name} {
		if v, ok := o[key]; ok {
			return v
		}
	}
	return "1"
}

// Execute ends as the fake does, with values.
func (r *rehearsal) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	if t.Func == nil {
		value := r.outputs.of(t.Path, t.Name)
		var vs []fake.Output
		if t.WantResult {
			vs = append(vs, workflow.Result[string]{}.Set(value))
		}
		for _, o := range supplied(t.Written, value) {
			vs = append(vs, o)
		}
		o := fake.Succeed(vs...)
		o.Host, o.IP = "localhost", "127.0.0.1"
		r.On(cmp.Or(t.Path, t.Name), o)
	}
	return r.Executor.Execute(ctx, t, notify)
}

// supplied are the outputs of a template that have no default.
func supplied(t *spec.Template, value string) (vs []workflow.OutputValue) {
	for _, p := range t.Outputs.Parameters {
		if p.Name != "result" && (p.ValueFrom == nil || p.ValueFrom.Default == nil) {
			vs = append(vs, workflow.Output[string](p.Name).Set(value))
		}
	}
	return vs
}

// resume resumes a run, and each of its nodes, as soon as it is suspended.
func (r *rehearsal) resume(ctx context.Context, run *workflow.Run) (ended func() error) {
	var resuming sync.WaitGroup
	var failed error
	resuming.Go(func() {
		w := run.Workflow()
		templates := map[string]*spec.Template{}
		for i := range w.Spec.Templates {
			templates[w.Spec.Templates[i].Name] = &w.Spec.Templates[i]
		}
		if w.Spec.Suspend != nil && *w.Spec.Suspend {
			failed = run.Resume(ctx, "")
		}
		for e := range run.Events(ctx) {
			if e.Node.Type != spec.TypeSuspend || e.Node.Phase != workflow.Running {
				continue
			}
			var given []workflow.OutputValue
			if t := templates[e.Node.Template]; t != nil {
				given = supplied(t, r.outputs.of(e.Node.Path, e.Node.DisplayName))
			}
			if err := run.Resume(ctx, e.Node.Path, given...); err != nil && failed == nil && run.Node(e.Node.Path).Finished.IsZero() {
				failed = err
			}
		}
	})
	return func() error {
		resuming.Wait()
		return failed
	}
}
