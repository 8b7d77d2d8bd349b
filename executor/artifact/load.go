package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// ErrDigest says that what is kept is not what was stored.
var ErrDigest = errors.New("it is not what was stored")

// Load brings an artifact to path, as [Unpack] does, and gives it the mode that it declares. What a key holds is a file
// or an archive; a key that holds nothing, but begins others with a slash after it, is a directory that was not packed.
// SubPath is the part of it to take. If the artifact has a SHA256 that is compared first; the error wraps [ErrDigest].
//
// An optional artifact that is not there is left out: its store has nothing under its key, or no such part. Errors name
// the artifact as inputs.artifacts[NAME]; it is an [fs.ErrNotExist] if it is not there.
func Load(ctx context.Context, s *Stores, a *executor.Artifact, path string) error {
	store, key, err := s.Open(ctx, &a.ArtifactLocation)
	if err == nil {
		err = load(ctx, store, key, a, path)
	}
	switch {
	case err == nil:
		return nil
	case a.Optional && errors.As(err, new(absent)):
		return nil
	default:
		return fmt.Errorf("inputs.artifacts[%s]: %w", a.Name, err)
	}
}

// absent is the error of a store that has nothing under a key. Another [fs.ErrNotExist] is trouble, as that of a volume
// that is not mounted.
type absent struct{ error }

func (a absent) Unwrap() error { return a.error }

func load(ctx context.Context, store Store, key string, a *executor.Artifact, path string) error {
	err := arrive(path, func(t *tree) error { return t.bring(ctx, store, key, a) }, Limits{})
	if err != nil || a.Mode == nil {
		return err
	}
	return chmod(path, fs.FileMode(*a.Mode).Perm(), a.RecurseMode)
}

// bring fills the tree with what a store has. A sub-path is a key of its own if there is one, and else a part of what
// the key holds.
func (t *tree) bring(ctx context.Context, store Store, key string, a *executor.Artifact) error {
	if a.SubPath != "" && !filepath.IsLocal(a.SubPath) {
		return fmt.Errorf("subPath: %q leads out of the artifact", a.SubPath)
	}
	if f, ok := store.(Fetcher); ok {
		t.sub = a.SubPath
		return t.fetch(ctx, f, key)
	}
	if a.SubPath != "" {
		err := t.bringKey(ctx, store, below(key)+a.SubPath, a.Archive, "")
		if !errors.As(err, new(absent)) {
			return err
		}
		t.sub = a.SubPath
	}
	return t.bringKey(ctx, store, key, a.Archive, a.SHA256)
}

// bringKey fills the tree with what a key holds, or what lies below it.
func (t *tree) bringKey(ctx context.Context, store Store, key string, archive *spec.ArchiveStrategy, want string) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r, err := store.Get(reading, key)
	if errors.Is(err, fs.ErrNotExist) {
		return t.bringFiles(ctx, store, key, absent{err})
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if want == "" {
		return t.unpack(contextReader{ctx, r}, archive)
	}
	ahead := hashAhead(contextReader{reading, r})
	defer ahead.end(stop)
	err = t.unpack(ahead, archive)
	if _, rest := transfer(io.Discard, ahead); rest != nil {
		return errors.Join(err, rest)
	}
	if got := ahead.hex(); want != got {
		return fmt.Errorf("%w: its SHA-256 is %s, expected %s", ErrDigest, got, want)
	}
	return err
}

// bringFiles fills the tree with what lies below a key; missing is the error if that is nothing.
func (t *tree) bringFiles(ctx context.Context, store Store, key string, missing error) error {
	prefix := below(key)
	found := false
	for name, err := range store.List(ctx, prefix) {
		if errors.Is(err, errors.ErrUnsupported) {
			return missing
		}
		if err != nil {
			return err
		}
		found = true
		rest := "files/" + strings.TrimPrefix(name, prefix)
		if strings.HasSuffix(rest, "/") {
			err = t.dir(rest)
		} else {
			err = t.bringFile(ctx, store, name, rest)
		}
		if err != nil {
			return fmt.Errorf("key %q: %w", name, err)
		}
	}
	if !found {
		return missing
	}
	return nil
}

func (t *tree) bringFile(ctx context.Context, store Store, key, name string) error {
	r, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close()
	return t.file(name, 0o666, -1, r)
}

// fetch lets a store bring a directory by itself.
func (t *tree) fetch(ctx context.Context, f Fetcher, key string) error {
	t.tops = []string{"fetched"}
	dir := filepath.Join(t.root.Name(), t.tops[0])
	err := f.Fetch(ctx, key, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return absent{err}
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			var target string
			if target, err = os.Readlink(file); err == nil {
				t.links = append(t.links, [2]string{strings.TrimPrefix(file, t.root.Name()+"/"), target})
			}
		}
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(file, open(info.Mode()))
	})
}

// chmod sets the mode of a file or directory, and of the files in it if it is to.
func chmod(path string, mode fs.FileMode, recurse bool) error {
	if !recurse {
		return os.Chmod(path, mode)
	}
	var paths []string
	err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink == 0 {
			paths = append(paths, file)
		}
		return err
	})
	// From the inside out: a directory may close itself.
	for i := len(paths) - 1; i >= 0 && err == nil; i-- {
		err = os.Chmod(paths[i], mode)
	}
	return err
}
