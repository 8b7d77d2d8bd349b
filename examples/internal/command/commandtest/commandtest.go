// Package commandtest tests the example programs.
package commandtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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

// PrintsWithAgent is Prints for a workflow whose values and files come out of Pods. On the cluster the agent is pushed to
// its registry, and an S3 server is started, if PODFLOW_CLUSTER names the program that does so.
func PrintsWithAgent(t *testing.T, build func() (*workflow.Workflow, error), want string) {
	t.Helper()
	var args []string
	if os.Getenv("PODFLOW_KUBECONFIG") != "" {
		program := os.Getenv("PODFLOW_CLUSTER")
		if program == "" {
			t.Skip("PODFLOW_CLUSTER is not set: it starts the S3 server")
		}
		out, err := exec.CommandContext(t.Context(), program, "s3", "default").CombinedOutput()
		require.NoError(t, err, "%s", out)
		repository := filepath.Join(t.TempDir(), "s3.yaml")
		require.NoError(t, os.WriteFile(repository, []byte(bucket), 0o600))
		args = []string{"-namespace", "default", "-agent", imagetest.Push(t), "-mirror", "http://" + imagetest.Registry(t), "-repository", repository}
	}
	prints(t, nil, args, command.Plain(build), want)
}

// bucket is where the S3 server of the test cluster keeps artifacts.
const bucket = `s3:
  bucket: my-bucket
  endpoint: minio:9000
  insecure: true
  accessKeySecret: {name: my-minio-cred, key: accesskey}
  secretKeySecret: {name: my-minio-cred, key: secretkey}
`

// PrintsArgs is Prints for a program with arguments.
func PrintsArgs(t *testing.T, args []string, build command.Build, want string) {
	t.Helper()
	prints(t, args, nil, build, want)
}

// prints runs a program with arguments, some of them for the cluster only.
func prints(t *testing.T, args, cluster []string, build command.Build, want string) {
	t.Helper()
	for _, executor := range []string{"local", "k8s"} {
		t.Run(executor, func(t *testing.T) {
			if executor == "k8s" {
				kubeconfig := os.Getenv("PODFLOW_KUBECONFIG")
				if kubeconfig == "" {
					t.Skip("PODFLOW_KUBECONFIG is not set: set it to the kubeconfig of a cluster to test on")
				}
				t.Setenv("KUBECONFIG", kubeconfig)
				args = append(cluster, args...)
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
