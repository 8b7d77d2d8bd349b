package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command/commandtest"
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

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "workflow.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestOutput(t *testing.T) {
	commandtest.PrintsArgs(t, []string{write(t, hello), "-p", "message=bonjour"}, load, "bonjour\n")
}

func TestErrors(t *testing.T) {
	_, err := load(nil)
	require.ErrorContains(t, err, "usage")
	_, err = load([]string{"no-such-file.yaml"})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = load([]string{write(t, "kind: Workflo\n")})
	require.ErrorContains(t, err, "Workflo")
}
