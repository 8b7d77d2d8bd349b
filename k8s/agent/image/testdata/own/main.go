// Own is an agent with a driver of its own, which gives a key's name as what it holds.
package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/agent"
	"github.com/podflow/podflow/workflow/spec"
)

func main() { agent.Main(driver{}) }

type driver struct{}

func (driver) Kind() string { return "gcs" }

func (driver) Open(context.Context, *spec.ArtifactLocation, artifact.Secrets) (artifact.Store, error) {
	return driver{}, nil
}

func (driver) Get(_ context.Context, key string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(key)), nil
}

func (driver) Put(context.Context, string, io.Reader) error { return errors.ErrUnsupported }

func (driver) Delete(context.Context, string) error { return errors.ErrUnsupported }

func (driver) List(context.Context, string) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}
