package s3_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/artifacttest"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/workflow/spec"
)

// secret names a key of the test's Secret.
func secret(key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: key}
}

// from reads Secrets from a map.
func from(values map[string]string) artifact.Secrets {
	return func(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
		v, ok := values[s.Key]
		if !ok {
			return nil, fmt.Errorf("no key %q", s.Key)
		}
		return []byte(v), nil
	}
}

// real is the bucket of the test cluster's server, and its Secrets.
func real(t testing.TB) (spec.ArtifactLocation, artifact.Secrets) {
	cluster := os.Getenv("PODFLOW_CLUSTER")
	if cluster == "" {
		t.Skip("PODFLOW_CLUSTER names no program that starts an S3 server")
	}
	out, err := exec.Command(cluster, "s3").Output()
	require.NoError(t, err)
	at := map[string]string{}
	for _, field := range strings.Fields(string(out)) {
		name, value, _ := strings.Cut(field, "=")
		at[name] = value
	}
	return spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{
		Endpoint: at["endpoint"], Bucket: at["bucket"], Insecure: new(at["insecure"] == "true"),
		AccessKeySecret: secret("access_key"), SecretKeySecret: secret("secret_key"),
	}}}, from(at)
}

func TestRealServerConforms(t *testing.T) {
	at, secrets := real(t)
	artifacttest.Run(t, func(t *testing.T) artifact.Store {
		store, _, err := artifact.New(secrets, s3.Driver{}).Open(t.Context(), &at)
		require.NoError(t, err)
		return store
	})
}
