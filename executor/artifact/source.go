package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// source is a file or directory to pack.
type source struct {
	root *os.Root // of the directory that it is in
	base string
	dir  bool
}

// entry is a part of a source.
type entry struct {
	name string // in the archive
	info fs.FileInfo
	link string // where a link leads
	open func() (*os.File, fs.FileInfo, error)
}

// openSource opens a file or directory. A link to one counts as that, unless it leads out of its directory.
func openSource(file string) (*source, error) {
	file = filepath.Clean(file)
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, notThere(err)
	}
	src := &source{root: root, base: filepath.Base(file)}
	info, err := root.Stat(src.base)
	switch {
	case err != nil:
		err = notThere(err)
	case !info.IsDir() && !info.Mode().IsRegular():
		err = fmt.Errorf("expected a file or directory, not a %s", typeName(info.Mode()))
	case src.base == "/":
		err = errors.New("expected a file or directory, not the root of all")
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	src.dir = info.IsDir()
	return src, nil
}

// notThere is the error of a path that cannot be opened, less the path.
func notThere(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fs.ErrNotExist
	}
	return plain(err)
}

func (s *source) Close() error { return s.root.Close() }

// walk gives every entry, a directory before what is in it, with names that begin with the base name. An entry too many is
// an error.
func (s *source) walk(add func(entry) error) error {
	budget := newBudget(Limits{})
	if !s.dir {
		info, err := s.root.Stat(s.base)
		if err != nil {
			return err
		}
		if err := budget.bytes(info.Size()); err != nil {
			return fmt.Errorf("%s: %w", s.base, err)
		}
		return add(entry{name: s.base, info: info, open: func() (*os.File, fs.FileInfo, error) { return openFile(s.root, s.base) }})
	}
	dir, err := s.root.OpenRoot(s.base)
	if err != nil {
		return err
	}
	defer dir.Close()
	return fs.WalkDir(dir.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{name: path.Join(s.base, name), info: info, open: func() (*os.File, fs.FileInfo, error) { return openFile(dir, name) }}
		switch mode := info.Mode(); {
		case mode&fs.ModeSymlink != 0:
			if e.link, err = dir.Readlink(name); err == nil {
				_, err = insideLink(name, e.link)
			}
		case !mode.IsRegular() && !mode.IsDir():
			err = fmt.Errorf("a %s cannot be kept", typeName(mode))
		}
		if err == nil {
			err = budget.add(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", shortened(e.name), err)
		}
		return add(e)
	})
}

// add takes note of an entry to pack, as what unpacks it will.
func (b *budget) add(e entry) error {
	if err := cmp.Or(b.entry(), checkName(e.name+"/")); err != nil {
		return err
	}
	if e.info.Mode().IsRegular() {
		return b.bytes(e.info.Size())
	}
	return b.remember(len(e.name) + len(e.link))
}

// insideLink is the target of a link as it may be written, if the target is certain to be in the directory that name is
// relative to, whatever other links of that kind lie on the way.
func insideLink(name, target string) (string, error) {
	clean := path.Clean(target)
	rest, up := clean, 0
	for rest == ".." || strings.HasPrefix(rest, "../") {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
		up++
	}
	if target == "" || path.IsAbs(clean) || up > strings.Count(name, "/") {
		return "", fmt.Errorf("is a link to %q, out of the directory", target)
	}
	return clean, nil
}

// typeName is what the mode says that something is.
func typeName(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeSymlink:
		return "link"
	case fs.ModeDir:
		return "directory"
	case fs.ModeNamedPipe:
		return "named pipe"
	case fs.ModeSocket:
		return "socket"
	default:
		return "device"
	}
}

// copy writes the bytes of a file: as many as it had when it was looked at.
func (e entry) copy(w io.Writer) error {
	f, _, err := e.open()
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := transfer(w, io.LimitReader(f, e.info.Size()))
	if err == nil && n < e.info.Size() {
		err = fmt.Errorf("%s: became shorter while it was read", e.name)
	}
	return err
}

// openFile opens a regular file. It never waits, not for a pipe either.
func openFile(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("is a %s", typeName(info.Mode()))}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
