package workflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow"
)

const allKinds = `
templates:
- name: main
  steps:
  - - {name: list, template: list}
    - {name: make, template: make}
    - {name: set, template: set}
  - - {name: each, template: echo, withParam: "{{steps.list.outputs.result}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}
- name: list
  data:
    source: {artifactPaths: {name: bucket, s3: {bucket: b}}}
    transformation: [{expression: 'filter(data, {# endsWith ".log"})'}]
- name: make
  resource: {action: create, manifest: "kind: ConfigMap"}
- name: set
  containerSet: {containers: [{name: main, image: a}]}`

// Data, resource and containerSet templates are leaves that an executor runs: a fake as it is scripted.
func TestKindsFake(t *testing.T) {
	x := fake.New(t).On("list", fake.Succeed(workflow.Result[[]string]{}.Set([]string{"a.log", "b.log"})))
	run, err := loaded(t, allKinds).Run(t.Context(), x)
	require.NoError(t, err)
	assert.Equal(t, "b.log", input(run, "[1].each(1:b.log)"))
	for _, name := range []string{"list", "make", "set"} {
		assert.EqualValues(t, "Pod", run.Node("[0]."+name).Type, name)
	}
}

// An executor that lacks a kind refuses it by its path, before anything begins.
func TestKindsLocal(t *testing.T) {
	_, err := loaded(t, strings.Replace(allKinds, "template: echo", "template: echo, when: '1 == 2'", 1)).Run(t.Context(), local.New())
	for _, want := range []string{"templates[list].data.source.artifactPaths: artifact: there is no driver for s3", "templates[make].resource: not on the local executor", "templates[set].containerSet: not on the local executor"} {
		assert.ErrorContains(t, err, want)
	}
}

// Mistakes of a data template are found when it is read.
func TestDataProblems(t *testing.T) {
	for _, tt := range []struct{ data, want string }{
		{"{}", "templates[main].data.source: there is none: expected artifactPaths"},
		{"{source: {raw: a, artifactPaths: {name: b}}}", "templates[main].data.source: has both artifactPaths and raw"},
		{"{source: {artifactPaths: {name: b}}, transformation: [{expression: 'filter('}]}", "templates[main].data.transformation[0].expression: column "},
		{"{source: {artifactPaths: {name: b}}, transformation: [{expression: data}, {expression: 'dat[0]'}]}",
			`templates[main].data.transformation[1].expression: no such variable: "dat"; there is only data, which is what came in`},
	} {
		_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, data: " + tt.data + "}")))
		assert.ErrorContains(t, err, tt.want, tt.data)
	}
}
