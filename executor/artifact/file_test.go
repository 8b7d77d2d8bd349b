package artifact_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow/spec"
)

// Only of a directory that is not packed is what lies below its key a part.
func TestRemove(t *testing.T) {
	for name, tc := range map[string]struct {
		archive *spec.ArchiveStrategy
		files   map[string]string // "." is the path itself
		left    []string
	}{
		"Packed":        {nil, map[string]string{"a": "1"}, []string{"results/other", "results2"}},
		"FileAsIs":      {none, map[string]string{".": "1"}, []string{"results/other", "results2"}},
		"DirectoryAsIs": {none, map[string]string{"a": "1", "b/c": "2", "d/": ""}, []string{"results2"}},
	} {
		t.Run(name, func(t *testing.T) {
			stores := fake.New(nil).Stores()
			l := spec.ArtifactLocation{S3: &spec.S3Artifact{Key: "results"}}
			store, key, err := stores.Open(t.Context(), &l)
			require.NoError(t, err)
			for _, k := range []string{key + "/other", key + "2"} {
				require.NoError(t, store.Put(t.Context(), k, strings.NewReader("precious")))
			}
			from := filepath.Join(t.TempDir(), "from")
			write(t, from, tc.files)
			kept, err := artifact.Save(t.Context(), stores, &spec.Artifact{Name: "x", Archive: tc.archive, ArtifactLocation: l}, from)
			require.NoError(t, err)
			for range 2 {
				require.NoError(t, artifact.Remove(t.Context(), stores, &kept), "also of what is gone")
			}
			var left []string
			for k, err := range store.List(t.Context(), "") {
				require.NoError(t, err)
				left = append(left, k)
			}
			assert.Equal(t, tc.left, left)
		})
	}
}
