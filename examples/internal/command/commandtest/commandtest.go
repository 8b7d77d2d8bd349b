// Package commandtest tests the example programs.
package commandtest

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

// Prints runs a program as a process would, on this machine and, if PODFLOW_KUBECONFIG names a kubeconfig, on that
// cluster. It must end well and print this.
func Prints(t *testing.T, build func() (*workflow.Workflow, error), want string) {
	t.Helper()
	PrintsArgs(t, nil, command.Plain(build), want)
}

// PrintsArgs is Prints for a program with arguments.
func PrintsArgs(t *testing.T, args []string, build command.Build, want string) {
	t.Helper()
	for _, executor := range []string{"local", "k8s"} {
		t.Run(executor, func(t *testing.T) {
			if executor == "k8s" {
				kubeconfig := os.Getenv("PODFLOW_KUBECONFIG")
				if kubeconfig == "" {
					t.Skip("PODFLOW_KUBECONFIG is not set: set it to the kubeconfig of a cluster to test on")
				}
				t.Setenv("KUBECONFIG", kubeconfig)
			}
			var stdout, stderr bytes.Buffer
			code := command.Run(t.Context(), append([]string{"-executor", executor}, args...), &stdout, &stderr, build)
			assert.Zero(t, code)
			assert.Equal(t, want, stdout.String())
			assert.Contains(t, stderr.String(), "Succeeded")
			if t.Failed() {
				t.Log(stderr.String())
			}
		})
	}
}
