package workflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
)

// What is wrong is refused, with its path.
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
	const dag = "dag: {tasks: [{name: A, inline: {container: {image: a}}}]}, "
	for _, tt := range []struct{ yaml, want string }{
		{task(`depends: A, dependencies: [A]`), `templates[main].tasks[B].dependencies: a dag has dependencies or depends, not both: write "depends: A"`},
		{task(`depends: A.Failed, continueOn: {failed: true}`), "templates[main].tasks[B].continueOn: is not for a dag with depends: write the ends that are good enough into the depends of those that wait for it"},
		{task(`depends: "A.Faild"`), `templates[main].tasks[B].depends: column 3: no condition "Faild"; did you mean "Failed"?`},
		{task(`depends: "A &&"`), "templates[main].tasks[B].depends: column 5: unexpected end; expected the name of a task, ! or ("},
		{task(`depends: "X || A"`), `templates[main].tasks[B].depends: no task "X"; did you mean "A"?`},
		{task(`when: "a == == b"`), "templates[main].tasks[B].when: Cannot transition token types from COMPARATOR [==] to COMPARATOR [==]; a value that is more than letters, digits and _ needs quotes around it"},
		{task(`when: "{{tasks.A.status}} == Succeeded"`), "templates[main].tasks[B].when: {{tasks.A.status}}: task \"A\" does not run before this one: name it in the dependencies"},
		{task(`when: "{{item}} == 1"`), "templates[main].tasks[B].when: {{item}}: there is no loop here: only the arguments, the condition and the hooks of a task or step with withItems, withParam or withSequence have an item"},
		{task(`withItems: [1], withParam: "[1]"`), "templates[main].tasks[B]: has more than one of withItems, withParam and withSequence"},
		{task(`withParam: "{}"`), "templates[main].tasks[B].withParam: expected a JSON list, not an object"},
		{task(`withSequence: {}`), "templates[main].tasks[B].withSequence: needs one of count and end"},
		{task(`withSequence: {count: 1, end: 2}`), "templates[main].tasks[B].withSequence: needs one of count and end"},
		{task(`withSequence: {count: x}`), `templates[main].tasks[B].withSequence.count: "x" is not a number`},
		{task(`withSequence: {count: 1, format: "%s"}`), `templates[main].tasks[B].withSequence.format: format "%s": "%s" is not for a whole number; expected a verb like %d, %03d or %x`},
		{task(`hooks: {late: {template: c}}`), "templates[main].tasks[B].hooks[late].expression: there is none: only the hook called exit needs no condition"},
		{task(`hooks: {exit: {template: d}}`), `templates[main].tasks[B].hooks[exit].template: no template "d"; did you mean "c"?`},
		{task(`inline: {container: {image: a}}`), "templates[main].tasks[B]: has more than one of template, templateRef and inline"},
		{step(`when: "{{steps.X.status}} == Failed"`), `templates[main].steps[B].when: {{steps.X.status}}: no step "X"; did you mean "B"?`},
		{head + "  templates:\n" + leaf + "  - name: main\n    steps: [[{name: B, templateRef: {name: x, template: z}}]]\n",
			`templates[main].steps[B].templateRef: "x" is not known: no source of templates was given that has it`},
		{template(image + `retryStrategy: {limit: x}`), `templates[main].retryStrategy.limit: "x" is not a number`},
		{template(image + `retryStrategy: {retryPolicy: Allways}`), `templates[main].retryStrategy.retryPolicy: "Allways" is not one of Always, OnFailure, OnError, OnTransientError; did you mean "Always"?`},
		{template(image + `retryStrategy: {limit: 1, backoff: {factor: 2}}`), "templates[main].retryStrategy.backoff.duration: there is none: it is how long to wait the first time"},
		{template(image + `retryStrategy: {expression: "lastRetry.code > 1"}`), "templates[main].retryStrategy.expression: lastRetry.code: no such variable; lastRetry has exitCode, status, duration, message"},
		{template(image + `timeout: soon`), `templates[main].timeout: expected a duration like 30, 30s or 1h30m, not "soon"`},
		{template(dag + `timeout: 5s`), "templates[main].timeout: a dag template has none: give it to the templates that it calls, or the workflow an activeDeadlineSeconds"},
		{template(`suspend: {}, outputs: {parameters: [{name: a, valueFrom: {path: /a}}]}`), "templates[main].outputs.parameters[a].valueFrom: has no supplied: a suspension's outputs are given by who resumes it"},
		{template(`resource: {action: get}, outputs: {parameters: [{name: a, valueFrom: {path: /a}}]}`), "templates[main].outputs.parameters[a].valueFrom: has no jsonPath or jqFilter: it is what to take from the object"},
		{template(image+`nodeSelector: {}`) + "  onExit: man\n", `spec.onExit.template: no template "man"; did you mean "main"?`},
		{template(image+`nodeSelector: {}`) + "  shutdown: Stop\n", "spec.shutdown: shutdown: not supported yet"},
		{template(`container: {image: a, args: ["{{=1+}}", "{{retrys}}", "{{inputs.artifacts.a.path}}", "{{=inputs.parameters.x}}", "{{workflow.outputs.parameters.g}}"]}`),
			"templates[main].container.args[0]: {{=1+}}: column 2: unexpected token EOF\n" +
				"templates[main].container.args[2]: {{inputs.artifacts.a.path}}: template \"main\" declares no input artifact \"a\"\n" +
				"templates[main].container.args[3]: {{=inputs.parameters.x}}: inputs.parameters.x: template \"main\" declares no input \"x\"\n" +
				"templates[main].container.args[4]: {{workflow.outputs.parameters.g}}: no template has an output with the globalName \"g\""},
		{template(`plugin: {podflow: {func: price}}`), `templates[main].plugin: needs the Go function "price", which this program does not have`},
		{"{}", "line 1: apiVersion: missing; expected \"argoproj.io/v1alpha1\"\nline 1: kind: missing; expected one of ClusterWorkflowTemplate, ConfigMap, CronWorkflow, PersistentVolumeClaim, ResourceQuota, Workflow, WorkflowEventBinding, WorkflowTemplate"},
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

// A parameter's value comes from a ConfigMap, whose name may be a parameter itself.
func TestConfigMapOfParameter(t *testing.T) {
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: echo
  arguments: {parameters: [{name: stage, value: test}]}
  templates:
  - name: echo
    inputs:
      parameters:
      - {name: message, valueFrom: {configMapKeyRef: {name: "settings-{{workflow.parameters.stage}}", key: greeting}}}
      - {name: other, valueFrom: {default: none, configMapKeyRef: {name: settings, key: missing}}}
    container: {image: a, args: ["{{inputs.parameters.message}} {{inputs.parameters.other}}"]}
`))
	require.NoError(t, err)
	config, err := source.Of(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings-live"}, Data: map[string]string{"greeting": "hello {{workflow.name}}"}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}},
	)
	require.NoError(t, err)
	x := fake.New(t)
	runner := workflow.NewRunner(x, workflow.WithConfig(config))
	defer runner.Close()

	_, err = runner.Start(t.Context(), wf)
	assert.EqualError(t, err, `templates[echo].inputs.parameters[message]: no ConfigMap "settings-test"; did you mean "settings-live"?`)

	run, err := runner.Start(t.Context(), wf, workflow.Param[string]("stage").Set("live"))
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	c, err := x.Calls()[0].Template()
	require.NoError(t, err)
	assert.Equal(t, []string{"hello {{workflow.name}} none"}, c.Container.Args, "a value is not looked at for tags")
}
