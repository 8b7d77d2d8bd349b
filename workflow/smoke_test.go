package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

const message = workflow.Param[string]("message")

var out workflow.Result[string]

func TestDiamond(t *testing.T) {
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())
	d := dag.New("diamond")
	a := d.Task("A", echo, message.Set("A"))
	b := d.Task("B", echo, message.Set("B")).Dependencies(a)
	c := d.Task("C", echo, message.From(out.Of(a))).Dependencies(a)
	d.Task("D", echo, message.Set("D")).Dependencies(b, c)
	s := steps.New("s")
	s.Step("d", d)
	g := s.Group()
	g.Step("x", echo, message.Set("x"))
	g.Step("y", echo, message.Set("y"))
	wf, err := workflow.New("dag-diamond-", s)
	require.NoError(t, err)
	x := fake.New(t).On("A", fake.Succeed(out.Set("hello")))
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	v, err := message.Get(run.Node("[0].d.C"))
	require.NoError(t, err)
	assert.Equal(t, "hello", v)
	for n := range run.Nodes() {
		t.Log(n.Name, n.Type, n.Phase, n.Inputs, n.Message, n.ID())
	}
	t.Log(run.Children())
}
