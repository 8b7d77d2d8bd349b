package workflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// What is not built yet is refused, by its name and path.
func TestLoadRefuses(t *testing.T) {
	const head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: main\n"
	const leaf = "  - {name: c, container: {image: a}}\n"
	task := func(more string) string {
		return head + "  templates:\n" + leaf + "  - name: main\n    dag:\n      tasks:\n      - {name: A, template: c}\n      - {name: B, template: c, " + more + "}\n"
	}
	step := func(more string) string {
		return head + "  templates:\n" + leaf + "  - name: main\n    steps: [[{name: B, template: c, " + more + "}]]\n"
	}
	template := func(more string) string { return head + "  templates:\n  - {name: main, " + more + "}\n" }
	const image = "container: {image: a}, "
	for _, tt := range []struct{ yaml, want string }{
		{task(`when: "true"`), "templates[main].tasks[B].when: when: not supported yet"},
		{task(`depends: "A.Failed"`), "templates[main].tasks[B].depends: an expression other than names joined by &&: not supported yet"},
		{task(`depends: "A || A"`), "templates[main].tasks[B].depends: an expression other than names joined by &&: not supported yet"},
		{task(`depends: "AA"`), `templates[main].tasks[B].depends: no task "AA"; did you mean "A"?`},
		{task(`depends: A, dependencies: [A]`), "templates[main].tasks[B].depends: a task has dependencies or depends, not both"},
		{task(`withItems: [1]`), "templates[main].tasks[B].withItems: withItems: not supported yet"},
		{task(`withParam: "[1]"`), "templates[main].tasks[B].withParam: withParam: not supported yet"},
		{task(`withSequence: {count: 1}`), "templates[main].tasks[B].withSequence: withSequence: not supported yet"},
		{task(`continueOn: {failed: true}`), "templates[main].tasks[B].continueOn: continueOn: not supported yet"},
		{task(`onExit: c`), "templates[main].tasks[B].onExit: onExit: not supported yet"},
		{task(`hooks: {exit: {template: c}}`), "templates[main].tasks[B].hooks: hooks: not supported yet"},
		{task(`arguments: {artifacts: [{name: a, from: x}]}`), "templates[main].tasks[B].arguments.artifacts: artifacts: not supported yet"},
		{step(`when: "true"`), "templates[main].steps[B].when: when: not supported yet"},
		{step(`withItems: [1]`), "templates[main].steps[B].withItems: withItems: not supported yet"},
		{step(`continueOn: {error: true}`), "templates[main].steps[B].continueOn: continueOn: not supported yet"},
		{strings.Replace(step(`onExit: c`), "template: c, ", "templateRef: {name: a, template: b}, ", 1),
			"templates[main].steps[B].templateRef: templateRef: not supported yet\ntemplates[main].steps[B].onExit: onExit: not supported yet"},
		{template(image + `retryStrategy: {limit: 2}`), "templates[main].retryStrategy: retryStrategy: not supported yet"},
		{template(image + `timeout: 5s`), "templates[main].timeout: timeout: not supported yet"},
		{template(image + `daemon: true`), "templates[main].daemon: daemon: not supported yet"},
		{template(image + `memoize: {key: k, cache: {configMap: {name: c}}}`), "templates[main].memoize: memoize: not supported yet"},
		{template(image + `synchronization: {mutexes: [{name: m}]}`), "templates[main].synchronization: synchronization: not supported yet"},
		{template(image + `metrics: {prometheus: []}`), "templates[main].metrics: metrics: not supported yet"},
		{template(image + `podSpecPatch: "{}"`), "templates[main].podSpecPatch: podSpecPatch: not supported yet"},
		{template(image + `inputs: {artifacts: [{name: a}]}`), "templates[main].inputs.artifacts: artifacts: not supported yet"},
		{template(image + `outputs: {artifacts: [{name: a, path: /a}]}`), "templates[main].outputs.artifacts: artifacts: not supported yet"},
		{template(image + `outputs: {parameters: [{name: a, globalName: g, valueFrom: {path: /a}}]}`), "templates[main].outputs.parameters[a].globalName: globalName: not supported yet"},
		{template(`suspend: {}`), "templates[main].suspend: suspend: not supported yet"},
		{template(`http: {url: x}`), "templates[main].http: http: not supported yet"},
		{template(`resource: {action: get}`), "templates[main].resource: resource: not supported yet"},
		{template(image + `script: {image: a, command: [sh], source: x}`), "templates[main]: is of several kinds: container, script"},
		{template(`inputs: {}`), "templates[main]: does nothing: it has no container, script, dag or steps"},
		{template(image+`nodeSelector: {}`) + "  onExit: main\n", "spec.onExit: onExit: not supported yet"},
		{template(image+`nodeSelector: {}`) + "  parallelism: 2\n", "spec.parallelism: parallelism: not supported yet"},
		{template(image+`nodeSelector: {}`) + "  activeDeadlineSeconds: 2\n", "spec.activeDeadlineSeconds: activeDeadlineSeconds: not supported yet"},
		{template(image+`nodeSelector: {}`) + "  templateDefaults: {timeout: 1s}\n", "spec.templateDefaults: templateDefaults: not supported yet"},
		{template(image+`nodeSelector: {}`) + "  arguments: {artifacts: [{name: a}]}\n", "arguments.artifacts: artifacts: not supported yet"},
		{template(`container: {image: a, args: ["{{=1+1}}", "{{retries}}", "{{inputs.artifacts.a.path}}"]}`),
			"templates[main].container.args[0]: expression tags are not supported yet: {{=1+1}}\n" +
				"templates[main].container.args[1]: {{retries}}: this variable is not supported yet\n" +
				"templates[main].container.args[2]: {{inputs.artifacts.a.path}}: artifacts are not supported yet"},
		{template(`plugin: {podflow: {func: price}}`), `templates[main].plugin: needs the Go function "price", which this program does not have`},
		{template(`plugin: {hello: {}}`), `templates[main].plugin: plugin: not supported yet`},
		{"{}", "line 1: apiVersion: missing; expected \"argoproj.io/v1alpha1\"\nline 1: kind: missing; expected one of ClusterWorkflowTemplate, CronWorkflow, Workflow, WorkflowEventBinding, WorkflowTemplate"},
		{"", "expected one Workflow, found 0 of 0 objects"},
	} {
		_, err := workflow.Load(strings.NewReader(tt.yaml))
		assert.Equal(t, strings.Split(tt.want, "\n"), problems(err), tt.yaml)
	}
}

// What Argo accepts and takes no notice of is a warning.
func TestWarnings(t *testing.T) {
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  podGC: {strategy: OnPodCompletion}
  arguments: {parameters: [{name: unused, value: x}]}
  templates:
  - name: main
    steps: [[{name: A, template: echo, arguments: {parameters: [{name: message, value: hello}, {name: mesage, value: x}]}}]]
  - name: echo
    inputs: {parameters: [{name: message}]}
    container: {image: a, args: ["{{inputs.parameters.message}}"]}
`))
	require.NoError(t, err)
	assert.Equal(t, []workflow.Error{
		{Path: "spec.podGC", Problem: "nothing acts on podGC"},
		{Path: "templates[main].steps[A].arguments.parameters[mesage]", Problem: `template "echo" has no input "mesage"; did you mean "message"?`},
	}, wf.Warnings())
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	assert.Len(t, run.Node("[0].A").Inputs, 1)
}

// A parameter without a value needs one when the run begins.
func TestLoadNeedsArguments(t *testing.T) {
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: w-}
spec:
  entrypoint: echo
  arguments: {parameters: [{name: message}, {name: other, enum: [a, b], value: a}]}
  templates:
  - name: echo
    inputs: {parameters: [{name: message}]}
    container: {image: a, args: ["{{inputs.parameters.message}} {{workflow.parameters.other}}"]}
`))
	require.NoError(t, err)
	_, err = wf.Run(t.Context(), fake.New(t))
	assert.EqualError(t, err, "arguments.parameters[message]: needs a value")
	_, err = wf.Run(t.Context(), fake.New(t), message.Set("x"), workflow.Param[string]("other").Set("c"))
	assert.EqualError(t, err, `arguments.parameters[other]: the value "c" is not one of the enum`)
	x := fake.New(t)
	_, err = wf.Run(t.Context(), x, message.Set(`{"a": "{{workflow.name}}"}`), workflow.Param[string]("other").Set("b"))
	require.NoError(t, err)
	c, err := x.Calls()[0].Template()
	require.NoError(t, err)
	assert.Equal(t, []string{`{"a": "{{workflow.name}}"} b`}, c.Container.Args)
}
