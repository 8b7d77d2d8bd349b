package artifact_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

var (
	none = &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}
	zip  = &spec.ArchiveStrategy{Zip: &spec.ZipStrategy{}}
)

func level(n int32) *spec.ArchiveStrategy {
	return &spec.ArchiveStrategy{Tar: &spec.TarStrategy{CompressionLevel: &n}}
}

// write makes files; a name that ends in a slash is a directory, a text that begins with -> a link.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		target, link := strings.CutPrefix(text, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			require.NoError(t, os.MkdirAll(file, 0o755))
		case link:
			require.NoError(t, os.Symlink(target, file))
		case strings.HasSuffix(name, ".sh"):
			require.NoError(t, os.WriteFile(file, []byte(text), 0o700))
		default:
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		}
	}
}

// read is what write made.
func read(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		name, err := filepath.Rel(path, file)
		require.NoError(t, err)
		switch {
		case d.IsDir():
			if in, _ := os.ReadDir(file); len(in) == 0 {
				files[name+"/"] = ""
			}
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			require.NoError(t, err)
			files[name] = "->" + target
		default:
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			files[name] = string(text)
			info, err := d.Info()
			require.NoError(t, err)
			want := fs.FileMode(0o666)
			if strings.HasSuffix(name, ".sh") {
				want = 0o777
			}
			assert.Equal(t, want, info.Mode(), "%s", name)
		}
		return nil
	}))
	return files
}

func TestSaveAndLoad(t *testing.T) {
	tree := map[string]string{"a": "1", "b/c": "2", "b/d/e": strings.Repeat("3", 1<<20), "empty/": "", "f/empty/": "", "zero": ""}
	linked := map[string]string{"data/x": "1", "latest": "->data", "data/y": "->../data/x"}
	for name, tc := range map[string]struct {
		archive *spec.ArchiveStrategy
		files   map[string]string // "." is the path itself
		want    map[string]string
	}{
		"File":             {nil, map[string]string{".": "text"}, nil},
		"EmptyFile":        {nil, map[string]string{".": ""}, nil},
		"Directory":        {nil, tree, nil},
		"OneFile":          {nil, map[string]string{"only": "1"}, nil},
		"OneDirectory":     {nil, map[string]string{"only/x": "1"}, nil},
		"NoFile":           {nil, map[string]string{"./": ""}, nil},
		"Links":            {nil, linked, nil},
		"NotCompressed":    {level(0), tree, nil},
		"BestCompressed":   {level(9), tree, nil},
		"FileAsIs":         {none, map[string]string{".": "text"}, nil},
		"DirectoryAsIs":    {none, tree, nil},
		"NoFileAsIs":       {none, map[string]string{"./": ""}, nil},
		"LinksAsIs":        {none, map[string]string{"x": "1", "y": "->x"}, map[string]string{"x": "1", "y": "1"}},
		"ZippedFile":       {zip, map[string]string{".": "text"}, nil},
		"ZippedDirectory":  {zip, tree, nil},
		"ZippedLinks":      {zip, linked, nil},
		"ExecutableZipped": {zip, map[string]string{"x.sh": "1", "y": "2"}, nil},
		"Executable":       {nil, map[string]string{"x.sh": "1", "y": "2"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stores := artifact.New(nil)
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "deep", "to")
			write(t, from, tc.files)
			a := &spec.Artifact{Name: "x", Path: from, Archive: tc.archive,
				ArtifactLocation: artifact.WithKey(artifact.Directory(filepath.Join(t.TempDir(), "store")), "run/x")}
			kept, err := artifact.Save(t.Context(), stores, a, from)
			require.NoError(t, err)
			require.NoError(t, artifact.Load(t.Context(), stores, &kept, to))
			if tc.want == nil {
				tc.want = tc.files
			}
			assert.Equal(t, tc.want, read(t, to))
			siblings, err := os.ReadDir(filepath.Dir(to))
			require.NoError(t, err)
			assert.Len(t, siblings, 1, "nothing else is left")
		})
	}
}
