package artifact

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/podflow/podflow/workflow/spec"
)

// Pack writes the file or directory at path as one stream:
//
//   - archive nil, or Tar: tar and gzip, in which all names begin with the base name of path;
//   - Zip: the same names in a zip;
//   - None: of a file its bytes; of a directory a tar without gzip of its files, for [Put] to take apart.
//
// A link stays a link if it leads to something in the directory. A link out of it, a pipe, a socket or a device is an
// error that names it. So is a link at path that leads out of the directory it is in.
func Pack(ctx context.Context, w io.Writer, path string, archive *spec.ArchiveStrategy) error {
	src, err := openSource(path)
	if err != nil {
		return err
	}
	defer src.Close()
	w = contextWriter{ctx, w}
	switch {
	case isNone(archive) && !src.dir:
		f, _, err := openFile(src.root, src.base)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	case isNone(archive):
		return packTar(w, src, true)
	case archive != nil && archive.Zip != nil:
		z := zip.NewWriter(w)
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
		if err := src.walk(zipWriter{z}.add); err != nil {
			return err
		}
		return z.Close()
	default:
		level := gzip.DefaultCompression
		if archive != nil && archive.Tar != nil && archive.Tar.CompressionLevel != nil {
			level = int(*archive.Tar.CompressionLevel)
		}
		z, err := gzip.NewWriterLevel(w, level)
		if err != nil {
			return fmt.Errorf("archive.tar.compressionLevel: %d: expected a number from 0 to 9", level)
		}
		if err := packTar(z, src, false); err != nil {
			return err
		}
		return z.Close()
	}
}

func isNone(archive *spec.ArchiveStrategy) bool { return archive != nil && archive.None != nil }

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

// walk gives every entry, a directory before what is in it, with names that begin with the base name.
func (s *source) walk(add func(entry) error) error {
	if !s.dir {
		info, err := s.root.Stat(s.base)
		if err != nil {
			return err
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
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		return add(e)
	})
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

// packTar writes a tar. Flat leaves the base name out, and puts files in place of links to files.
func packTar(w io.Writer, src *source, flat bool) error {
	t := tar.NewWriter(w)
	err := src.walk(func(e entry) error {
		if flat {
			var ok bool
			if e.name, ok = strings.CutPrefix(e.name, src.base+"/"); !ok {
				return nil
			}
		}
		if flat && e.link != "" {
			return followed(t, e)
		}
		return addTar(t, e)
	})
	if err != nil {
		return err
	}
	return t.Close()
}

// followed adds the file that a link leads to.
func followed(t *tar.Writer, e entry) error {
	f, info, err := e.open()
	if err != nil {
		return fmt.Errorf("%s: a link to something else than a file cannot be kept without an archive: %w", e.name, err)
	}
	defer f.Close()
	e.link, e.info = "", info
	return addTar(t, e)
}

func addTar(t *tar.Writer, e entry) error {
	h := &tar.Header{Name: e.name, Mode: int64(e.info.Mode().Perm()), ModTime: e.info.ModTime(), Linkname: e.link}
	switch {
	case e.link != "":
		h.Typeflag = tar.TypeSymlink
	case e.info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, e.name+"/"
	default:
		h.Typeflag, h.Size = tar.TypeReg, e.info.Size()
	}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	return e.copy(t)
}

// zipWriter writes entries into a zip.
type zipWriter struct{ *zip.Writer }

func (z zipWriter) add(e entry) error {
	h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: e.info.ModTime()}
	h.SetMode(e.info.Mode() & (fs.ModePerm | fs.ModeType))
	if e.info.IsDir() {
		h.Name, h.Method = h.Name+"/", zip.Store
	}
	w, err := z.CreateHeader(h)
	switch {
	case err != nil || e.info.IsDir():
		return err
	case e.link != "":
		_, err = io.WriteString(w, e.link)
		return err
	default:
		return e.copy(w)
	}
}

// copy writes the bytes of a file: as many as it had when it was looked at.
func (e entry) copy(w io.Writer) error {
	f, _, err := e.open()
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(w, io.LimitReader(f, e.info.Size()))
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

// contextWriter fails when its context ends.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.w.Write(b)
}
