package workflow_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Tags are live in what the program writes, and only there: neither in the arguments of a run nor in what a node gave.
func TestWhereTagsAreLive(t *testing.T) {
	const tags = "{{workflow.name}} {{=1 + 1}} {{nothing.at.all}} {{"
	const live = "w 2 {{nothing.at.all}} {{"
	echo := echoTemplate()
	leaf := workflow.Container("leaf", "alpine:3.23").Inputs(message).Outputs(rowsText.File("/rows")).
		Env("A", message.Ref()).Command("echo", message.Ref(), message.OfWorkflow().Ref())
	d := dag.New("main").Inputs(message)
	d.Task("set", echo, message.Set(tags))
	d.Task("textf", echo, message.From(workflow.Textf(tags)))
	given := d.Task("given", leaf, message.Pass())
	d.Task("gave", echo, message.From(rowsText.Of(given)))
	d.Task("if", echo, message.From(workflow.If(message.Is(tags), message, rowsText.Of(given))))

	texts := func(wf *workflow.Workflow, opts ...workflow.RunOption) map[string][]string {
		var mu sync.Mutex
		seen := map[string][]string{}
		x := fake.New(t)
		for _, name := range []string{"set", "textf", "given", "gave", "if"} {
			x.OnFunc(name, func(k *executor.Task) (fake.Outcome, error) {
				filled, err := k.Template()
				if err != nil {
					return fake.Outcome{}, err
				}
				mu.Lock()
				defer mu.Unlock()
				seen[name] = filled.Container.Command[1:]
				for _, e := range filled.Container.Env {
					seen[name] = append(seen[name], e.Value)
				}
				if name == "given" {
					return fake.Succeed(rowsText.Set(tags)), nil
				}
				return fake.Succeed(), nil
			})
		}
		_, err := wf.Run(t.Context(), x, opts...)
		require.NoError(t, err)
		return seen
	}
	want := map[string][]string{"set": {live}, "textf": {live}, "given": {tags, tags, tags}, "gave": {tags}, "if": {tags}}
	assert.Equal(t, want, texts(workflow.Must(workflow.New("w", d)), message.Set(tags)))

	want["given"] = []string{live, live, live}
	assert.Equal(t, want, texts(workflow.Must(workflow.New("w", d, message.Set(tags)))))
}
