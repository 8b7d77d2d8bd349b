package workflow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// instant is an executor whose nodes end at once: as fail says, or well.
type instant struct{ fail string }

func (x instant) Execute(_ context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	if t.Name == x.fail {
		return executor.Result{Phase: spec.Failed}, nil
	}
	return executor.Result{}, nil
}

func TestDeepNesting(t *testing.T) {
	const levels = 10_000
	var entry workflow.Template = workflow.Container("c", "a")
	for i := range levels {
		d := dag.New(fmt.Sprintf("d%d", i))
		d.Task("t", entry)
		entry = d
	}
	wf, err := workflow.New("deep", entry)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), instant{})
	require.NoError(t, err)
	assert.Equal(t, workflow.Succeeded, run.Phase())

	_, err = wf.Run(t.Context(), instant{"t"})
	failed := &workflow.RunError{}
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Nodes, 1, "one root cause below ten thousand dags")
	assert.Equal(t, strings.Repeat("t.", levels-1)+"t", failed.Nodes[0].Path)
}

func TestManyTasks(t *testing.T) {
	const tasks = 100_000
	leaf := workflow.Container("c", "a")
	for name, before := range map[string]func(i int) int{
		"chain": func(i int) int { return i - 1 },
		"fan":   func(int) int { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			d := dag.New("d")
			all := make([]*dag.Task, tasks)
			for i := range all {
				all[i] = d.Task(fmt.Sprintf("t%d", i), leaf)
				if i > 0 {
					all[i].Dependencies(all[before(i)])
				}
			}
			wf, err := workflow.New("x-", d)
			require.NoError(t, err)
			run, err := wf.Run(t.Context(), instant{})
			require.NoError(t, err)
			assert.Equal(t, workflow.Succeeded, run.Node(fmt.Sprintf("t%d", tasks-1)).Phase)

			run, err = wf.Run(t.Context(), instant{"t0"})
			assert.EqualError(t, err, "run "+run.Name()+": Failed: t0: Failed")
			omitted := 0
			for n := range run.Nodes() {
				if n.Phase == workflow.Omitted {
					omitted++
				}
			}
			assert.Equal(t, tasks-1, omitted)
		})
	}
}

func TestManyMistakes(t *testing.T) {
	const tasks = 5_000
	d := dag.New("d")
	for i := range tasks {
		d.Task(fmt.Sprintf("t%d", i), echoTemplate(), mesage.Set("{{tasks.nobody.id}}"))
	}
	_, err := workflow.New("x-", d)
	assert.GreaterOrEqual(t, len(problems(err)), 2*tasks)
	d = dag.New("d")
	first := d.Task("t0", workflow.Container("c", "a"))
	last := first
	for i := range tasks {
		last = d.Task(fmt.Sprintf("t%d", i+1), workflow.Container("c", "a")).Dependencies(last)
	}
	first.Dependencies(last) // a cycle through all of them
	_, err = workflow.New("x-", d)
	assert.ErrorContains(t, err, "cycle: t0 → ")
	assert.ErrorContains(t, err, " → … 4986 more … → ", "its ends are named")
}

func TestLargeValues(t *testing.T) {
	large := strings.Repeat("{{workflow.name}} \"é\n\x00", 50_000)
	d := dag.New("d")
	a := d.Task("A", workflow.Container("c", "a").Outputs(stdout, rowsText.File("/rows")))
	d.Task("B", echoTemplate(), message.From(stdout.Of(a)))
	d.Outputs(rowsText.From(rowsText.Of(a)))
	wf, err := workflow.New("x", d)
	require.NoError(t, err)
	x := &stub{execute: func(_ context.Context, k *executor.Task, _ func(executor.Update)) (executor.Result, error) {
		if k.Name == "B" {
			c, err := k.Template()
			if err != nil {
				return executor.Result{}, err
			}
			return executor.Result{Message: c.Container.Command[1]}, nil
		}
		return executor.Result{Result: &large, Outputs: []executor.Value{{Name: "rows", Value: large}}}, nil
	}}
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.True(t, run.Node("B").Message == large, "what a value holds is not expanded")
	rows, err := rowsText.Get(run)
	require.NoError(t, err)
	assert.True(t, rows == large)
}
