// Package image builds the image of podflow's agent, and pushes it to a registry, with the Go toolchain and nothing else:
//
//	go run github.com/podflow/podflow/k8s/agent/push registry.example.com/podflow-agent:v1
//
// which prints the image's name with its digest, as a program gives it to package k8s. The image holds one static program
// for linux/amd64 and linux/arm64. It is the same, byte for byte, whenever the same toolchain builds the same version, so
// a tag that is pushed again keeps its digest.
//
// The agent is that of the podflow which the module in the working directory requires, built with podflow's own go.mod; with
// "push@VERSION" it is that version's, and no module is needed. A registry at localhost, 127.0.0.1 or a private address
// is spoken to without TLS; credentials are those of Docker's config file.
//
// An agent with artifact drivers of one's own, as package agent says, is built in the module of the working directory:
//
//	go run github.com/podflow/podflow/k8s/agent/push registry.example.com/our-agent:v1 ./cmd/agent
//
// Tests on a real cluster have it from imagetest.Push.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

// module is podflow, and program the agent in it.
const (
	module  = "github.com/podflow/podflow"
	program = module + "/k8s/agent/podflow-agent"
)

// Platforms are the architectures of Linux that an image has a program for.
var Platforms = []string{"amd64", "arm64"}

// user is what the agent runs as where a Pod does not say another: numeric, so that Kubernetes sees it is not root.
const user = "65532:65532"

// Build builds the image for some of the Platforms, or for all. Own is the package of an agent of one's own; empty is
// podflow's. The error has what the toolchain says.
func Build(ctx context.Context, own string, platforms ...string) (v1.ImageIndex, error) {
	if len(platforms) == 0 {
		platforms = Platforms
	}
	dir, err := os.MkdirTemp("", "podflow-agent")
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	defer os.RemoveAll(dir)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range platforms {
		img, err := buildOne(ctx, own, filepath.Join(dir, arch), arch)
		if err != nil {
			return nil, fmt.Errorf("image: linux/%s: %w", arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return index, nil
}

// Push pushes an image and gives its name with its digest. Ref may have a tag.
func Push(ctx context.Context, index v1.ImageIndex, ref string) (string, error) {
	to, err := name.ParseReference(ref)
	if err != nil {
		return "", fmt.Errorf("image: %w", err)
	}
	digest, err := index.Digest()
	if err == nil {
		err = remote.WriteIndex(to, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	}
	if err != nil {
		return "", fmt.Errorf("image: push %s: %w", ref, err)
	}
	return to.Context().Digest(digest.String()).String(), nil
}

// Compile compiles an agent as Build does into a file, whose path is absolute.
func Compile(ctx context.Context, own, file, arch string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", file)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	if own == "" {
		dir, err := source(ctx)
		if err != nil {
			return fmt.Errorf("find %s: %w", module, err)
		}
		own, build.Dir, build.Env = program, dir, append(build.Env, "GOFLAGS=", "GOWORK=off")
	}
	build.Args = append(build.Args, own)
	_, err := output(build)
	return err
}

// source is where podflow's source is: the working directory's module says so, or else the version of this program.
func source(ctx context.Context) (string, error) {
	dir, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module))
	if err == nil && dir != "" {
		return dir, nil
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != module || info.Main.Version == "(devel)" {
		return "", errors.Join(errors.New("expected a working directory in a module that requires it"), err)
	}
	answer, err := output(exec.CommandContext(ctx, "go", "mod", "download", "-json", module+"@"+info.Main.Version))
	if err != nil {
		return "", err
	}
	var downloaded struct{ Dir string }
	err = json.Unmarshal([]byte(answer), &downloaded)
	return downloaded.Dir, err
}

// output is the standard output of a command. The error has its standard error.
func output(c *exec.Cmd) (string, error) {
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// buildOne builds the image of one architecture.
func buildOne(ctx context.Context, own, file, arch string) (v1.Image, error) {
	if err := Compile(ctx, own, file, arch); err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	packed, err := pack(binary)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		User: user, Entrypoint: []string{protocol.ImageBinary},
		Labels: map[string]string{protocol.VersionLabel: protocol.Version},
	}
	return mutate.ConfigFile(img, config)
}

// pack is a layer with the program. All times are zero.
func pack(binary []byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(protocol.ImageBinary, "/"), Mode: 0o555, Size: int64(len(binary)), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = w.Write(binary)
	}
	return b.Bytes(), errors.Join(err, w.Close())
}
