package artifact_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// long makes a directory of directories whose names have some 3,700 bytes.
func long(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o755))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	above := strings.Repeat(strings.Repeat("n", 250)+"/", 14)
	require.NoError(t, root.MkdirAll(above, 0o755))
	in, err := root.OpenRoot(above)
	require.NoError(t, err)
	defer in.Close()
	for i := range n {
		require.NoError(t, in.Mkdir(fmt.Sprintf("%0200d", i), 0o700))
	}
	return dir
}

// TestWhatCanBePackedCanBeUnpacked packs what is close to a limit, on both sides of it.
func TestWhatCanBePackedCanBeUnpacked(t *testing.T) {
	for name, tc := range map[string]struct {
		archive   *spec.ArchiveStrategy
		fit, more int // how many can be packed, if it is tried, and how many cannot
		want      string
	}{
		"ListOfAZip": {zip, 3_250, 3_350, "with it the list of entries is longer than an artifact's may be: 12582912 bytes"},
		"Names":      {level(1), 0, 4_600, "with it the names of directories and links are longer than an artifact's may be: 16777216 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			err := artifact.Pack(t.Context(), io.Discard, long(t, tc.more), tc.archive)
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "d/nnn")
			assert.Less(t, len(err.Error()), 600)
			if tc.fit == 0 {
				return
			}
			var b bytes.Buffer
			require.NoError(t, artifact.Pack(t.Context(), &b, long(t, tc.fit), tc.archive))
			require.NoError(t, artifact.Unpack(t.Context(), &b, filepath.Join(t.TempDir(), "x"), tc.archive, artifact.Limits{}))
		})
	}
}

func TestBytesAreBoundedBeforeTheyArePacked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sparse"), nil, 0o600))
	if err := os.Truncate(filepath.Join(dir, "sparse"), 256<<30+1); err != nil {
		t.Skip("no such file here: ", err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "sparse")} {
		for name, archive := range map[string]*spec.ArchiveStrategy{"tar": nil, "zip": zip, "none": none} {
			err := artifact.Pack(t.Context(), io.Discard, path, archive)
			require.ErrorContains(t, err, "sparse: with it the files hold more bytes than an artifact may: 274877906944", name)
		}
	}
}

func TestEntriesAreBoundedBeforeTheyArePacked(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for i := range 256 << 10 {
		require.NoError(t, os.Symlink("x", filepath.Join(dir, fmt.Sprint(i))))
	}
	err := artifact.Pack(t.Context(), io.Discard, dir, level(0))
	require.ErrorContains(t, err, "with it the archive has more entries than an artifact may: 262144")
}
