//go:build linux

package main

import (
	"context"
	"errors"

	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

func send(ctx context.Context, at layout, artifacts []spec.Artifact) []protocol.Artifact { return nil }

func serveOutputs(in *protocol.Outputs, at layout) error { return errors.ErrUnsupported }
