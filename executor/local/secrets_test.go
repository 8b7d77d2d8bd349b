package local_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/local"
)

func TestSecretsAreEnvVariables(t *testing.T) {
	read := artifact.Secrets(local.Secrets)
	s := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "my-minio.cred"}, Key: "accessKey_2"}
	_, err := read.Text(t.Context(), s)
	require.ErrorContains(t, err, "PODFLOW_SECRET_MY_MINIO_CRED_ACCESSKEY_2")

	t.Setenv("PODFLOW_SECRET_MY_MINIO_CRED_ACCESSKEY_2", "planted\n")
	value, err := read.Text(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, "planted\n", value)
	b := begin(t)
	assert.NotContains(t, b.result(sh("env")), "planted", "no program of a node gets it")

	s.Key, s.Optional = "absent", new(true)
	value, err = read.Text(t.Context(), s)
	require.NoError(t, err)
	assert.Empty(t, value)
}
