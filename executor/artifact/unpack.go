package artifact

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/podflow/podflow/workflow/spec"
)

// Limits bound what may come out of an archive. A zero field is the default. Besides, the list of a zip may have 12 MiB,
// and the names of directories and links 16 MiB together, since they are held in memory.
type Limits struct {
	// Entries is how many files, directories and links; by default 262,144.
	Entries int
	// Bytes is how much all files hold together; by default 256 GiB.
	Bytes int64
}

// Unpack writes to path what the stream holds, as [Pack] wrote it or another program did. Archive nil unpacks a tar with
// gzip, and takes anything else as a file, as Argo does. If an archive holds one entry at its top, that becomes path,
// whatever its name; else path is a directory with all of them.
//
// There is nothing at path, or an empty directory or a file, which it replaces; directories above are made. Nothing is
// written elsewhere, and nothing is left if an error is returned. An archive that has absolute names, "..", links out,
// entries below links, an entry twice, devices, or more than the limits, is refused with the name of the entry.
// Files can then be read and written by all users, and executed if anybody could execute them.
func Unpack(ctx context.Context, r io.Reader, path string, archive *spec.ArchiveStrategy, limits Limits) error {
	return arrive(path, func(t *tree) error {
		return t.unpack(contextReader{ctx, r}, archive)
	}, limits)
}

// arrive lets fill make a tree beside path, and puts it there when that is done.
func arrive(path string, fill func(*tree) error, limits Limits) error {
	path = filepath.Clean(path)
	parent := filepath.Dir(path)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, ".podflow-*")
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(temp)
	if err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	t := newTree(root, limits)
	name := ""
	if err = fill(t); err == nil {
		name, err = t.finish()
	}
	err = errors.Join(err, root.Close())
	if err == nil {
		err = replace(filepath.Join(temp, name), path)
	}
	return errors.Join(err, os.RemoveAll(temp))
}

// replace moves what was made to path. The error says what is in the way.
func replace(from, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: expected nothing there: %w", path, errors.Unwrap(err))
	}
	return os.Rename(from, path)
}

// unpack fills the tree from a stream.
func (t *tree) unpack(r io.Reader, archive *spec.ArchiveStrategy) error {
	switch {
	case isNone(archive):
		return t.single(r)
	case archive != nil && archive.Zip != nil:
		return t.unzip(r)
	case archive != nil && archive.Tar != nil:
		return t.untar(r)
	}
	b := bufio.NewReaderSize(r, readSize)
	if isTarball(b) {
		return t.untar(b)
	}
	return t.single(b)
}

// isTarball says whether the stream begins as a tar with gzip does.
func isTarball(b *bufio.Reader) bool {
	start, _ := b.Peek(16 << 10)
	z, err := gzip.NewReader(bytes.NewReader(start))
	if err != nil {
		return false
	}
	block := make([]byte, 512)
	if _, err := io.ReadFull(z, block); err != nil {
		return false
	}
	_, err = tar.NewReader(io.MultiReader(bytes.NewReader(block), z)).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// untar fills the tree from a tar with gzip.
func (t *tree) untar(r io.Reader) error {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, readSize))
	if err != nil {
		return fmt.Errorf("expected a tar with gzip: %w", err)
	}
	files := tar.NewReader(z)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return drain(z)
		}
		if err != nil {
			return fmt.Errorf("expected a tar with gzip: %w", err)
		}
		if err := t.tarEntry(h, files); err != nil {
			return fmt.Errorf("entry %q: %w", shortened(h.Name), err)
		}
	}
}

// drain reads what follows the end of a tar, which is padding, so that gzip checks what it has unpacked.
func drain(z io.Reader) error {
	const most = 1 << 20
	n, err := io.Copy(io.Discard, io.LimitReader(z, most))
	if err == nil && n == most {
		err = errors.New("more follows its end")
	}
	if err != nil {
		return fmt.Errorf("expected a tar with gzip: %w", err)
	}
	return nil
}

func (t *tree) tarEntry(h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return t.file(h.Name, fs.FileMode(h.Mode), h.Size, r)
	case tar.TypeDir:
		return t.dir(h.Name)
	case tar.TypeSymlink:
		return t.symlink(h.Name, h.Linkname)
	case tar.TypeLink:
		return t.hardLink(h.Name, h.Linkname)
	case tar.TypeXGlobalHeader:
		return nil
	default:
		return fmt.Errorf("is a %s", typeName(h.FileInfo().Mode()))
	}
}

// shortened is a name for an error.
func shortened(name string) string {
	const most = 200
	if len(name) <= most {
		return name
	}
	return name[:most] + "…"
}
