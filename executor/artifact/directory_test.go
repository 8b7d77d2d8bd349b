package artifact_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/artifacttest"
)

func TestDirectoryConforms(t *testing.T) {
	artifacttest.Run(t, func(t *testing.T) artifact.Store {
		l := artifact.Directory(filepath.Join(t.TempDir(), "store"))
		store, _, err := artifact.New(nil).Open(t.Context(), &l)
		require.NoError(t, err)
		return store
	})
}

// readFunc is a reader.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

func TestPutEndsWhenTheDirectoryGoes(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"StoreRemoved":  os.RemoveAll,
		"LinkToNothing": func(dir string) error { return os.Symlink("nothing", filepath.Join(dir, "a")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			l := artifact.Directory(dir)
			store, _, err := artifact.New(nil).Open(t.Context(), &l)
			require.NoError(t, err)
			err = store.Put(context.Background(), "a/b", readFunc(func([]byte) (int, error) {
				require.NoError(t, spoil(dir))
				return 0, io.EOF
			}))
			require.ErrorIs(t, err, os.ErrNotExist)
			assert.Equal(t, 1, strings.Count(err.Error(), "\n")+1, "one error")
		})
	}
}
