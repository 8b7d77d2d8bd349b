package image_test

import (
	"archive/tar"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/agent/image"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// platforms are what is built: all where the cluster's tests run, and else this machine's, since compiling for another
// takes a minute.
func platforms() []string {
	if os.Getenv("PODFLOW_CLUSTER") != "" {
		return image.Platforms
	}
	return []string{runtime.GOARCH}
}

func TestPushedImage(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/some/agent:v1"
	var pinned [2]string
	for i := range pinned {
		index, err := image.Build(t.Context(), "", platforms()...)
		require.NoError(t, err)
		pinned[i], err = image.Push(t.Context(), index, ref)
		require.NoError(t, err)
	}
	assert.Equal(t, pinned[0], pinned[1], "it is the same whenever it is built")

	digest, err := name.NewDigest(pinned[0])
	require.NoError(t, err)
	index, err := remote.Index(digest)
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, len(platforms()))
	for i, m := range manifest.Manifests {
		assert.Equal(t, "linux/"+platforms()[i], m.Platform.String())
		img, err := index.Image(m.Digest)
		require.NoError(t, err)
		checkImage(t, img)
	}
}

func checkImage(t *testing.T, img v1.Image) {
	config, err := img.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, protocol.Version, config.Config.Labels[protocol.VersionLabel])
	assert.Equal(t, []string{protocol.ImageBinary}, config.Config.Entrypoint)
	assert.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, config.Config.User, "numeric, so that Kubernetes sees it is not root")
	layers, err := img.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 1)
	content, err := layers[0].Uncompressed()
	require.NoError(t, err)
	defer content.Close()
	files := tar.NewReader(content)
	h, err := files.Next()
	require.NoError(t, err)
	assert.Equal(t, strings.TrimPrefix(protocol.ImageBinary, "/"), h.Name)
	assert.EqualValues(t, 0o555, h.Mode)
	assert.True(t, h.ModTime.Unix() == 0, "%v", h.ModTime)
	magic := make([]byte, 4)
	_, err = io.ReadFull(files, magic)
	require.NoError(t, err)
	assert.Equal(t, "\x7fELF", string(magic))
	_, err = files.Next()
	assert.ErrorIs(t, err, io.EOF, "it has no other file")
}

func TestWrongNames(t *testing.T) {
	for _, ref := range []string{"", "UPPER/case", "a b", "127.0.0.1:1/x"} {
		_, err := image.Push(t.Context(), empty.Index, ref)
		assert.ErrorContains(t, err, "image: ", ref)
	}
}

func TestWhatTheToolchainSays(t *testing.T) {
	_, err := image.Build(t.Context(), "", "pdp11")
	assert.ErrorContains(t, err, "linux/pdp11")
	assert.ErrorContains(t, err, "unsupported GOOS/GOARCH")
}

func TestAgentOfOnesOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agent")
	require.NoError(t, image.Compile(t.Context(), "./testdata/own", file, runtime.GOARCH))
	if runtime.GOOS != "linux" {
		t.Skip("it runs on Linux only")
	}
	vars, err := (&protocol.Instructions{Init: &protocol.Init{Artifacts: []executor.Artifact{{Artifact: spec.Artifact{
		Name: "x", ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "hello"}}}}}}}).Env()
	require.NoError(t, err)
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(root+protocol.InputsDir, 0o755))
	agent := exec.Command(file, "-root", root, protocol.RoleInit)
	agent.Env = []string{vars[0].Name + "=" + vars[0].Value}
	out, err := agent.CombinedOutput()
	require.NoError(t, err, "%s", out)
	got, err := os.ReadFile(filepath.Join(root+protocol.InputsDir, "x", protocol.InputFile))
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
}
