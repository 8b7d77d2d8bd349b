package command_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

const message = workflow.Param[string]("message")

func hello() (*workflow.Workflow, error) {
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
		stdout string
		stderr string
	}{
		{"local is the default", nil, 0, "[0].hello: world\n", "Succeeded  [0].hello"},
		{"a parameter", []string{"-p", "message=moon"}, 0, "[0].hello: moon\n", "Succeeded  [0].hello"},
		{"fake runs nothing", []string{"-executor", "fake"}, 0, "[0].hello: busybox [\"echo\" \"world\"]\n", "Succeeded  [0].hello"},
		{"help", []string{"-h"}, 0, "", "-namespace"},
		{"no such flag", []string{"-x"}, 2, "", "flag provided but not defined: -x"},
		{"an argument that is no flag", []string{"k8s", "-p", "message=moon"}, 2, "", "\"k8s\": expected flags only\nUsage"},
		{"no name", []string{"-p", "moon"}, 2, "", "expected name=value"},
		{"no such format", []string{"-print", "png"}, 1, "", "-print png: expected yaml, dot or mermaid\n"},
		{"no such executor", []string{"-executor", "moon"}, 1, "", "-executor moon: expected local, fake or k8s\n"},
		{"no node", []string{"-o", "moon"}, 2, "", "expected node=value"},
		{"no such directory", []string{"-templates", "no-such-directory"}, 1, "", "no-such-directory"},
		{"no such parameter", []string{"-p", "mesage=x"}, 1, "",
			"arguments.parameters[mesage]: the workflow has no parameter \"mesage\"; did you mean \"message\"?\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := command.Run(t.Context(), c.args, &stdout, &stderr, command.Plain(hello))
			assert.Equal(t, c.code, code)
			assert.Equal(t, c.stdout, stdout.String())
			assert.Contains(t, stderr.String(), c.stderr)
		})
	}
}

// On the fake, what a workflow wants of its nodes is said by name or by path, and nobody has to resume.
func TestRehearsal(t *testing.T) {
	build := func() (*workflow.Workflow, error) {
		var coin workflow.Result[string]
		approved := workflow.Output[bool]("approved")
		flip := workflow.Container("flip", "busybox").Command("flip").Outputs(coin)
		say := workflow.Container("say", "busybox").Inputs(message).Command("echo", message.Ref())
		s := steps.New("main")
		first := s.Step("flip", flip)
		second := s.Step("flip-again", flip)
		ask := s.Step("ask", workflow.Suspend("approval").Outputs(approved.Supplied()))
		s.Step("say", say, message.From(workflow.Textf("%s %s", coin.Of(first), coin.Of(second)))).When(approved.Of(ask).Is(true))
		return workflow.New("coins-", s)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"-executor", "fake", "-o", "flip-again=heads", "-o", "[2].ask=true"}
	assert.Zero(t, command.Run(t.Context(), args, &stdout, &stderr, command.Plain(build)), stderr.String())
	assert.Equal(t, "[0].flip: busybox [\"flip\"]\n[1].flip-again: busybox [\"flip\"]\n[3].say: busybox [\"echo\" \"1 heads\"]\n", stdout.String())
}

func TestPrint(t *testing.T) {
	wf, err := hello()
	require.NoError(t, err)
	yaml, err := wf.YAML()
	require.NoError(t, err)
	for format, want := range map[string]string{"yaml": string(yaml), "dot": wf.DOT(), "mermaid": wf.Mermaid()} {
		var stdout, stderr bytes.Buffer
		assert.Zero(t, command.Run(t.Context(), []string{"-print", format}, &stdout, &stderr, command.Plain(hello)))
		assert.Equal(t, want, stdout.String())
		assert.Empty(t, stderr.String())
	}
}

func TestRunFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := command.Run(t.Context(), nil, &stdout, &stderr, command.Plain(func() (*workflow.Workflow, error) {
		return workflow.New("fails-", workflow.Script("no", "busybox", "sh", "echo before; exit 3"))
	}))
	assert.Equal(t, 1, code)
	assert.Equal(t, "before\n", stdout.String())
	assert.Contains(t, stderr.String(), "exit code 3")
}

// The end of the context is that of an interrupt: what is at work is stopped and waited for.
func TestRunIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var stderr bytes.Buffer
	began, progress := io.Pipe()
	defer progress.Close()
	result := make(chan int, 1)
	go func() {
		result <- command.Run(ctx, nil, io.Discard, io.MultiWriter(&stderr, progress), command.Plain(func() (*workflow.Workflow, error) {
			return workflow.New("long-", workflow.Container("long", "busybox").Command("sleep", "600"))
		}))
	}()
	lines := bufio.NewReader(began)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if strings.Contains(line, "Running") {
			break
		}
	}
	cancel(errors.New("interrupted"))
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	assert.Equal(t, 1, <-result)
	assert.Contains(t, stderr.String(), "interrupted")
}
