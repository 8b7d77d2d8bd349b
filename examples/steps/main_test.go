package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
	"github.com/podflow/podflow/executor/fake"
)

func TestHello(t *testing.T) {
	wf, err := Hello()
	require.NoError(t, err)
	x := fake.New(t)
	_, err = wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"[0].hello1", "[1].hello2a", "[1].hello2b"}, x.Paths())
}

func TestOutput(t *testing.T) {
	commandtest.Prints(t, Hello, "[0].hello1: hello1\n[1].hello2a: hello2a\n[1].hello2b: hello2b\n")
}
