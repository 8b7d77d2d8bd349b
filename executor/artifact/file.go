package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Read gives the bytes of an artifact that is one file, unpacked. It is brought to a temporary file first, which is gone
// when the reader is closed: what is read is so what was stored. A directory is an error; [Load] brings one.
func Read(ctx context.Context, s *Stores, a *executor.Artifact) (io.ReadCloser, error) {
	dir, err := os.MkdirTemp("", "podflow-")
	if err != nil {
		return nil, err
	}
	wanted := *a
	wanted.Optional = false
	at := filepath.Join(dir, "file")
	if err := Load(ctx, s, &wanted, at); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	info, err := os.Stat(at)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("inputs.artifacts[%s]: it is a directory and not a file", a.Name)
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(at)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &reader{f, dir}, nil
}

// reader is a file that goes with its directory.
type reader struct {
	*os.File
	dir string
}

// Close removes the file.
func (r *reader) Close() error { return errors.Join(r.File.Close(), os.RemoveAll(r.dir)) }

// Writer writes an artifact of one file. [Write] makes one.
type Writer struct {
	file  *os.File
	dir   string
	store func() error
	done  bool
}

// Write gives a writer for an artifact of one file. The artifact is stored when the writer is closed, and stored is told
// of it; until then nobody sees any of it.
func Write(ctx context.Context, s *Stores, a *spec.Artifact, stored func(executor.Artifact)) (*Writer, error) {
	dir, err := os.MkdirTemp("", "podflow-")
	if err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, fileName(a)))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Writer{file: f, dir: dir, store: func() error {
		kept, err := Save(ctx, s, a, f.Name())
		if err == nil {
			stored(kept)
		}
		return err
	}}, nil
}

// Write writes to the file.
func (w *Writer) Write(b []byte) (int, error) { return w.file.Write(b) }

// Close stores the file. After Abort it does nothing.
func (w *Writer) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	err := w.file.Close()
	if err == nil {
		err = w.store()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

// Abort forgets what was written, and reports whether that was before it was closed.
func (w *Writer) Abort() bool {
	if w.done {
		return false
	}
	w.done = true
	_ = w.file.Close()
	_ = os.RemoveAll(w.dir)
	return true
}

// fileName is the name of the file in a packed artifact.
func fileName(a *spec.Artifact) string {
	if name := path.Base(a.Path); a.Path != "" && name != "/" {
		return name
	}
	return "file"
}

// Gone says that an artifact is not there any more. What cannot be reached is not said to be: who uses it will tell.
func Gone(ctx context.Context, s *Stores, a *executor.Artifact) bool {
	store, key, err := s.Open(ctx, &a.ArtifactLocation)
	if err != nil {
		return false
	}
	file, err := store.Get(ctx, key)
	if err == nil {
		_ = file.Close()
	}
	if a.SHA256 == "" && errors.Is(err, fs.ErrNotExist) { // it may be a directory
		for range store.List(ctx, below(key)) {
			return false
		}
	}
	return errors.Is(err, fs.ErrNotExist)
}

// Remove deletes an artifact. It is no error if there is none. One without a SHA256 that is not packed may be a
// directory, so what lies below its key goes too.
func Remove(ctx context.Context, s *Stores, a *executor.Artifact) error {
	store, key, err := s.Open(ctx, &a.ArtifactLocation)
	if err != nil {
		return fmt.Errorf("artifact %s: %w", a.Name, err)
	}
	errs := []error{store.Delete(ctx, key)}
	if isNone(a.Archive) && a.SHA256 == "" {
		for k, err := range store.List(ctx, below(key)) {
			if err == nil {
				err = store.Delete(ctx, k)
			}
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("artifact %s: %w", a.Name, err)
	}
	return nil
}
