//go:build linux

package main

import (
	"context"
	"errors"
	"os"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// openStores are the places of artifacts. Their secrets are in the environment of this container.
func openStores() *artifact.Stores { return artifact.New(secret) }

// secret is the value of a key of a Secret. An optional one that is not there is empty.
func secret(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
	value, ok := os.LookupEnv(protocol.SecretEnv(s))
	if !ok && (s.Optional == nil || !*s.Optional) {
		return nil, errors.New("the container was not given it")
	}
	return []byte(value), nil
}
