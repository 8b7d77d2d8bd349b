package workflow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// Each container of a set is shown as it ended itself, also in a run that was taken up again.
func TestContainersOfASet(t *testing.T) {
	set := workflow.ContainerSet("set")
	a := set.Container("a", "busybox")
	b := set.Container("b", "busybox").Dependencies(a)
	set.Container("main", "busybox").Dependencies(b)
	d := dag.New("steps")
	d.Task("set", set).ContinueOn(workflow.Failed)
	d.Task("other", workflow.Container("other", "busybox"))
	wf, err := workflow.New("x-", d)
	require.NoError(t, err)
	code := 3
	x := &stub{execute: func(ctx context.Context, task *executor.Task, _ func(executor.Update)) (executor.Result, error) {
		if task.Name == "other" {
			<-ctx.Done()
			return executor.Result{}, context.Cause(ctx)
		}
		return executor.Result{Phase: spec.Failed, Message: "b: Error (exit code 3)", ExitCode: &code, Containers: []executor.ContainerEnd{
			{Name: "a"}, {Name: "b", ExitCode: 3, Message: "b: Error (exit code 3)"}, {Name: "main", NotRun: true, Message: "b failed"},
		}}, nil
	}}
	kept, err := journal.OpenDir(t.TempDir())
	require.NoError(t, err)
	r := workflow.NewRunner(x, workflow.WithJournal(kept))
	run, err := r.Start(t.Context(), wf)
	require.NoError(t, err)
	for e := range run.Events(t.Context()) {
		if e.Node.Path == "set" && e.Node.Phase == spec.Failed {
			break
		}
	}
	assertEnds := func(run *workflow.Run) {
		t.Helper()
		for name, want := range map[string]struct {
			phase   spec.Phase
			message string
		}{
			"a": {spec.Succeeded, ""}, "b": {spec.Failed, "b: Error (exit code 3)"}, "main": {spec.Errored, "b failed"},
		} {
			n := run.Node("set." + name)
			assert.Equal(t, want.phase, n.Phase, name)
			assert.Equal(t, want.message, n.Message, name)
			assert.Nil(t, n.ExitCode, "only the set has one")
		}
	}
	assertEnds(run)
	require.NoError(t, r.Close())
	again := workflow.NewRunner(x, workflow.WithJournal(kept))
	runs, err := again.Recover(t.Context(), wf)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	assertEnds(runs[0])
	require.NoError(t, again.Close())
}

// What an executor must not say is an error of its node, and not taken for a failure of the program.
func TestPhaseOfAnExecutor(t *testing.T) {
	wf, err := workflow.New("x-", workflow.Container("main", "busybox"))
	require.NoError(t, err)
	for _, p := range []spec.Phase{"Bogus", spec.Pending, spec.Running, spec.Skipped} {
		run, err := wf.Run(t.Context(), &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
			return executor.Result{Phase: p}, nil
		}})
		require.ErrorContains(t, err, `the executor says that it ended in phase "`+string(p)+`": expected Succeeded or Failed`)
		assert.Equal(t, spec.Errored, run.Node("").Phase)
	}
}

// What is wrong with the containers of a set is said by New and Load, and not only by the executor that runs it.
func TestMistakesOfContainerSets(t *testing.T) {
	for text, want := range map[string][]string{
		"[]": {"templates[main].containerSet.containers: expected at least one"},
		"[{name: a, image: i, dependencies: [c]}, {name: b, image: i, dependencies: [a]}, {name: c, image: i, dependencies: [b]}]": {
			"templates[main].containerSet: cycle: a → b → c → a"},
		"[{name: a, image: i, dependencies: [a]}]":                               {"templates[main].containerSet: cycle: a → a"},
		"[{name: clone, image: i}, {name: b, image: i, dependencies: [clonee]}]": {`templates[main].containerSet.containers[b].dependencies: no container "clonee" in the set; did you mean "clone"?`},
		"[{name: a, image: i}, {name: a, image: i}, {name: main, image: i}]":     {`templates[main].containerSet.containers[a]: another container is named "a"`},
		"[{name: a, image: i}, {name: main, image: i, dependencies: [a, a]}]":    nil,
	} {
		_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, containerSet: {containers: " + text + "}}")))
		if want == nil {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err, text)
		assert.Equal(t, want, strings.Split(err.Error(), "\n"))
	}
}
