package command_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

const message = workflow.Param[string]("message")

func hello([]string) (*workflow.Workflow, error) {
	say := workflow.Container("say", "busybox").Inputs(message).Command("echo", message.Ref())
	s := steps.New("main").Inputs(message)
	s.Step("hello", say, message.Pass())
	return workflow.New("hello-", s, message.Set("world"))
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stdout []string
		stderr string
	}{
		{"local is the default", nil, 0, []string{"Succeeded  [0].hello", "hello: world\n"}, ""},
		{"a parameter", []string{"-p", "message=moon"}, 0, []string{"hello: moon\n"}, ""},
		{"fake runs nothing", []string{"-executor", "fake"}, 0, []string{"Succeeded  [0].hello"}, ""},
		{"yaml", []string{"-print", "yaml"}, 0, []string{"kind: Workflow", "generateName: hello-"}, ""},
		{"dot", []string{"-print", "dot"}, 0, []string{"digraph", "hello"}, ""},
		{"mermaid", []string{"-print", "mermaid"}, 0, []string{"flowchart TD"}, ""},
		{"no such format", []string{"-print", "png"}, 1, nil, "-print png: expected yaml, dot or mermaid\n"},
		{"no such executor", []string{"-executor", "moon"}, 1, nil, "-executor moon: expected local, fake or k8s\n"},
		{"no such parameter", []string{"-p", "mesage=x"}, 1, nil,
			"arguments.parameters[mesage]: the workflow has no parameter \"mesage\"; did you mean \"message\"?\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := command.Run(t.Context(), c.args, &stdout, &stderr, hello)
			assert.Equal(t, c.code, code)
			assert.Equal(t, c.stderr, stderr.String())
			for _, want := range c.stdout {
				assert.Contains(t, stdout.String(), want)
			}
		})
	}
}

func TestRunFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := command.Run(t.Context(), nil, &stdout, &stderr, func([]string) (*workflow.Workflow, error) {
		return workflow.New("fails-", workflow.Container("no", "busybox").Command("false"))
	})
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr.String(), "exit code 1")
}
