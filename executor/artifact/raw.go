package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

type rawDriver struct{}

func (rawDriver) Kind() string { return "raw" }

func (rawDriver) Open(_ context.Context, l *spec.ArtifactLocation, _ Secrets) (Store, error) {
	return raw(l.Raw.Data), nil
}

// raw is a text that can be read, under any key.
type raw string

var errRaw = fmt.Errorf("text that stands in the workflow can only be read: %w", errors.ErrUnsupported)

func (r raw) Get(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(r))), nil
}

func (raw) Put(context.Context, string, io.Reader) error { return errRaw }

func (raw) List(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", errRaw) }
}

func (raw) Delete(context.Context, string) error { return errRaw }
