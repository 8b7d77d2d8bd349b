package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// Repository says that artifacts without a location are kept in the fake's memory.
func (x *Executor) Repository() spec.ArtifactLocation {
	return spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Name: "fake"}}
}

// Stores are the fake's memory, which stands for S3, for HTTP and for all others: nothing leaves the process. What Go
// functions of the workflow leave is there, and what is scripted.
func (x *Executor) Stores() *artifact.Stores {
	x.filesOnce.Do(func() {
		var drivers []artifact.Driver
		for _, kind := range []string{"s3", "gcs", "azure", "oss", "hdfs", "artifactory", "http", "git", "plugin:fake", "plugin:directory", "plugin:volume"} {
			drivers = append(drivers, driver{kind, &x.files})
		}
		x.stores = artifact.New(nil, drivers...)
	})
	return x.stores
}

// leave keeps the output artifacts of a task as they are scripted. Those that a program left that succeeded, but of which
// no script says what is in them, are kept as errors for who reads them.
func (x *Executor) leave(ctx context.Context, t *executor.Task, o *Outcome, res *executor.Result) error {
	written, err := templateOf(t)
	if err != nil || len(written.Outputs.Artifacts) == 0 || t.Func != nil && o == nil {
		return err
	}
	template, err := t.Template()
	if err != nil {
		return err
	}
	for _, a := range template.Outputs.Artifacts {
		content, given := "", false
		if o != nil {
			content, given = o.files[a.Name]
		}
		if !given && res.Phase.FailedOrErrored() {
			continue
		}
		a.Archive = &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}
		kept, err := artifact.Put(ctx, x.Stores(), &a, strings.NewReader(content), false)
		switch {
		case errors.Is(err, errors.ErrUnsupported): // a plugin's, say: nobody reads it here
			kept = executor.Artifact{Artifact: a}
		case err != nil:
			return err
		case !given:
			err = x.lack(ctx, &a, fmt.Errorf("fake: nobody scripted what %q leaves as %q: expected On(%q, fake.Succeed(workflow.Artifact(%q).Set(...)))",
				nameOf(t), a.Name, nameOf(t), a.Name))
			if err != nil {
				return err
			}
		}
		res.Artifacts = append(res.Artifacts, kept)
	}
	return nil
}

// lack makes the error that of who reads the artifact.
func (x *Executor) lack(ctx context.Context, a *spec.Artifact, unknown error) error {
	opened, key, err := x.Stores().Open(ctx, &a.ArtifactLocation)
	if s, ok := opened.(*store); ok {
		s.set(key, file{err: unknown})
	}
	return err
}

// files are the artifacts of a fake.
type files struct {
	mu   sync.Mutex // guards kept
	kept map[string]file
}

// file is the content of an artifact, or why nobody knows it.
type file struct {
	content []byte
	err     error
}

// driver opens the memory for locations of one kind.
type driver struct {
	kind  string
	files *files
}

func (d driver) Kind() string { return d.kind }

func (d driver) Open(_ context.Context, l *spec.ArtifactLocation, _ artifact.Secrets) (artifact.Store, error) {
	place, err := json.Marshal(artifact.WithKey(*l, ""))
	return &store{string(place) + "\x00", d.files}, err
}

// store is the part of the memory that stands for one place.
type store struct {
	place string
	files *files
}

func (s *store) Put(_ context.Context, key string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.set(key, file{content: content})
	return nil
}

func (s *store) set(key string, f file) {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	if s.files.kept == nil {
		s.files.kept = map[string]file{}
	}
	s.files.kept[s.place+key] = f
}

func (s *store) Get(_ context.Context, key string) (io.ReadCloser, error) {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	f, ok := s.files.kept[s.place+key]
	switch {
	case !ok:
		return nil, &fs.PathError{Op: "get", Path: key, Err: fs.ErrNotExist}
	case f.err != nil:
		return nil, f.err
	}
	return io.NopCloser(bytes.NewReader(f.content)), nil
}

func (s *store) List(_ context.Context, prefix string) iter.Seq2[string, error] {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	keys := slices.Sorted(maps.Keys(s.files.kept))
	return func(yield func(string, error) bool) {
		for _, k := range keys {
			if key, ok := strings.CutPrefix(k, s.place); ok && strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

func (s *store) Delete(_ context.Context, key string) error {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	delete(s.files.kept, s.place+key)
	return nil
}
