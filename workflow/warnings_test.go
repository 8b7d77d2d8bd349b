package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/workflow"
)

// A tag that begins with nearly a word of the language is more likely a mistake than another language's.
func TestWarningsOfMisspeltTags(t *testing.T) {
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message.Default("{{Workflow.name}}")).
		Command("echo", "{{inptus.parameters.message}} {{.Values.x}} {{user.name}} {{inputs.parameters.message}}")
	d := dag.New("main")
	d.Task("A", echo, message.Set("{{task.B.outputs.result}}"))
	wf, err := workflow.New("x-", d)
	require.NoError(t, err)
	assert.ElementsMatch(t, []workflow.Error{
		{Path: "templates[echo].inputs.parameters[message]",
			Problem: "{{Workflow.name}} is no tag of the language and stays as it is; did you mean {{workflow.name}}?"},
		{Path: "templates[main].tasks[A].arguments.parameters[message]",
			Problem: "{{task.B.outputs.result}} is no tag of the language and stays as it is; did you mean {{tasks.B.outputs.result}}?"},
		{Path: "templates[echo].container.command[1]",
			Problem: "{{inptus.parameters.message}} is no tag of the language and stays as it is; did you mean {{inputs.parameters.message}}?"},
	}, wf.Warnings())
}
