package k8s_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// elsewhere stands for the places in the internet that Argo's example files name: a server that Pods reach, and the
// bucket of the cluster.
type elsewhere struct {
	*cluster
	address string
	bucket  spec.ArtifactLocation
	stores  *artifact.Stores
}

func newElsewhere(t *testing.T) *elsewhere {
	c := newCluster(t, nil)
	e := &elsewhere{cluster: c, bucket: c.bucket(), stores: artifact.New(nil, hereS3{})}
	for _, name := range []string{"my-s3-credentials", "s3-creds"} {
		_, err := c.admin.CoreV1().Secrets(c.namespace).Create(c.ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{"accessKey": "test-access", "secretKey": "test-secret-key"},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	dir := t.TempDir()
	git := e.repository(dir)
	mux := http.NewServeMux()
	mux.Handle("/argoproj/", http.StripPrefix("/argoproj", git))
	mux.HandleFunc("/kubernetes-release/", func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, "#!/bin/sh\n[ \"$1\" = version ] && echo v1.8.0\n")
		assert.NoError(t, err)
	})
	server := httptest.NewUnstartedServer(mux)
	listener, err := net.Listen("tcp", net.JoinHostPort(machineIP(t), "0"))
	require.NoError(t, err)
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	e.address = server.URL
	return e
}

// machineIP is an address of this machine, which is the node, that Pods reach.
func machineIP(t testing.TB) string {
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue // the cluster's own addresses are there too
		}
		addresses, err := i.Addrs()
		require.NoError(t, err)
		for _, a := range addresses {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
				return ip.IP.String()
			}
		}
	}
	t.Fatal("this machine has no address but its own")
	return ""
}

// repository serves argo-workflows.git, with the one commit v2.1.1.
func (e *elsewhere) repository(dir string) http.Handler {
	program, err := exec.LookPath("git")
	require.NoError(e, err)
	repo := filepath.Join(dir, "argo-workflows.git")
	for _, args := range [][]string{{"init", "-q", repo}, {"-C", repo, "add", "VERSION"}, {"-C", repo, "commit", "-q", "-m", "x"}, {"-C", repo, "tag", "v2.1.1"}} {
		cmd := exec.CommandContext(e.ctx, program, args...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
			"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		require.NoError(e, err, "%v: %s", args, out)
		require.NoError(e, os.WriteFile(filepath.Join(repo, "VERSION"), []byte("2.1.1\n"), 0o600))
	}
	return &cgi.Handler{Path: program, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"}}
}

// put keeps a file in the bucket.
func (e *elsewhere) put(key, text string) {
	at := artifact.WithKey(e.bucket, key)
	store, key, err := e.stores.Open(e.ctx, &at)
	require.NoError(e, err)
	require.NoError(e, store.Put(e.ctx, key, strings.NewReader(text)))
}

// file is an example file as it is, but for the hosts: what is in the internet is here.
func (e *elsewhere) file(t *testing.T, name string) *spec.Workflow {
	text, err := os.ReadFile(argotest.Examples(t)[name])
	require.NoError(t, err)
	for from, to := range map[string]string{
		"https://storage.googleapis.com": e.address, "https://github.com": e.address,
		"my-bucket-name": "my-bucket", "your-bucket-name": "my-bucket", "endpoint: s3.amazonaws.com": "insecure: true\n          endpoint: minio:9000",
		"region: us-west-2": "region: us-east-1", // the one of the server
	} {
		text = bytes.ReplaceAll(text, []byte(from), []byte(to))
	}
	objects, err := spec.Decode(bytes.NewReader(text))
	require.NoError(t, err)
	switch o := objects[0].(type) {
	case *spec.Workflow:
		return o
	case *spec.WorkflowTemplate:
		return &spec.Workflow{ObjectMeta: metav1.ObjectMeta{GenerateName: o.Name + "-"}, Spec: o.Spec}
	}
	t.Fatalf("%s holds %T", name, objects[0])
	return nil
}

// TestArgoFilesFromElsewhere runs, as Pods, the example files whose artifacts are in places of the internet.
func TestArgoFilesFromElsewhere(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	e.put("path/in/bucket/a", "one")
	e.put("input-file/upload.zip", "hello")
	x := e.executor(k8s.Waits{}, append(withAgent(t), k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))...)
	for name, check := range map[string]func(*testing.T, *workflow.Run){
		"input-artifact-http.yaml":               nil,
		"arguments-artifacts.yaml":               nil,
		"input-artifact-s3.yaml":                 nil,
		"workflow-template/input-artifacts.yaml": nil,
		"input-artifact-git.yaml":                nil,
		"output-artifact-s3.yaml": func(t *testing.T, run *workflow.Run) {
			to := filepath.Join(t.TempDir(), "x")
			require.NoError(t, run.Fetch(t.Context(), "", "message", to))
			text, err := os.ReadFile(filepath.Join(to, "hello_world.txt"))
			require.NoError(t, err)
			assert.Equal(t, "hello world\n", string(text))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := e.file(t, name)
			if c := w.Spec.Templates[0].Container; c.Image == "golang:1.10" { // which no image here has git for
				c.Image, c.Args = "alpine:3.23", []string{"ls && test 2.1.1 = $(cat VERSION) && test -d .git"}
			}
			wf, err := workflow.FromSpec(w)
			require.NoError(t, err)
			runner := workflow.NewRunner(x, workflow.WithStores(e.stores))
			defer func() { require.NoError(t, runner.Close()) }()
			run, err := runner.Start(t.Context(), wf)
			require.NoError(t, err)
			require.NoError(t, run.Wait(t.Context()))
			if check != nil {
				check(t, run)
			}
		})
	}
}
