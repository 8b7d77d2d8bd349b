package git

import (
	"path/filepath"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/cache"
	gitstorage "github.com/go-git/go-git/v5/storage"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

const (
	largeObject = 1 << 20 // an object that is larger is not held in memory to be read
	cachedBytes = 8 << 20 // of objects that are
)

// storage keeps a repository in its .git, and its submodules in there. It holds little of them in memory.
type storage struct{ *filesystem.Storage }

func newStorage(dot billy.Filesystem) storage {
	return storage{filesystem.NewStorageWithOptions(dot, cache.NewObjectLRU(cachedBytes), filesystem.Options{LargeObjectThreshold: largeObject})}
}

// Module is the storage of a submodule.
func (s storage) Module(name string) (gitstorage.Storer, error) {
	of, err := s.ModuleStorage.Module(name)
	if err != nil {
		return nil, err
	}
	return newStorage(of.(*filesystem.Storage).Filesystem()), nil
}

// directories are the worktree at path and its .git. No link in them is followed out of them.
func directories(path string) (tree, dot billy.Filesystem) {
	return osfs.New(path, osfs.WithBoundOS()), osfs.New(filepath.Join(path, git.GitDirName), osfs.WithBoundOS())
}
