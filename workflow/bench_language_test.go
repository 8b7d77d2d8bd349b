package workflow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// plainFan is a dag of n tasks that wait for nothing.
func plainFan(b *testing.B, n int) *workflow.Workflow {
	w, err := workflow.New("x-", buildDAG(shape{deps: func(int) (int, int) { return -1, -1 }}, names(n)))
	require.NoError(b, err)
	return w
}

// flaky fails an attempt unless it is the last of three.
type flaky struct{}

func (flaky) Execute(_ context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	if n := len(t.ID.Node); t.ID.Node[n-2] < '2' { // the name ends in (0), (1), (2)
		return executor.Result{Phase: spec.Failed}, nil
	}
	return executor.Result{}, nil
}

// BenchmarkLanguage is what the language's features cost a leaf, or an attempt of one, against a plain dag of as many
// leaves.
func BenchmarkLanguage(b *testing.B) {
	const leaves = 100_000
	echo := workflow.Container("echo", "alpine:3.23").Inputs(benchMessage).Command("echo", benchMessage.Ref())
	built := func(d *dag.DAG) *workflow.Workflow {
		w, err := workflow.New("x-", d)
		require.NoError(b, err)
		return w
	}
	for _, tt := range []struct {
		name   string
		leaves int
		x      executor.Executor
		floor  executor.Executor
		build  func() *workflow.Workflow
	}{
		{"loop", leaves, noop{}, noop{}, func() *workflow.Workflow {
			d := dag.New("main")
			d.Task("each", echo, benchMessage.Each(workflow.Items(names(leaves)...)))
			return built(d)
		}},
		{"nested", leaves, noop{}, noop{}, func() *workflow.Workflow {
			inner, d := dag.New("inner"), dag.New("main")
			for _, n := range names(100) {
				inner.Task(n, echo, benchMessage.Set("hello"))
			}
			for _, n := range names(leaves / 100) {
				d.Task(n, inner)
			}
			return built(d)
		}},
		{"retries", 30_000, flaky{}, noop{}, func() *workflow.Workflow {
			again := workflow.Container("echo", "alpine:3.23").Command("echo").Retry(workflow.Retry{Limit: 2})
			d := dag.New("main")
			for _, n := range names(10_000) {
				d.Task(n, again)
			}
			return built(d)
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			w, plain := tt.build(), plainFan(b, tt.leaves)
			run := func(w *workflow.Workflow, x executor.Executor) func() {
				return func() {
					_, err := w.Run(b.Context(), x)
					require.NoError(b, err)
				}
			}
			for b.Loop() {
				floor, ours := paired(tt.leaves, run(plain, tt.floor), run(w, tt.x))
				b.ReportMetric(ours, "ns/leaf")
				b.ReportMetric(floor, "plain-ns/leaf")
				b.ReportMetric(ours/floor, "x-plain")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
