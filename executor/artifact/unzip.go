package artifact

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxList  = 12 << 20  // how many bytes the list of a zip may have: that of some 100,000 entries
	listMore = 128 << 10 // what is read besides, to find it and in whole pieces
)

// unzip fills the tree from a zip, which is written to a file first: its list of entries is at its end.
func (t *tree) unzip(r io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(t.root.Name()), ".podflow-*")
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		os.Remove(f.Name())
	}()
	size, err := transfer(f, io.LimitReader(r, t.left.Bytes))
	if err != nil {
		return err
	}
	// The reader holds the list in memory, and does not trust the count that the zip gives: so its bytes are counted.
	list := &bounded{r: f, left: min(int64(t.left.Entries)*128, maxList) + listMore}
	files, err := zip.NewReader(list, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("expected a zip: %w", err)
	}
	list.left = math.MaxInt64
	for _, f := range files.File {
		if err := t.zipEntry(f); err != nil {
			return fmt.Errorf("entry %q: %w", shortened(f.Name), err)
		}
	}
	return nil
}

func (t *tree) zipEntry(f *zip.File) error {
	mode := f.Mode()
	if strings.HasSuffix(f.Name, "/") || mode.IsDir() {
		return t.dir(f.Name)
	}
	if !mode.IsRegular() && mode&fs.ModeSymlink == 0 {
		return fmt.Errorf("is a %s", typeName(mode))
	}
	if f.UncompressedSize64 > math.MaxInt64 {
		return t.bytes(math.MaxInt64)
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if mode.IsRegular() {
		return t.file(f.Name, mode, int64(f.UncompressedSize64), r)
	}
	target, err := io.ReadAll(io.LimitReader(r, maxName))
	if err != nil {
		return err
	}
	return t.symlink(f.Name, string(target))
}

// bounded gives a number of bytes, and then fails.
type bounded struct {
	r    io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("its list of entries is longer than an artifact's may be")
	}
	return b.r.ReadAt(p, off)
}
