package artifact_test

import (
	"path/filepath"
	"testing"

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
