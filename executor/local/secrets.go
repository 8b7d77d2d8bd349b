package local

import (
	"context"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Secrets reads the values of Secrets from env variables of this process: the key accesskey of the Secret my-minio-cred is
// PODFLOW_SECRET_MY_MINIO_CRED_ACCESSKEY. Letters are upper case, and what is neither letter nor digit is a _. It serves
// [artifact.New], so that a workflow that names Secrets for its artifacts runs without a cluster. The processes of nodes
// do not get these variables.
//
//	x.Artifacts = artifact.New(local.Secrets, s3.Driver{})
func Secrets(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
	name := "PODFLOW_SECRET_" + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		default:
			return '_'
		}
	}, s.Name+"_"+s.Key)
	value, ok := os.LookupEnv(name)
	if !ok && (s.Optional == nil || !*s.Optional) {
		return nil, fmt.Errorf("expected it in the env variable %s", name)
	}
	return []byte(value), nil
}
