package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
)

func TestMapReduce(t *testing.T) {
	wf, err := MapReduce()
	require.NoError(t, err)
	x := fake.New(t).
		On("split", fake.Succeed(parts.Set([]Part{{0, "a"}, {1, "b"}}))).
		OnFunc("map", func(t *executor.Task) (fake.Outcome, error) {
			p, err := part.Get(t)
			return fake.Succeed(words.Set(10 + p.ID)), err
		}).
		On("reduce", fake.Succeed(total.Set(21)))
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	list, err := counts.Get(run.Node("reduce"))
	require.NoError(t, err)
	assert.Equal(t, []int{10, 11}, list)
	sum, err := total.Get(run)
	require.NoError(t, err)
	assert.Equal(t, 21, sum)
}

func TestOutput(t *testing.T) {
	commandtest.PrintsWithAgent(t, MapReduce, `split: [{"id":0,"text":"a a program is wants"},{"id":1,"text":"a graph task and a to"},{"id":2,"text":"workflow of is a text be"},{"id":3,"text":"is tasks a program that run"}]
reduce: [5,6,6,6] make 23 words
`)
}

func TestRehearsal(t *testing.T) {
	args := []string{"-o", `split=[{"id": 0, "text": "a"}]`}
	commandtest.Rehearses(t, MapReduce, args, "split", "map(0:id:0,text:a)", "reduce")
}
