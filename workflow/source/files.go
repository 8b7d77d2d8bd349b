package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// files are the YAML files below a directory.
type files struct {
	fs   fs.FS
	show func(name string) string // a file's name for a person
}

// Dir reads all *.yaml and *.yml files below a directory, each of one or many documents, and keeps their
// WorkflowTemplates, ClusterWorkflowTemplates and ConfigMaps. Other kinds that spec.Decode reads, as Workflow, are left
// out. A kind that it does not is a problem, since it may be a misspelt one. Names that begin with a dot are not
// looked at.
//
// The files are read now, and by [Memory.Reload]. All problems of all files are reported together, each with its file,
// and its line if it is a *spec.DecodeError; two objects of one kind and name are one, with both files.
func Dir(dir string) (*Memory, error) {
	return read(&files{os.DirFS(dir), func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }})
}

// FS reads files as [Dir] does, all that fsys has.
func FS(fsys fs.FS) (*Memory, error) {
	return read(&files{fsys, func(name string) string { return name }})
}

// Reload reads the files of [Dir] or [FS] again; what they hold takes the place of all that is there. If something is
// wrong with them, everything stays as it was. A Memory without files stays as it is.
func (m *Memory) Reload() error {
	if m.files == nil {
		return nil
	}
	objects, err := m.files.read()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = objects
	return nil
}

func read(f *files) (*Memory, error) {
	m := &Memory{files: f}
	if err := m.Reload(); err != nil {
		return nil, err
	}
	return m, nil
}

func (f *files) read() (map[key]spec.Object, error) {
	objects, in := map[key]spec.Object{}, map[key]string{}
	var errs []error
	err := fs.WalkDir(f.fs, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := name != "." && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", f.show(name), err))
			return nil
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden || d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		found, err := f.decode(name)
		for _, e := range each(err) {
			errs = append(errs, fmt.Errorf("%s: %w", f.show(name), e))
		}
		for _, o := range found {
			k, err := keyOf(o)
			if errors.Is(err, errKind) {
				continue
			}
			if first, twice := in[k]; err == nil && twice {
				err = fmt.Errorf("%v is in %s already", k, f.show(first))
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", f.show(name), err))
				continue
			}
			objects[k], in[k] = o, name
		}
		return nil
	})
	return objects, errors.Join(append(errs, err)...)
}

func (f *files) decode(name string) ([]spec.Object, error) {
	file, err := f.fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return spec.Decode(file)
}

// each is the errors that err joins.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}
