// Package argotest reads the records of what Argo's own controller did with its example files, and compares runs to
// them. The files are test data that lies beside the project; a test that needs them skips where they are not.
package argotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/workflow/spec"
)

// shared is where the test data lies, seen from the root of the project.
const shared = "../shared"

// Examples are the example files: the path of each by its name below their folder.
func Examples(t testing.TB) map[string]string {
	t.Helper()
	dir := locate(t, "argo-examples")
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".yaml") {
			files[strings.TrimPrefix(path, dir+"/")] = path
		}
		return err
	}))
	return files
}

// locate finds the test data from whatever package's folder the test runs in.
func locate(t testing.TB, name string) string {
	t.Helper()
	at, err := os.Getwd()
	require.NoError(t, err)
	for ; at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			break
		}
	}
	dir := filepath.Join(at, shared, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s/%s is not there: it holds the records of Argo's controller", shared, name)
	}
	return filepath.Clean(dir)
}

// decode reads the objects of a file.
func decode(t testing.TB, path string) ([]spec.Object, error) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	return spec.Decode(f)
}
