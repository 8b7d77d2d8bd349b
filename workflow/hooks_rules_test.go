package workflow_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// An exit handler without arguments has those of what it is of, as far as it takes them.
func TestArgumentsOfExitHandlers(t *testing.T) {
	const hello = "arguments: {parameters: [{name: x, value: hello}]}\n"
	const twice = `- {name: twice, inputs: {parameters: [{name: x}, {name: z}]}, container: {image: a}}`
	defaulted := `- {name: defaulted, inputs: {parameters: [{name: x, value: d}]}, container: {image: a}}`
	steps := func(hook string) string {
		return "templates:\n" + twice + "\n" + defaulted + "\n- {name: main, steps: [[{name: A, template: twice, arguments: " +
			`{parameters: [{name: x, value: "{{workflow.name}}"}, {name: z, value: z}]}, ` + hook + "}]]}"
	}
	leaf := "templates:\n- {name: main, container: {image: a}}\n" + defaulted
	for name, tc := range map[string]struct{ text, node, want string }{
		"onExit":                {hello + "onExit: echo\n" + leaf, "onExit", "hello"},
		"a hook with a default": {hello + "hooks: {exit: {template: defaulted}}\n" + leaf, "onExit", "hello"},
		"its own":               {hello + "hooks: {exit: {template: defaulted, arguments: {parameters: [{name: x, value: own}]}}}\n" + leaf, "onExit", "own"},
		"nobody's":              {"onExit: defaulted\n" + leaf, "onExit", "d"},
		"a step's onExit":       {steps("onExit: echo"), "[0].A.onExit", "wf"},
		"a step's hook":         {steps("hooks: {exit: {template: defaulted}}"), "[0].A.onExit", "wf"},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := loaded(t, tc.text).Run(t.Context(), fake.New(t), workflow.RunName("wf"))
			require.NoError(t, err)
			var found []string
			for n := range run.Nodes() {
				if strings.HasSuffix(n.Path, tc.node) {
					found = append(found, input(run, n.Path))
				}
			}
			assert.Equal(t, []string{tc.want}, found)
		})
	}
}

// An exit handler takes the place of the hook called exit, which is warned about.
func TestOnExitBesideHookExit(t *testing.T) {
	wf := loaded(t, `onExit: last
hooks: {exit: {template: leaf}}
templates:
- {name: last, container: {image: a}}
- {name: main, container: {image: a}}`)
	assert.Contains(t, wf.Warnings(), workflow.Error{Path: "spec.hooks[exit]", Problem: "spec.onExit takes its place"})
	x := fake.New(t)
	_, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.Len(t, x.Calls(), 2)
	assert.Equal(t, "last", x.Calls()[1].TemplateName)
}

// The hooks of a run follow its phase from its beginning.
func TestHooksOfARunningRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := fake.New(t).On("main", fake.Succeed().Taking(time.Hour))
		_, err := loaded(t, `hooks:
  running: {expression: 'workflow.status == "Running"', template: leaf}
  well: {expression: 'workflow.status == "Succeeded"', template: leaf}
  badly: {expression: 'workflow.status == "Failed"', template: leaf}
templates:
- {name: main, container: {image: a}}`).Run(t.Context(), x)
		require.NoError(t, err)
		var hooks []string
		for _, path := range x.Paths() {
			if at := strings.Index(path, "hooks."); at >= 0 {
				hooks = append(hooks, path[at:])
			}
		}
		assert.Equal(t, []string{"hooks.running", "hooks.well"}, hooks)
	})
}

// A hook whose condition cannot be computed is shown in error, and not left out.
func TestHookThatCannotBeDecided(t *testing.T) {
	run, err := loaded(t, `
templates:
- name: main
  steps: [[{name: A, template: gives, hooks: {exit: {expression: "asInt(steps.A.outputs.parameters.x) > 1", template: leaf}}}]]`).
		Run(t.Context(), fake.New(t).On("A", fake.Succeed(workflow.Output[string]("x").Set("abc"))))
	require.NoError(t, err)
	n := run.Node("[0].A.onExit")
	require.NotNil(t, n)
	assert.Equal(t, workflow.Errored, n.Phase)
	assert.Contains(t, n.Message, "expression: ")
}

// A resumption that the node cannot go on with is refused, and the node waits on.
func TestResumptionsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(fake.New(t))
		run, err := r.Start(t.Context(), loaded(t, `
templates:
- {name: ask, suspend: {}, outputs: {parameters: [{name: x, enum: ["1", "2"], valueFrom: {supplied: {}}}]}}
- {name: main, steps: [[{name: A, template: ask}], [{name: B, template: echo, arguments: {parameters: [{name: x, value: "{{steps.A.outputs.parameters.x}}"}]}}]]}`))
		require.NoError(t, err)
		synctest.Wait()
		x := workflow.Output[string]("x")
		assert.EqualError(t, run.Resume(t.Context(), "[0].A"), `node "[0].A": outputs.parameters.x: it left no value, and there is no default`)
		assert.EqualError(t, run.Resume(t.Context(), "[0].A", x.Set("3")), `node "[0].A": outputs.parameters.x: the value "3" is not one of its enum`)
		assert.Equal(t, workflow.Phase("Running"), run.Node("[0].A").Phase)
		require.NoError(t, run.Resume(t.Context(), "[0].A", x.Set("2")))
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, "2", input(run, "[1].B"))
		require.NoError(t, r.Close())
	})
}
