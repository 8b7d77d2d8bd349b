package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
	"github.com/podflow/podflow/executor/fake"
)

func TestDiamond(t *testing.T) {
	wf, err := Diamond()
	require.NoError(t, err)
	x := fake.New(t)
	_, err = wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"A", "B", "C", "D"}, x.Paths())
}

func TestOutput(t *testing.T) { commandtest.Prints(t, Diamond, "A: A\nB: B\nC: C\nD: D\n") }
