//go:build linux

package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// openStores are the places of artifacts. Their secrets are in the environment of this container.
func openStores(drivers []artifact.Driver) *artifact.Stores {
	trustRoots()
	return artifact.New(secret, drivers...)
}

// secret is the value of a key of a Secret. An optional one that is not there is empty.
func secret(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
	value, ok := os.LookupEnv(protocol.SecretEnv(s))
	if !ok && (s.Optional == nil || !*s.Optional) {
		return nil, errors.New("the container was not given it")
	}
	return []byte(value), nil
}

// trustRoots trusts the certificate authorities that Mozilla does, since the agent's image has no files. It is not done
// by an init function, which would cost a program's container milliseconds.
func trustRoots() {
	roots := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
		case root.Constraint == nil:
			roots.AddCert(cert)
		default:
			roots.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	x509.SetFallbackRoots(roots)
}
