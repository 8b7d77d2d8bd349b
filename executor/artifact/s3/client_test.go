package s3

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// TestAddressingStyle reads the URLs that a client would use, since no name of a test's host has a bucket before it.
func TestAddressingStyle(t *testing.T) {
	secrets := func(context.Context, *corev1.SecretKeySelector) ([]byte, error) { return []byte("x"), nil }
	for _, tc := range []struct{ endpoint, style, want string }{
		{"minio:9000", "", "https://minio:9000/bkt/"},
		{"minio:9000", "path", "https://minio:9000/bkt/"},
		{"minio:9000", "virtual-hosted", "https://bkt.minio:9000/"},
		{"", "", "https://bkt.s3.dualstack.eu-west-1.amazonaws.com/"},
		{"s3.amazonaws.com", "path", "https://s3.dualstack.eu-west-1.amazonaws.com/bkt/"},
	} {
		client, err := newClient(t.Context(), &spec.S3Bucket{
			Endpoint: tc.endpoint, Bucket: "bkt", Region: "eu-west-1", AddressingStyle: tc.style, AccessKeySecret: &corev1.SecretKeySelector{}, SecretKeySecret: &corev1.SecretKeySelector{},
		}, secrets)
		require.NoError(t, err)
		url, err := client.PresignedGetObject(t.Context(), "bkt", "key", time.Hour, nil)
		require.NoError(t, err)
		assert.Equal(t, tc.want+"key", url.Scheme+"://"+url.Host+url.Path, "%s %s", tc.endpoint, tc.style)
	}
}
