package artifact_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// shelves is a driver of one's own: it keeps what a workflow says is in Google Cloud Storage in memory.
type shelves struct{ bucket *memory }

func (shelves) Kind() string { return "gcs" }

func (d shelves) Open(context.Context, *spec.ArtifactLocation, artifact.Secrets) (artifact.Store, error) {
	return d.bucket, nil
}

// memory is a store in memory, and so no real one: package artifacttest would say that it does not stream.
type memory struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (m *memory) Put(ctx context.Context, key string, r io.Reader) error {
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return err // and nobody has seen any of it
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[key] = b.Bytes()
	return nil
}

func (m *memory) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.kept[key]
	if !ok {
		return nil, fmt.Errorf("key %q: %w", key, fs.ErrNotExist)
	}
	return io.NopCloser(&reading{ctx, bytes.NewReader(value)}), nil
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r *reading) Read(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(b)
}

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	m.mu.Lock()
	kept := maps.Clone(m.kept)
	m.mu.Unlock()
	return func(yield func(string, error) bool) {
		for key := range kept {
			if ctx.Err() != nil {
				yield("", context.Cause(ctx))
				return
			}
			if strings.HasPrefix(key, prefix) && !yield(key, nil) {
				return
			}
		}
	}
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
	return nil
}

// A driver has two methods, and its stores have four.
func ExampleDriver() {
	ctx := context.Background()
	stores := artifact.New(nil, shelves{&memory{kept: map[string][]byte{}}})
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	_ = os.WriteFile(filepath.Join(dir, "rows.csv"), []byte("1,2\n"), 0o600)

	rows := &spec.Artifact{Name: "rows", ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "runs/1/rows.tgz"}}}
	kept, err := artifact.Save(ctx, stores, rows, filepath.Join(dir, "rows.csv"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := artifact.Load(ctx, stores, &kept, filepath.Join(dir, "copy.csv")); err != nil {
		fmt.Println(err)
		return
	}
	text, _ := os.ReadFile(filepath.Join(dir, "copy.csv"))
	fmt.Print(string(text))
	// Output: 1,2
}
