package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// shelf is a directory as a place of artifacts.
type shelf struct {
	*testing.T
	stores *artifact.Stores
	at     spec.ArtifactLocation
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t, artifact.New(nil), artifact.Directory(filepath.Join(t.TempDir(), "shelf"))}
}

// save keeps files under a key.
func (s *shelf) save(key string, archive *spec.ArchiveStrategy, files map[string]string) executor.Artifact {
	s.Helper()
	from := filepath.Join(s.TempDir(), "from")
	write(s.T, from, files)
	kept, err := artifact.Save(s.Context(), s.stores, &spec.Artifact{Name: "x", Archive: archive, ArtifactLocation: artifact.WithKey(s.at, key)}, from)
	require.NoError(s, err)
	return kept
}

func (s *shelf) load(a executor.Artifact) (path string, err error) {
	s.Helper()
	path = filepath.Join(s.TempDir(), "to")
	return path, artifact.Load(s.Context(), s.stores, &a, path)
}

func TestSubPath(t *testing.T) {
	files := map[string]string{"a/b/c": "1", "a/l": "->b", "a/out": "->../d", "d": "2"}
	for _, tc := range []struct {
		sub, err string
		want     map[string]string
	}{
		{"a/b", "", map[string]string{"c": "1"}},
		{"d", "", map[string]string{".": "2"}},
		{"a/b/c/", "", map[string]string{".": "1"}},
		{"absent", "no such file", nil},
		{"a", `entry "from/a/out": is a link to "../d", out of`, nil},
		{"a/l", "is a link", nil},
		{"../x", "leads out", nil},
		{"/a", "leads out", nil},
	} {
		for name, archive := range map[string]*spec.ArchiveStrategy{"tar": nil, "zip": zip} {
			s := newShelf(t)
			kept := s.save("k", archive, files)
			kept.SubPath = tc.sub
			path, err := s.load(kept)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err, "%s of %s", tc.sub, name)
				continue
			}
			require.NoError(t, err, "%s of %s", tc.sub, name)
			assert.Equal(t, tc.want, read(t, path))
		}
	}
	s := newShelf(t)
	kept := s.save("k", none, map[string]string{"a/b/c": "1", "d": "2"})
	for sub, want := range map[string]map[string]string{"a": {"b/c": "1"}, "d": {".": "2"}} {
		kept.SubPath = sub
		path, err := s.load(kept)
		require.NoError(t, err)
		assert.Equal(t, want, read(t, path), "a key of its own")
	}
}

func TestMode(t *testing.T) {
	s := newShelf(t)
	kept := s.save("k", nil, map[string]string{"a": "1", "d/x.sh": "2", "d/l": "->x.sh"})
	modes := func(path string) (of [3]fs.FileMode) {
		for i, name := range []string{".", "a", "d/x.sh"} {
			info, err := os.Stat(filepath.Join(path, name))
			require.NoError(t, err)
			of[i] = info.Mode().Perm()
		}
		return of
	}
	path, err := s.load(kept)
	require.NoError(t, err)
	assert.Equal(t, [3]fs.FileMode{0o777, 0o666, 0o777}, modes(path), "all users can do what anybody could")
	kept.Mode = new(int32(0o750))
	path, err = s.load(kept)
	require.NoError(t, err)
	assert.Equal(t, [3]fs.FileMode{0o750, 0o666, 0o777}, modes(path))
	kept.RecurseMode = true
	path, err = s.load(kept)
	require.NoError(t, err)
	assert.Equal(t, [3]fs.FileMode{0o750, 0o750, 0o750}, modes(path))
}

// Nodes may collect their files under one key.
func TestDirectoriesUnderOneKey(t *testing.T) {
	s := newShelf(t)
	s.save("all", none, map[string]string{"a": "1", "both": "1"})
	path, err := s.load(s.save("all", none, map[string]string{"b": "2", "both": "2"}))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "b": "2", "both": "2"}, read(t, path))
	path, err = s.load(s.save("all.tgz", nil, map[string]string{"a": "1", "b": "1"}))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "b": "1"}, read(t, path))
	path, err = s.load(s.save("all.tgz", nil, map[string]string{"b": "2", "c": "2"}))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"b": "2", "c": "2"}, read(t, path), "an archive takes the place of another")
}

func TestDigest(t *testing.T) {
	for name, archive := range map[string]*spec.ArchiveStrategy{"tar": nil, "zip": zip, "none": none} {
		s := newShelf(t)
		kept := s.save("k", archive, map[string]string{".": "text"})
		file := filepath.Join(s.at.Plugin.Configuration, "k")
		whole, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.EqualValues(t, len(whole), kept.Size)
		for _, other := range [][]byte{append(bytes.Clone(whole), 'x'), whole[:len(whole)-1], bytes.Replace(whole, []byte("e"), []byte("a"), 1), nil} {
			if bytes.Equal(other, whole) {
				continue
			}
			require.NoError(t, os.WriteFile(file, other, 0o600))
			path, err := s.load(kept)
			require.ErrorIs(t, err, artifact.ErrDigest, name)
			require.ErrorContains(t, err, "inputs.artifacts[x]")
			assert.NoFileExists(t, path)
		}
	}
}

func TestWhereItGoes(t *testing.T) {
	s := newShelf(t)
	kept := s.save("k", nil, map[string]string{"a": "1"})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("old"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	for _, name := range []string{"file", "empty", "new/deep"} {
		require.NoError(t, artifact.Load(t.Context(), s.stores, &kept, filepath.Join(dir, name)))
		assert.Equal(t, map[string]string{"a": "1"}, read(t, filepath.Join(dir, name)))
	}
	err := artifact.Load(t.Context(), s.stores, &kept, filepath.Join(dir, "new"))
	require.ErrorContains(t, err, "new: expected nothing there")
	assert.Equal(t, map[string]string{"a": "1"}, read(t, filepath.Join(dir, "new/deep")), "what is there stays")
}

func TestNothingKept(t *testing.T) {
	s := newShelf(t)
	s.save("other/x", nil, map[string]string{".": "1"})
	a := executor.Artifact{Artifact: spec.Artifact{Name: "x", ArtifactLocation: artifact.WithKey(s.at, "absent")}}
	_, err := s.load(a)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "inputs.artifacts[x]")
	a.Optional = true
	path, err := s.load(a)
	require.NoError(t, err)
	assert.NoFileExists(t, path)
	a.ArtifactLocation = spec.ArtifactLocation{GCS: &spec.GCSArtifact{}}
	_, err = s.load(a)
	require.ErrorIs(t, err, errors.ErrUnsupported, "a place that cannot be reached is not an artifact that is not there")
	a.ArtifactLocation = artifact.WithKey(artifact.Volume("nowhere"), "k")
	_, err = s.load(a)
	require.ErrorContains(t, err, "the claim nowhere can be reached in Pods only")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = artifact.Save(t.Context(), s.stores, &a.Artifact, file)
	require.ErrorContains(t, err, "the claim nowhere can be reached in Pods only")
	require.NotErrorIs(t, err, fs.ErrNotExist, "the file is there")

	kept := s.save("d", nil, map[string]string{"a": "1"})
	kept.Optional, kept.SubPath = true, "absent"
	path, err = s.load(kept)
	require.NoError(t, err)
	assert.NoFileExists(t, path, "a part that is not there")
	kept.SubPath = ""
	damaged := packed(t, tar.Header{Name: "d/a", Size: 1}, hard("d/l", "d/absent"))
	require.NoError(t, os.WriteFile(filepath.Join(s.at.Plugin.Configuration, "d"), damaged, 0o600))
	kept.SHA256 = ""
	_, err = s.load(kept)
	require.ErrorContains(t, err, `entry "d/l": no such file`, "an archive that is damaged is there")
}

// TestOptionalOfAStoreThatFails has a store that fails as files do.
func TestOptionalOfAStoreThatFails(t *testing.T) {
	gone := &fs.PathError{Op: "open", Path: "/mnt/k", Err: fs.ErrNotExist}
	stores := artifact.New(nil, failing{gone})
	a := executor.Artifact{Artifact: spec.Artifact{Name: "x", Optional: true, ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "k"}}}}
	err := artifact.Load(t.Context(), stores, &a, filepath.Join(t.TempDir(), "x"))
	require.ErrorContains(t, err, `inputs.artifacts[x]: key "k/a": `)
}

// failing is a store whose files have a name and cannot be read.
type failing struct{ err error }

func (failing) Kind() string { return "gcs" }

func (f failing) Open(context.Context, *spec.ArtifactLocation, artifact.Secrets) (artifact.Store, error) {
	return f, nil
}

func (f failing) Get(_ context.Context, key string) (io.ReadCloser, error) {
	if key == "k/a" {
		return io.NopCloser(iotest.ErrReader(f.err)), nil
	}
	return nil, f.err
}

func (failing) List(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("k/a", nil) }
}

func (f failing) Put(context.Context, string, io.Reader) error { return f.err }

func (f failing) Delete(context.Context, string) error { return f.err }

func TestSaveErrors(t *testing.T) {
	s := newShelf(t)
	a := &spec.Artifact{Name: "x", Path: "/out/x", ArtifactLocation: artifact.WithKey(s.at, "k")}
	_, err := artifact.Save(t.Context(), s.stores, a, filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "outputs.artifacts[x]: /out/x: ")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	for _, key := range []string{"", ".", "../k", "a/../../k", "/k", "a\x00b"} {
		a.ArtifactLocation = artifact.WithKey(s.at, key)
		_, err := artifact.Save(t.Context(), s.stores, a, file)
		require.ErrorContains(t, err, "outputs.artifacts[x]", "key %q", key)
	}
	a.ArtifactLocation = artifact.WithKey(s.at, "k")
	a.Archive = level(77)
	_, err = artifact.Save(t.Context(), s.stores, a, file)
	require.ErrorContains(t, err, "archive.tar.compressionLevel: 77")

	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	a.Archive = nil
	_, err = artifact.Save(ctx, s.stores, a, file)
	require.ErrorIs(t, err, stopped)
	_, err = s.load(executor.Artifact{Artifact: *a})
	require.ErrorIs(t, err, fs.ErrNotExist, "nothing was kept")
}

// TestPutOfAStreamThatBreaks puts what a packer in another process did not send to its end.
func TestPutOfAStreamThatBreaks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "d"), map[string]string{"a": strings.Repeat("x", 5000), "b": "1"})
	for name, archive := range map[string]*spec.ArchiveStrategy{"tar": nil, "none": none} {
		var packed bytes.Buffer
		require.NoError(t, artifact.Pack(t.Context(), &packed, filepath.Join(dir, "d"), archive))
		broken := errors.New("broken")
		s := newShelf(t)
		a := &spec.Artifact{Name: "x", Archive: archive, ArtifactLocation: artifact.WithKey(s.at, "k")}
		half := io.MultiReader(bytes.NewReader(packed.Bytes()[:packed.Len()/2]), iotest.ErrReader(broken))
		_, err := artifact.Put(t.Context(), s.stores, a, half, true)
		require.ErrorIs(t, err, broken, name)
		kept, err := artifact.Put(t.Context(), s.stores, a, &packed, true)
		require.NoError(t, err)
		path, err := s.load(kept)
		require.NoError(t, err)
		assert.Len(t, read(t, path), 2)
	}
}

func TestSecretsText(t *testing.T) {
	planted := errors.New("forbidden")
	s := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: "key"}
	fail := artifact.Secrets(func(context.Context, *corev1.SecretKeySelector) ([]byte, error) { return nil, planted })
	_, err := fail.Text(t.Context(), s)
	require.ErrorIs(t, err, planted)
	require.ErrorContains(t, err, `secret "cred", key "key"`)
	for _, secrets := range []artifact.Secrets{nil, fail} {
		text, err := secrets.Text(t.Context(), nil)
		require.NoError(t, err)
		assert.Empty(t, text)
	}
	_, err = artifact.Secrets(nil).Text(t.Context(), s)
	require.EqualError(t, err, `secret "cred", key "key": there are no Secrets here: give artifact.New a function that reads them, such as local.Secrets`)
}
