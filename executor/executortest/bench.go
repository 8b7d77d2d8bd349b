package executortest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// leaf is what a subtest runs: a program, or a template that runs commands, or a Go function.
type leaf struct {
	name       string
	program    Program
	template   *spec.Template
	fn         executor.Func
	inputs     []executor.Value
	wantResult bool
}

// bench is an executor with a run that has begun.
type bench struct {
	*testing.T
	ctx   context.Context
	cfg   Config
	x     executor.Executor
	tasks []*executor.Task
}

// start makes an executor and begins a run that has the leaves as tasks of a dag. The run ends with the subtest.
func start(t *testing.T, cfg Config, leaves ...leaf) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Timeout)
	t.Cleanup(cancel)
	b := &bench{T: t, ctx: ctx, cfg: cfg, x: cfg.New(t)}
	name := fmt.Sprintf("suite-%x", time.Now().UnixNano())
	run := &executor.Run{Name: name, UID: name, Created: time.Now()}
	var checked []executor.Leaf
	for i := range leaves {
		l := &leaves[i]
		if l.name == "" {
			l.name = fmt.Sprintf("task%d", i)
		}
		template := l.resolve(cfg)
		b.tasks = append(b.tasks, l.task(run, template))
		checked = append(checked, executor.Leaf{
			Path: "templates[" + template.Name + "]", Template: template, UsesResult: l.wantResult, Func: l.fn != nil,
		})
	}
	run.Workflow = workflow(name, checked)
	for i := range leaves {
		if cfg.Script != nil && leaves[i].fn == nil {
			cfg.Script(b.x, leaves[i].name, leaves[i].program)
		}
	}
	if c, ok := b.x.(executor.Checker); ok {
		require.NoError(t, c.Check(run.Workflow, checked), "Check")
	}
	b.begin(run)
	return b
}

// resolve is the template of a leaf.
func (l *leaf) resolve(cfg Config) *spec.Template {
	var t spec.Template
	switch {
	case l.template != nil:
		t = *l.template
	case l.fn == nil:
		t = cfg.template(l.program)
	}
	t.Name = "run-" + l.name
	return &t
}

// task is the first attempt of a leaf.
func (l *leaf) task(run *executor.Run, template *spec.Template) *executor.Task {
	return &executor.Task{
		ID:           executor.ID{Run: run.UID, Node: run.Name + "." + l.name},
		Run:          run,
		Path:         l.name,
		Name:         l.name,
		TemplateName: template.Name,
		Template:     func() (*spec.Template, error) { return template, nil },
		Func:         l.fn,
		Inputs:       l.inputs,
		WantResult:   l.wantResult,
	}
}

// workflow is a workflow that runs each leaf once, in a dag. A Go function has no template that could be written.
func workflow(name string, leaves []executor.Leaf) *spec.Workflow {
	w := &spec.Workflow{}
	w.Name = name
	w.Spec.Entrypoint = "main"
	main := spec.Template{Name: "main", DAG: &spec.DAG{}}
	for _, l := range leaves {
		main.DAG.Tasks = append(main.DAG.Tasks, spec.Task{
			Name: strings.TrimPrefix(l.Template.Name, "run-"), Template: l.Template.Name,
		})
		w.Spec.Templates = append(w.Spec.Templates, *l.Template)
	}
	w.Spec.Templates = append(w.Spec.Templates, main)
	return w
}

// begin begins the run, and at the end of the subtest releases its tasks, ends it and looks for what is left.
func (b *bench) begin(run *executor.Run) {
	h, handles := b.x.(executor.Handler)
	if handles {
		require.NoError(b, h.BeginRun(b.ctx, run), "BeginRun")
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), b.cfg.Timeout)
		defer cancel()
		if r, ok := b.x.(executor.Releaser); ok {
			for _, t := range b.tasks {
				assert.NoError(b, r.Release(ctx, t), "Release")
			}
		}
		if handles {
			assert.NoError(b, h.EndRun(ctx, run, spec.Succeeded), "EndRun")
		}
		if b.cfg.Left != nil {
			assert.Empty(b, b.cfg.Left(b.T, b.x), "left behind")
		}
	})
}

// outcome is what Execute returned, with the updates that came before.
type outcome struct {
	executor.Result
	err     error
	updates []executor.Update
}

// call is an Execute that goes on.
type call struct {
	b       *bench
	cancel  context.CancelCauseFunc
	running chan struct{}
	done    chan struct{}
	end     outcome
}

// execute runs a task to its end.
func (b *bench) execute(t *executor.Task) outcome {
	b.Helper()
	c := b.begun(t)
	return c.wait()
}

// begun executes a task and does not wait for it.
func (b *bench) begun(t *executor.Task) *call {
	ctx, cancel := context.WithCancelCause(b.ctx)
	c := &call{b: b, cancel: cancel, running: make(chan struct{}), done: make(chan struct{})}
	var mu sync.Mutex
	var updates []executor.Update
	seen := sync.OnceFunc(func() { close(c.running) })
	go func() {
		defer close(c.done)
		defer cancel(nil)
		res, err := b.x.Execute(ctx, t, func(u executor.Update) {
			mu.Lock()
			defer mu.Unlock()
			updates = append(updates, u)
			if u.Phase == spec.Running {
				seen()
			}
		})
		mu.Lock()
		defer mu.Unlock()
		c.end = outcome{res, err, slices.Clone(updates)}
	}()
	b.Cleanup(func() {
		cancel(context.Canceled)
		select {
		case <-c.done:
		case <-time.After(b.cfg.Timeout):
			b.Errorf("Execute of %s does not return when its context ends", t.ID)
		}
	})
	return c
}

// untilRunning waits until the task was notified to be running.
func (c *call) untilRunning() {
	c.b.Helper()
	select {
	case <-c.running:
	case <-c.done:
		require.FailNow(c.b, "Execute returned before Running was notified", "%+v", c.end)
	case <-c.b.ctx.Done():
		require.FailNow(c.b, "Running was not notified")
	}
}

// wait waits until Execute has returned.
func (c *call) wait() outcome {
	c.b.Helper()
	select {
	case <-c.done:
		return c.end
	case <-c.b.ctx.Done():
		require.FailNow(c.b, "Execute has not returned in the time of a subtest")
		return outcome{}
	}
}

// outputs are the outputs of a result by name.
func (o outcome) outputs() map[string]string {
	return maps.Collect(func(yield func(string, string) bool) {
		for _, v := range o.Outputs {
			if !yield(v.Name, v.Value) {
				return
			}
		}
	})
}
