package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
	"github.com/podflow/podflow/executor/fake"
)

func TestETL(t *testing.T) {
	wf, err := ETL()
	require.NoError(t, err)
	x := fake.New(t).On("extract", fake.Succeed(rows.Set(3), raw.Set("1,a,2\n")))
	run, err := wf.Run(t.Context(), x, config.Set(Config{Table: "t", Limit: 3}))
	require.NoError(t, err)
	assert.Equal(t, []string{"extract", "transform", "load"}, x.Paths())
	n, err := count.Get(run.Node("load"))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}

func TestOutput(t *testing.T) {
	commandtest.PrintsWithAgent(t, ETL, `load: {"table":"sales","limit":20}: 20 rows
load: item 0,173
load: item 1,95
load: item 4,52
load: item 5,121
load: item 6,147
`)
}

// The logs of nodes that take files are followed while they run.
func TestRehearsal(t *testing.T) {
	commandtest.Rehearses(t, ETL, nil, "extract", "transform", "load")
}
