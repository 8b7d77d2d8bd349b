//go:build linux

package agent

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// prepare does the work of the init container.
func prepare(ctx context.Context, in *protocol.Init, at layout, stores *artifact.Stores) error {
	if in.Install {
		if err := install(at.path(protocol.BinaryPath)); err != nil {
			return err
		}
	}
	if err := os.Setenv("TMPDIR", at.path(protocol.InputsDir)); err != nil { // as in serveOutputs
		return err
	}
	for i := range in.Artifacts {
		a := &in.Artifacts[i]
		path := filepath.Join(at.path(protocol.InputsDir), a.Name, protocol.InputFile)
		if err := makeDir(filepath.Dir(path)); err != nil {
			return err
		}
		if err := artifact.Load(ctx, stores, a, path); err != nil {
			return err
		}
	}
	return nil
}

// install copies this program to a path, for all users to run.
func install(path string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), "new")
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o755)
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	return os.Rename(to.Name(), path)
}
