package artifact

import (
	"archive/tar"
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"

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
// error that names it. So is a link at path that leads out of the directory it is in, and more than [Unpack] takes: the
// default [Limits], and those of a zip.
func Pack(ctx context.Context, w io.Writer, path string, archive *spec.ArchiveStrategy) error {
	src, err := openSource(path)
	if err != nil {
		return err
	}
	defer src.Close()
	w = contextWriter{ctx, w}
	switch {
	case isNone(archive) && !src.dir:
		return src.walk(func(e entry) error { return e.copy(w) })
	case isNone(archive):
		return packTar(w, src, true)
	case archive != nil && archive.Zip != nil:
		z := zip.NewWriter(w)
		z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
		if err := src.walk((&zipWriter{Writer: z}).add); err != nil {
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
type zipWriter struct {
	*zip.Writer
	list int // bytes of the list of entries
}

func (z *zipWriter) add(e entry) error {
	const each = 64 // besides the name, and rarely more
	if z.list += each + len(e.name) + 1; z.list > maxList {
		return fmt.Errorf("%s: with it the list of entries is longer than an artifact's may be: %d bytes; a tar has no such list", shortened(e.name), maxList)
	}
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
