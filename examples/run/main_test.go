package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
	"github.com/podflow/podflow/workflow/source"
)

const hello = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: say
  arguments: {parameters: [{name: message, value: hello}]}
  templates:
  - name: say
    inputs: {parameters: [{name: message}]}
    container: {image: busybox, command: [echo], args: ["{{inputs.parameters.message}}"]}
`

const library = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: library}
spec:
  entrypoint: say
  arguments: {parameters: [{name: message, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}]}
  templates:
  - name: say
    inputs: {parameters: [{name: message}]}
    container: {image: busybox, command: [echo], args: ["{{inputs.parameters.message}}"]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: good day}
`

const several = `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 2 * * *"]
  workflowSpec: {workflowTemplateRef: {name: library}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: once-}
spec:
  entrypoint: twice
  templates:
  - name: twice
    inputs: {parameters: [{name: message, value: hello}]}
    steps:
    - - {name: said, templateRef: {name: library, template: say}, arguments: {parameters: [{name: message, value: once}]}}
`

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "workflow.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestOutput(t *testing.T) {
	templates := filepath.Dir(write(t, library))
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"a parameter", []string{write(t, hello), "-p", "message=bonjour"}, "bonjour\n"},
		{"a template", []string{write(t, library)}, "good day\n"},
		{"the first, a CronWorkflow", []string{write(t, several), "-templates", templates}, "good day\n"},
		{"by name", []string{write(t, several), "once-", "-templates", templates}, "[0].said: once\n"},
		{"templates in the same file", []string{write(t, several+"---"+library)}, "good day\n"},
	} {
		t.Run(tt.name, func(t *testing.T) { commandtest.PrintsArgs(t, tt.args, load, tt.want) })
	}
}

func TestErrors(t *testing.T) {
	file := write(t, hello)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "usage"},
		{[]string{file, "a", "b"}, "usage"},
		{[]string{write(t, "kind: Workflo\n")}, "Workflo"},
		{[]string{file, "goodbye-"}, `holds no workflow "goodbye-"; it has ["hello-"]`},
		{[]string{write(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")}, "holds no workflow to run"},
		{[]string{write(t, several)}, `no WorkflowTemplate "library"`},
	} {
		_, err := load(tt.args, &source.Memory{})
		assert.ErrorContains(t, err, tt.want)
	}
	_, err := load([]string{"no-such-file.yaml"}, &source.Memory{})
	require.ErrorIs(t, err, os.ErrNotExist)
}
