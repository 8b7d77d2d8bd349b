package git_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/workflow/spec"
)

// TestMemory clones a large file. All that is allocated on the way, freed or not, bounds what is ever held.
func TestMemory(t *testing.T) {
	const size = 32 << 20
	s := serve(t)
	s.init("app")
	text := make([]byte, size)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(text)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "app", "large"), text, 0o600))
	s.git("app", "config", "core.compression", "0")
	s.commit("app", "1")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	path, err := s.load(spec.GitArtifact{Repo: "URL/app"})
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	info, err := os.Stat(filepath.Join(path, "large"))
	require.NoError(t, err)
	assert.EqualValues(t, size, info.Size())
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*size), "it is read once or twice, and not six times")
}
