// Package artifact moves files and directories between nodes and the places where they are kept.
//
// A [Store] keeps bytes by key; a [Driver] opens the stores of one kind of location, as "s3"; [Stores] holds the
// drivers that a program has. [Save] and [Load] bring a file or directory from a path to its location and back, packed
// as the artifact says. [Pack] and [Put], which Save consists of, may run in two processes with a stream between them.
//
//	stores := artifact.New(secrets, s3.Driver{}, http.Driver{}, git.Driver{})
//	kept, err := artifact.Save(ctx, stores, &template.Outputs.Artifacts[0], "/out/data")
//
// Every program has raw (text in the workflow), and as plugins directory and volume, see [New]. The drivers s3, http and
// git are packages below this one, so that only who uses one imports its client. Another, for Google Cloud Storage say,
// is a type with the two methods of Driver, whose Store passes the suite of package artifacttest:
//
//	func (gcsDriver) Kind() string { return "gcs" }
//	func (gcsDriver) Open(ctx context.Context, l *spec.ArtifactLocation, secrets artifact.Secrets) (artifact.Store, error) {
//		key, err := secrets.Text(ctx, l.GCS.ServiceAccountKeySecret)
//		…
//	}
//
// Nothing is ever held in memory whole. What is kept is checked: Save notes the SHA-256 of the bytes, Load compares it.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// Store keeps bytes by key, as a bucket does. Keys are texts of names with slashes between them, as a/b/c.tgz. A key that
// ends in a slash and holds no bytes stands for an empty directory. Its methods are called from many goroutines at once,
// and end soon when ctx does. A Store that cannot do one of them returns an error that wraps [errors.ErrUnsupported].
type Store interface {
	// Put keeps what r gives until its end, in place of what the key held. Until it returns nil, nobody sees any of it:
	// when r fails, or ctx ends, the key is as it was, and the error wraps that of r. The length is not known, so it
	// streams, with memory that does not grow with it.
	Put(ctx context.Context, key string, r io.Reader) error
	// Get reads what the key holds; ctx governs the reading too. The error is an [fs.ErrNotExist] if it holds nothing.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// List gives the keys that begin with the prefix, in any order; none is no error. After an error nothing follows.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Delete forgets the key. It is no error if it held nothing.
	Delete(ctx context.Context, key string) error
}

// Fetcher is a [Store] that brings a directory to a path by itself, as git does. There is nothing at path, but its
// parent is there.
type Fetcher interface {
	Fetch(ctx context.Context, key, path string) error
}

// Driver opens the stores of one kind of location.
type Driver interface {
	// Kind is the name of the location's field in a workflow, as "s3" or "gcs", or "plugin:NAME".
	Kind() string
	// Open gives the store that the location names. The location is of the driver's kind; its key counts for nothing.
	Open(ctx context.Context, l *spec.ArtifactLocation, secrets Secrets) (Store, error)
}

// Secrets reads a value of a Secret. An error never holds a value.
type Secrets func(ctx context.Context, s *corev1.SecretKeySelector) ([]byte, error)

// Text is the value of a Secret as text; empty if s is nil. Nil Secrets have none, which the error says.
func (read Secrets) Text(ctx context.Context, s *corev1.SecretKeySelector) (string, error) {
	if s == nil {
		return "", nil
	}
	if read == nil {
		return "", fmt.Errorf("secret %q, key %q: there are no Secrets here: give artifact.New a function that reads them, such as local.Secrets", s.Name, s.Key)
	}
	value, err := read(ctx, s)
	if err != nil {
		return "", fmt.Errorf("secret %q, key %q: %w", s.Name, s.Key, err)
	}
	return string(value), nil
}

// Stores are the drivers that a program has. Make them with [New]; they serve many goroutines at once.
type Stores struct {
	secrets Secrets
	drivers map[string]Driver
}

// New makes Stores. Secrets may be nil. Besides the drivers given there are always
//
//   - raw: text that stands in the workflow;
//   - plugin:directory: a directory of this machine, its absolute path in the plugin's configuration;
//   - plugin:volume: a PersistentVolumeClaim that is mounted in the Pod, its name in the configuration: see [VolumeMount].
//
// A driver given replaces one of the same kind.
func New(secrets Secrets, drivers ...Driver) *Stores {
	s := &Stores{secrets: secrets, drivers: map[string]Driver{}}
	for _, d := range append([]Driver{rawDriver{}, directoryDriver{}, volumeDriver{}}, drivers...) {
		s.drivers[d.Kind()] = d
	}
	return s
}

// Open gives the store of a location, and the key that the location holds.
func (s *Stores) Open(ctx context.Context, l *spec.ArtifactLocation) (Store, string, error) {
	if err := s.Check(l); err != nil {
		return nil, "", err
	}
	store, err := s.drivers[Kind(l)].Open(ctx, l, s.secrets)
	if err != nil {
		return nil, "", fmt.Errorf("artifact: %s: %w", Kind(l), err)
	}
	return store, Key(l), nil
}

// Check says whether there is a driver for the location. The error wraps [errors.ErrUnsupported] and says how to get one.
func (s *Stores) Check(l *spec.ArtifactLocation) error {
	kind := Kind(l)
	if kind == "" {
		return errors.New("artifact: it is nowhere said where it is kept")
	}
	if kind == "plugin:" {
		return fmt.Errorf("artifact: there is only a key, %q, and no repository that it is in: %w", l.Plugin.Key, errors.ErrUnsupported)
	}
	if s.drivers[kind] == nil {
		return fmt.Errorf("artifact: there is no driver for %s, only for %v: a Go program gives one, an artifact.Driver with Kind %q, to artifact.New: %w",
			kind, slices.Sorted(maps.Keys(s.drivers)), kind, errors.ErrUnsupported)
	}
	return nil
}
