package workflow_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

func TestNodes(t *testing.T) {
	d := dag.New("d").Inputs(message)
	a := d.Task("a", echoTemplate(), message.Pass())
	d.Task("b", workflow.Func("f", double), workflow.Param[int]("N").Set(1)).Dependencies(a)
	s := steps.New("s")
	s.Step("first", d, message.Set("hello"))
	g := s.Group()
	g.Step("x", d, message.Set("x"))
	g.Step("y", echoTemplate(), message.Set("y"))
	wf, err := workflow.New("run", s)
	require.NoError(t, err)

	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		run, err := wf.Run(t.Context(), fake.New(t).On("a", fake.Succeed().Taking(time.Hour)))
		require.NoError(t, err)
		var lines []string
		for n := range run.Nodes() {
			lines = append(lines, fmt.Sprintf("%s|%s|%s|%s|%s|%s|%v|%v", n.Name, n.Path, n.DisplayName, n.Parent, n.Type, n.Template, n.Finished.Sub(n.Started), n.Inputs))
			assert.Equal(t, n.Phase, run.Node(n.Path).Phase)
			assert.Equal(t, n.ID(), run.Node(n.Path).ID())
			assert.Nil(t, n.Err())
		}
		assert.Equal(t, []string{
			"run||run||Steps|s|2h0m0s|[]",
			"run[0]|[0]|[0]||StepGroup||1h0m0s|[]",
			"run[0].first|[0].first|first|[0]|DAG|d|1h0m0s|[{message hello}]",
			"run[0].first.a|[0].first.a|a|[0].first|Pod|echo|1h0m0s|[{message hello}]",
			"run[0].first.b|[0].first.b|b|[0].first|Plugin|f|0s|[{N 1}]",
			"run[1]|[1]|[1]||StepGroup||1h0m0s|[]",
			"run[1].x|[1].x|x|[1]|DAG|d|1h0m0s|[{message x}]",
			"run[1].x.a|[1].x.a|a|[1].x|Pod|echo|1h0m0s|[{message x}]",
			"run[1].y|[1].y|y|[1]|Pod|echo|0s|[{message y}]",
			"run[1].x.b|[1].x.b|b|[1].x|Plugin|f|0s|[{N 1}]",
		}, lines)
		assert.Equal(t, begin, run.Node("").Started)
		assert.Equal(t, "run", run.Node("").ID())
		assert.Equal(t, "run-936563004", run.Node("[0]").ID(), "FNV-32a of run[0]")
		assert.Nil(t, run.Node("[2]"))
		assert.Equal(t, map[string][]string{
			"": {"[0]"}, "[0]": {"[0].first"}, "[0].first": {"[0].first.a"}, "[0].first.a": {"[0].first.b"}, "[0].first.b": {"[1]"},
			"[1]": {"[1].x", "[1].y"}, "[1].x": {"[1].x.a"}, "[1].x.a": {"[1].x.b"}, "[1].x.b": {}, "[1].y": {},
		}, run.Children())
	})
}

// Every reader gets every event in order, whenever it begins to read and however slow it is.
func TestEvents(t *testing.T) {
	const tasks = 300
	d := dag.New("d")
	for i := range tasks {
		d.Task(fmt.Sprintf("t%d", i), workflow.Container("c", "a"))
	}
	wf, err := workflow.New("x-", d)
	require.NoError(t, err)
	gate := make(chan struct{})
	x := &stub{execute: func(_ context.Context, k *executor.Task, notify func(executor.Update)) (executor.Result, error) {
		notify(executor.Update{Phase: spec.Running})
		if k.Name == "t7" {
			<-gate
		}
		return executor.Result{}, nil
	}}
	run, err := workflow.NewRunner(x).Start(t.Context(), wf)
	require.NoError(t, err)

	collect := func() (got []string) {
		last := map[string]workflow.Phase{}
		for e := range run.Events(t.Context()) {
			got = append(got, e.Node.Path+" "+string(e.Node.Phase))
			switch before := last[e.Node.Path]; {
			case e.Node.Path == "":
			case before == "":
				assert.Equal(t, workflow.Pending, e.Node.Phase)
			case before == workflow.Pending:
				assert.Equal(t, workflow.Running, e.Node.Phase)
				assert.Zero(t, e.Node.Finished, "as it was then")
			default:
				assert.Equal(t, workflow.Succeeded, e.Node.Phase)
				assert.Equal(t, e.Time, e.Node.Finished)
			}
			last[e.Node.Path] = e.Node.Phase
		}
		return got
	}
	got := make([][]string, 3)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = collect() })
	}
	for e := range run.Events(t.Context()) { // a reader that has the run wait
		if e.Node.Path == "t7" && e.Node.Phase == workflow.Running {
			close(gate)
			break
		}
	}
	require.NoError(t, run.Wait(t.Context()))
	wg.Wait()
	got = append(got, collect())
	for _, g := range got {
		assert.Equal(t, got[0], g)
	}
	assert.Len(t, got[0], 3*tasks+2)
	assert.Equal(t, " Running", got[0][0])
	assert.Equal(t, " Succeeded", got[0][len(got[0])-1])
}

func TestEventsEndWithTheirContext(t *testing.T) {
	r := workflow.NewRunner(&stub{execute: block})
	run, err := r.Start(t.Context(), chain(t, "A"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	for range run.Events(ctx) {
		if seen++; seen == 2 {
			cancel() // the next would never come
		}
	}
	assert.Equal(t, 2, seen)
	require.NoError(t, r.Close())
	for e := range run.Events(t.Context()) { // it was let go of: they end
		assert.NotEqual(t, workflow.Failed, e.Node.Phase)
	}
}

func TestChildrenOfTargets(t *testing.T) {
	wf, err := workflow.New("x-", graph("d", "", "A:", "B:", "C: A B", "D: A"))
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t).On("B", fake.Fail(1, "")))
	require.Error(t, err)
	assert.Equal(t, workflow.Omitted, run.Node("C").Phase)
	assert.Equal(t, spec.TypeSkipped, run.Node("C").Type)
	children := run.Children()
	assert.Equal(t, []string{"", "A", "B", "C", "D"}, slices.Sorted(maps.Keys(children)))
	assert.ElementsMatch(t, []string{"C", "D"}, children["A"])
	assert.Equal(t, []string{"C"}, children["B"])
}
