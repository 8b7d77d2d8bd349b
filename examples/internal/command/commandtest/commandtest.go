// Package commandtest tests the example programs.
package commandtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/k8s/agent/image/imagetest"
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
	prints(t, args, func(*testing.T) []string { return nil }, build, want)
}

// PrintsWithAgent is Prints for a workflow whose values and files come out of Pods. On the cluster the agent is pushed to
// its registry, and an S3 server is started, if PODFLOW_CLUSTER names the program that does so.
func PrintsWithAgent(t *testing.T, build func() (*workflow.Workflow, error), want string) {
	t.Helper()
	prints(t, nil, agent, command.Plain(build), want)
}

// Rehearses runs a program with arguments on the fake. It must end well, and begin the nodes of these paths in this order.
func Rehearses(t *testing.T, build func() (*workflow.Workflow, error), args []string, paths ...string) {
	t.Helper()
	out := run(t, append([]string{"-executor", "fake"}, args...), command.Plain(build))
	var begun []string
	for line := range strings.Lines(out) {
		if path, _, ok := strings.Cut(line, ": "+image); ok {
			begun = append(begun, path)
		}
	}
	assert.Equal(t, paths, begun)
}

// image is that of the containers of all programs that are rehearsed.
const image = "alpine:3.23"

// prints runs a program with arguments on this machine and on the cluster, there with further ones.
func prints(t *testing.T, args []string, further func(*testing.T) []string, build command.Build, want string) {
	t.Helper()
	t.Run("local", func(t *testing.T) {
		assert.Equal(t, want, run(t, append([]string{"-executor", "local"}, args...), build))
	})
	t.Run("k8s", func(t *testing.T) {
		kubeconfig := os.Getenv("PODFLOW_KUBECONFIG")
		if kubeconfig == "" {
			t.Skip("PODFLOW_KUBECONFIG is not set: set it to the kubeconfig of a cluster to test on")
		}
		t.Setenv("KUBECONFIG", kubeconfig)
		assert.Equal(t, want, run(t, slices.Concat([]string{"-executor", "k8s"}, further(t), args), build))
	})
}

// run runs a program, which must end well, and is what it prints.
func run(t *testing.T, args []string, build command.Build) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := command.Run(t.Context(), args, &stdout, &stderr, build)
	assert.Zero(t, code, stderr.String())
	assert.Contains(t, stderr.String(), "Succeeded")
	return stdout.String()
}

// agent starts an S3 server in the cluster and pushes the agent to its registry. They are named by these arguments.
func agent(t *testing.T) []string {
	program := os.Getenv("PODFLOW_CLUSTER")
	if program == "" {
		t.Skip("PODFLOW_CLUSTER is not set: it starts the S3 server")
	}
	out, err := exec.CommandContext(t.Context(), program, "s3", "default").CombinedOutput()
	require.NoError(t, err, "%s", out)
	repository := filepath.Join(t.TempDir(), "s3.yaml")
	require.NoError(t, os.WriteFile(repository, []byte(bucket), 0o600))
	return []string{"-namespace", "default", "-agent", imagetest.Push(t), "-mirror", "http://" + imagetest.Registry(t), "-repository", repository}
}

// bucket is where the S3 server of the test cluster keeps artifacts.
const bucket = `s3:
  bucket: my-bucket
  endpoint: minio:9000
  insecure: true
  accessKeySecret: {name: my-minio-cred, key: accesskey}
  secretKeySecret: {name: my-minio-cred, key: secretkey}
`
