package artifact

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/podflow/podflow/workflow/spec"
)

// incoming begins the names of files that are being written.
const incoming = ".podflow-incoming-"

// Directory is a location in a directory of this machine, without a key.
func Directory(dir string) spec.ArtifactLocation {
	return spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Name: "directory", Configuration: dir}}
}

// Volume is a location in a PersistentVolumeClaim, without a key.
func Volume(claim string) spec.ArtifactLocation {
	return spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Name: "volume", Configuration: claim}}
}

// VolumeMount is where a Pod that moves artifacts has the claim mounted.
func VolumeMount(claim string) string { return "/podflow/volumes/" + claim }

type directoryDriver struct{}

func (directoryDriver) Kind() string { return "plugin:directory" }

func (directoryDriver) Open(_ context.Context, l *spec.ArtifactLocation, _ Secrets) (Store, error) {
	dir := l.Plugin.Configuration
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("configuration: expected the absolute path of a directory, not %q", dir)
	}
	return directory(dir), nil
}

type volumeDriver struct{}

func (volumeDriver) Kind() string { return "plugin:volume" }

func (volumeDriver) Open(_ context.Context, l *spec.ArtifactLocation, _ Secrets) (Store, error) {
	claim := l.Plugin.Configuration
	if claim == "" || claim == ".." || strings.Contains(claim, "/") {
		return nil, fmt.Errorf("configuration: expected the name of a PersistentVolumeClaim, not %q", claim)
	}
	if _, err := os.Stat(VolumeMount(claim)); err != nil {
		return nil, fmt.Errorf("the claim %s can be reached in Pods only, where it is mounted: %w", claim, err)
	}
	return directory(VolumeMount(claim)), nil
}

// directory keeps each key as a file below it, so that a and a/b cannot both be there. It is made when something is put
// there. All users may read and write what is in it, as the Pods that share a volume may run as different ones; the
// directory itself is its maker's.
type directory string

func (d directory) Put(ctx context.Context, key string, r io.Reader) error {
	name, err := fileOf(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	if strings.HasSuffix(key, "/") {
		return makeDirs(root, name)
	}
	temp := incoming + rand.Text()
	if err := writeFile(root, temp, contextReader{ctx, r}, 0o666); err != nil {
		return errors.Join(err, ignoreNotExist(root.Remove(temp)))
	}
	// A Delete beside may remove the directory before the file is there; it hardly does a hundred times. More often it is
	// the store itself that is gone, or a link that leads nowhere.
	for range 100 {
		if err = makeDirs(root, path.Dir(name)); err == nil {
			err = root.Rename(temp, name)
		}
		if !errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return errors.Join(err, ignoreNotExist(root.Remove(temp)))
	}
	return nil
}

func (d directory) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	name, err := fileOf(key)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if info, err := root.Stat(name); isNothing(err) || err == nil && info.IsDir() {
		return nil, &fs.PathError{Op: "get", Path: key, Err: fs.ErrNotExist}
	}
	f, _, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	return contextFile{contextReader{ctx, f}, f}, nil
}

func (d directory) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		root, err := os.OpenRoot(string(d))
		if err != nil {
			if !isNothing(err) {
				yield("", err)
			}
			return
		}
		defer root.Close()
		start := "."
		if i := strings.LastIndexByte(prefix, '/'); i > 0 {
			if start, err = fileOf(prefix[:i]); err != nil {
				yield("", err)
				return
			}
		}
		err = fs.WalkDir(root.FS(), start, func(name string, e fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			key := name
			if err == nil && e.IsDir() {
				key, err = keyOf(root, name)
			}
			switch {
			case isNothing(err): // gone meanwhile
				return nil
			case err != nil:
				return err
			case key != "" && strings.HasPrefix(key, prefix) && !strings.HasPrefix(key, incoming) && !yield(key, nil):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}

func (d directory) Delete(_ context.Context, key string) error {
	name, err := fileOf(key)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return ignoreNotExist(err)
	}
	defer root.Close()
	if info, err := root.Lstat(name); err != nil || info.IsDir() != strings.HasSuffix(key, "/") {
		return ignoreNotExist(err)
	}
	err = root.Remove(name)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
		return nil // not an empty directory, so the key holds nothing
	}
	if err := ignoreNotExist(err); err != nil {
		return err
	}
	for dir := path.Dir(name); dir != "." && root.Remove(dir) == nil; {
		dir = path.Dir(dir)
	}
	return nil
}

// fileOf is the name of a key's file in the directory.
func fileOf(key string) (string, error) {
	name := path.Clean(key)
	if name == "." || !filepath.IsLocal(name) || strings.HasPrefix(name, incoming) {
		return "", fmt.Errorf("key %q: expected names with slashes between them", key)
	}
	return name, nil
}

// makeDirs makes a directory, for all users.
func makeDirs(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	err := root.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDirs(root, path.Dir(dir)); err != nil {
			return err
		}
		err = root.Mkdir(dir, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		if info, err := root.Stat(dir); err != nil || info.IsDir() {
			return err
		}
	}
	if err != nil {
		return err
	}
	return root.Chmod(dir, 0o777)
}

// keyOf is the key of a directory if it is empty, and nothing else.
func keyOf(root *os.Root, dir string) (string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	if errors.Is(err, io.EOF) && dir != "." {
		return dir + "/", nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return "", err
}

// writeFile makes a file that was not there.
func writeFile(root *os.Root, name string, r io.Reader, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = transfer(f, r)
	return errors.Join(err, f.Chmod(mode), f.Close())
}

// isNothing says that there is nothing of that name, nor could be.
func isNothing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func ignoreNotExist(err error) error {
	if isNothing(err) {
		return nil
	}
	return err
}
