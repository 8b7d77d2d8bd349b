package spec_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"

// problems are the lines of Decode's error.
func problems(t *testing.T, input string) []string {
	t.Helper()
	objects, err := spec.Decode(strings.NewReader(input))
	require.Error(t, err)
	assert.Empty(t, objects)
	return strings.Split(err.Error(), "\n")
}

func TestDecodeProblems(t *testing.T) {
	tests := map[string]struct {
		input string
		want  []string
	}{
		"not YAML": {"a: [1", []string{`line 1: not YAML: did not find expected ',' or ']'`}},
		"no object": {"- a", []string{
			"line 1: expected an object with apiVersion and kind, got a list",
		}},
		"no kind": {"metadata: {name: a}", []string{
			`line 1: apiVersion: missing; expected "argoproj.io/v1alpha1"`,
			"line 1: kind: missing; expected one of ClusterWorkflowTemplate, ConfigMap, CronWorkflow, PersistentVolumeClaim, ResourceQuota, Workflow, WorkflowEventBinding, WorkflowTemplate",
		}},
		"misspelt kind": {"apiVersion: argoproj.io/v1\nkind: Workfow", []string{
			`line 2: kind: unknown kind "Workfow"; did you mean "Workflow"?`,
		}},
		"another kind": {"apiVersion: v1\nkind: Pod", []string{
			`line 2: kind: unknown kind "Pod"; expected one of ClusterWorkflowTemplate, ConfigMap, CronWorkflow, PersistentVolumeClaim, ResourceQuota, Workflow, WorkflowEventBinding, WorkflowTemplate`,
		}},
		"another kind's version": {"apiVersion: argoproj.io/v1\nkind: Workflow\n---\napiVersion: argoproj.io/v1alpha1\nkind: ConfigMap", []string{
			`line 1: apiVersion: unknown version "argoproj.io/v1"; expected "argoproj.io/v1alpha1"`,
			`line 4: apiVersion: unknown version "argoproj.io/v1alpha1"; expected "v1"`,
		}},
		"a secret": {"apiVersion: v1\nkind: Secret\nstringData: {password: hunter2}", []string{
			"line 2: kind: a Secret is not read: secrets do not belong into files that are kept",
		}},
		"kinds of Kubernetes": {"apiVersion: v1\nkind: ConfigMap\ndata: {limit: 2}\n---\nkind: PersistentVolumeClaim\nspec: {accessMode: [ReadWriteOnce]}", []string{
			"line 3: data[limit]: expected a string, got a number; put it in quotes",
			`line 5: apiVersion: missing; expected "v1"`,
			`line 6: spec.accessMode: unknown field; did you mean "accessModes"?`,
		}},
		"all problems at once, each with its path and line": {head + `metadata:
  labels: {a: 1, "b[c]": [x]}
spec:
  entrypont: a
  parallelism: many
  templates:
  - name: echo
    container: {image: a, comand: [b], resources: {limits: {cpu: lots}}, args: [1, true]}
  - inputs: {parameters: [{name: x, value: [1]}, {default: {}}]}
    steps: [[{name: s, tasks: []}, {when: [a]}], {name: t}]
  - name: diamond
    dag:
      tasks:
      - {name: B, depend: A}
      - {name: C, arguments: {parameters: [{name: x, valu: 1}]}, continueOn: {failed: "true"}}
`, []string{
			`line 4: metadata.labels[a]: expected a string, got a number; put it in quotes`,
			`line 4: metadata.labels[b[c]]: expected a string, got a list`,
			`line 6: spec.entrypont: unknown field; did you mean "entrypoint"?`,
			`line 7: spec.parallelism: expected a whole number of at most 64 bits, got a string`,
			`line 10: spec.templates[echo].container.comand: unknown field; did you mean "command"?`,
			`line 10: spec.templates[echo].container.resources.limits[cpu]: expected a quantity as 500m or 1Gi, got a string`,
			`line 10: spec.templates[echo].container.args[0]: expected a string, got a number; put it in quotes`,
			`line 10: spec.templates[echo].container.args[1]: expected a string, got a boolean; put it in quotes`,
			`line 11: spec.templates[1].inputs.parameters[x].value: expected a string, a number or a boolean, got a list`,
			`line 11: spec.templates[1].inputs.parameters[1].default: expected a string, a number or a boolean, got an object`,
			`line 12: spec.templates[1].steps[0][s].tasks: unknown field`,
			`line 12: spec.templates[1].steps[0][1].when: expected a string, got a list`,
			`line 12: spec.templates[1].steps[t]: expected a list, got an object`,
			`line 16: spec.templates[diamond].dag.tasks[B].depend: unknown field; did you mean "depends"?`,
			`line 17: spec.templates[diamond].dag.tasks[C].arguments.parameters[x].valu: unknown field; did you mean "value"?`,
			`line 17: spec.templates[diamond].dag.tasks[C].continueOn.failed: expected true or false, got a string`,
		}},
		"keys": {head + "spec:\n  entrypoint: a\n  onExit: b\n  entrypoint: c\n  [x]: d\n  1: e", []string{
			"line 6: spec.entrypoint: is on line 4 already",
			"line 7: spec: expected a string as key, got a list",
			"line 8: spec.1: unknown field",
		}},
		"keys of maps and items": {head + "metadata: {labels: {a: b, a: c}}\nspec: {templates: [{steps: [[{withItems: [{a: 1, a: 2}]}]]}]}", []string{
			"line 3: metadata.labels.a: is on line 3 already",
			"line 4: spec.templates[0].steps[0][0].withItems[0].a: is on line 4 already",
		}},
		"numbers": {head + `spec:
  priority: 3000000000
  activeDeadlineSeconds: 1.5
  podGC: 7
  templates:
  - retryStrategy: {limit: 1.5}
    inputs: {artifacts: [{name: a, mode: 0o777, git: {depth: -1}}]}
    metrics: {prometheus: [{histogram: {buckets: [.inf, big, 1]}}]}
    http: {bodyFrom: {bytes: "%"}}
`, []string{
			"line 4: spec.priority: expected a whole number of at most 32 bits, got a number",
			"line 5: spec.activeDeadlineSeconds: expected a whole number of at most 64 bits, got a number",
			"line 6: spec.podGC: expected an object, got a number",
			"line 8: spec.templates[0].retryStrategy.limit: expected a whole number or a string, got a number",
			"line 9: spec.templates[0].inputs.artifacts[a].git.depth: expected a whole number from 0, got a number",
			"line 10: spec.templates[0].metrics.prometheus[0].histogram.buckets[0]: expected a finite number, got a number",
			"line 10: spec.templates[0].metrics.prometheus[0].histogram.buckets[1]: expected a finite number, got a string",
			"line 11: spec.templates[0].http.bodyFrom.bytes: expected base64, got a string",
		}},
		"text or boolean": {head + "spec:\n  suspend: yes\n  entrypoint: yes\n  arguments: {parameters: [{name: a, value: Off}, {name: b, value: \"off\"}]}", []string{
			"line 5: spec.entrypoint: versions of YAML disagree on yes: put it in quotes, or write true or false",
			"line 6: spec.arguments.parameters[a].value: versions of YAML disagree on Off: put it in quotes, or write true or false",
		}},
		"y or n": {head + "spec:\n  suspend: y\n  hostNetwork: N\n  entrypoint: y\n  onExit: 'n'\n  templates: [{steps: [[{withItems: [{x: 1, y: N}]}]]}]", []string{
			"line 6: spec.entrypoint: versions of YAML disagree on y: put it in quotes, or write true or false",
			"line 8: spec.templates[0].steps[0][0].withItems[0].y: versions of YAML disagree on y: put it in quotes, or write true or false",
			"line 8: spec.templates[0].steps[0][0].withItems[0][y]: versions of YAML disagree on N: put it in quotes, or write true or false",
		}},
		"tags": {head + "spec: {entrypoint: !x a, onExit: !!binary YQ==, templates: [{daemon: !!bool maybe}]}", []string{
			"line 3: spec.entrypoint: expected a string, got a value of type !x",
			"line 3: spec.onExit: expected a string, got a value of type !!binary",
			"line 3: spec.templates[0].daemon: expected true or false, got a boolean",
		}},
		"times": {head + "metadata: {creationTimestamp: today}", []string{
			"line 3: metadata.creationTimestamp: expected a time as 2006-01-02T15:04:05Z, got a string",
		}},
		"the second document": {head + "---\n" + head + "spec: {x: 1}", []string{
			"line 6: spec.x: unknown field",
		}},
		"JSON": {`{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
"spec": {"templates": [{"name": "a", "script": {"sorce": "x"}}]}}`, []string{
			`line 2: spec.templates[a].script.sorce: unknown field; did you mean "source"?`,
		}},
		"an alias's problem is where it is written": {head + "metadata: {labels: &a [1]}\nspec: {nodeSelector: *a}", []string{
			"line 3: metadata.labels: expected an object, got a list",
			"line 3: spec.nodeSelector: expected an object, got a list",
		}},
		"merge keys": {head + "metadata: {labels: {<<: 1}}\nspec: {templates: [{<<: {nam: a}}]}", []string{
			"line 3: metadata.labels.<<: expected an object or a list of objects, got a number",
			`line 4: spec.templates[0].nam: unknown field; did you mean "name"?`,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, problems(t, test.input)) })
	}
}

// TestDecodeRefuses is fields that look as if Argo had them.
func TestDecodeRefuses(t *testing.T) {
	tests := map[string]string{
		"spec: {ttlSecondsAfterFinished: 1}":                                   "spec.ttlSecondsAfterFinished",
		"spec: {podPriority: 1}":                                               "spec.podPriority",
		"spec: {synchronization: {mutex: {name: a}}}":                          "spec.synchronization.mutex",
		"spec: {synchronization: {semaphore: {}}}":                             "spec.synchronization.semaphore",
		"spec: {timeout: 1m}":                                                  "spec.timeout",
		"spec: {schedule: '* * * * *'}":                                        "spec.schedule",
		"spec: {templates: [{template: a}]}":                                   "spec.templates[0].template",
		"spec: {templates: [{resubmitPendingPods: true}]}":                     "spec.templates[0].resubmitPendingPods",
		"spec: {templates: [{container: {source: a}}]}":                        "spec.templates[0].container.source",
		"spec: {templates: [{script: {mirrorVolumeMounts: true}}]}":            "spec.templates[0].script.mirrorVolumeMounts",
		"spec: {templates: [{dag: {steps: []}}]}":                              "spec.templates[0].dag.steps",
		"spec: {templates: [{dag: {tasks: [{timeout: 1m}]}}]}":                 "spec.templates[0].dag.tasks[0].timeout",
		"spec: {templates: [{steps: [[{depends: a}]]}]}":                       "spec.templates[0].steps[0][0].depends",
		"spec: {templates: [{steps: [[{dependencies: [a]}]]}]}":                "spec.templates[0].steps[0][0].dependencies",
		"spec: {templates: [{inputs: {result: a}}]}":                           "spec.templates[0].inputs.result",
		"spec: {arguments: {parameters: [{type: string}]}}":                    "spec.arguments.parameters[0].type",
		"spec: {templates: [{outputs: {artifacts: [{s3: {prefix: a}}]}}]}":     "spec.templates[0].outputs.artifacts[0].s3.prefix",
		"spec: {templates: [{retryStrategy: {maxRetries: 1}}]}":                "spec.templates[0].retryStrategy.maxRetries",
		"spec: {templates: [{retryStrategy: {affinity: {nodeAffinity: {}}}}]}": "spec.templates[0].retryStrategy.affinity.nodeAffinity",
		"spec: {templates: [{suspend: {until: a}}]}":                           "spec.templates[0].suspend.until",
		"spec: {volumes: [{emptyDir: {size: 1Gi}}]}":                           "spec.volumes[0].emptyDir.size",
		"spec: {workflowTemplateRef: {template: a}}":                           "spec.workflowTemplateRef.template",
		"metadata: {clusterName: a}":                                           "metadata.clusterName",
		"templates: []":                                                        "templates",
	}
	for input, path := range tests {
		t.Run(path, func(t *testing.T) {
			_, err := spec.Decode(strings.NewReader(head + input))
			var problem *spec.DecodeError
			require.ErrorAs(t, err, &problem)
			assert.Equal(t, path, problem.Path)
			assert.Equal(t, 3, problem.Line)
			assert.Contains(t, problem.Problem, "unknown field")
		})
	}
}

func TestDecodeLimits(t *testing.T) {
	t.Run("aliases that grow", func(t *testing.T) {
		var b strings.Builder
		b.WriteString(head + "spec: {templates: [{steps: [[{withItems:\n- &a0 [x, x, x, x, x, x, x, x, x]\n")
		for i := range 12 {
			before, name := "*a"+string(rune('0'+i%10)), "a"+string(rune('0'+(i+1)%10))
			b.WriteString("- &" + name + " [" + strings.Repeat(before+",", 9) + "]\n")
		}
		b.WriteString("}]]}]}")
		assert.Equal(t, []string{"aliases add more than 100000 values"}, texts(problems(t, flow(b.String()))))
	})
	t.Run("an alias of what it is in", func(t *testing.T) {
		assert.Equal(t, []string{"deeper than 100 levels"}, texts(problems(t, head+"spec: &a {templateDefaults: {dag: {tasks: [{inline: {plugin: &b {x: *b}}}]}}}")))
		assert.Equal(t, []string{"deeper than 100 levels"}, texts(problems(t, head+"spec: {nodeSelector: &a {<<: *a}}")))
		assert.Equal(t, []string{"deeper than 100 levels"}, texts(problems(t, head+"spec: {templateDefaults: &a {dag: {tasks: [{inline: *a}]}}}")))
	})
	t.Run("merge keys that grow", func(t *testing.T) {
		many := strings.Repeat("*a,", 200)
		got := texts(problems(t, head+"spec: {nodeSelector: &a {<<: ["+many+"{x: y}]}}"))
		assert.Equal(t, "deeper than 100 levels", got[0])
	})
	t.Run("depth", func(t *testing.T) {
		nested := strings.Repeat("[", 90) + strings.Repeat("]", 90)
		_, err := spec.Decode(strings.NewReader(head + "spec: {templates: [{dag: {tasks: [{withItems: [" + nested + "]}]}}]}"))
		require.NoError(t, err)
		nested = strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
		assert.Equal(t, []string{"deeper than 100 levels"}, texts(problems(t, head+"spec: {templates: [{dag: {tasks: [{withItems: ["+nested+"]}]}}]}")))
		problems(t, strings.Repeat("[", 1<<20))
		problems(t, strings.Repeat("- ", 1<<19))
	})
	t.Run("length", func(t *testing.T) {
		_, err := spec.Decode(io.LimitReader(spaces{}, spec.MaxBytes+1))
		require.EqualError(t, err, "the input is longer than 33554432 bytes")
	})
	t.Run("problems", func(t *testing.T) {
		got := problems(t, head+"spec: {schedules: "+strings.Repeat("[", 3)+"], templates: ["+strings.Repeat("1,", 10_000)+"]}")
		assert.Len(t, got, 1, "a syntax error is the only one")
		got = problems(t, head+"spec: {templates: ["+strings.Repeat("1,", 10_000)+"]}")
		assert.Len(t, got, spec.MaxProblems+1)
		assert.Equal(t, "there are more than 100 problems", got[spec.MaxProblems])
	})
	t.Run("a number's length", func(t *testing.T) {
		digits := strings.Repeat("1", 4<<20)
		for _, number := range []string{"!!int " + digits, "!!int 1_" + digits, "!!int 0x" + digits} {
			assert.Equal(t, []string{"expected a value that JSON has, got a number"}, texts(problems(t, head+"spec: {arguments: {parameters: [{value: "+number+"}]}}")))
		}
	})
	t.Run("reading", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := spec.Decode(io.MultiReader(strings.NewReader(head), failing{broken}))
		require.ErrorIs(t, err, broken)
	})
}

// texts are the problems without line and path.
func texts(problems []string) []string {
	for i, p := range problems {
		problems[i] = p[strings.LastIndex(p, ": ")+2:]
	}
	return problems
}

// flow joins lines that begin with "- " to a flow list.
func flow(s string) string {
	first, rest, _ := strings.Cut(s, "withItems:\n- ")
	return first + "withItems: [" + strings.ReplaceAll(strings.Replace(rest, "\n}", "]}", 1), "\n- ", ", ")
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
