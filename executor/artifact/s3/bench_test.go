package s3_test

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/workflow/spec"
)

// BenchmarkThroughput moves a file of 256 MiB that does not compress to the real server and back: by minio-go alone as it
// is used for files, by a Store, and by Save and Load, as it is and packed. The figures are MB/s.
func BenchmarkThroughput(b *testing.B) {
	const size = 256 << 20
	at, secrets := real(b)
	file := filepath.Join(b.TempDir(), "x")
	f, err := os.Create(file)
	require.NoError(b, err)
	_, err = io.CopyN(f, rand.Reader, size)
	require.NoError(b, err)
	require.NoError(b, f.Close())

	access, err := secrets.Text(b.Context(), at.S3.AccessKeySecret)
	require.NoError(b, err)
	key, err := secrets.Text(b.Context(), at.S3.SecretKeySecret)
	require.NoError(b, err)
	client, err := minio.New(at.S3.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(access, key, "")})
	require.NoError(b, err)
	stores := artifact.New(secrets, s3.Driver{})
	store, _, err := stores.Open(b.Context(), &at)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Delete(context.Background(), "bench")) })

	move := func(name string, move func(to string) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				require.NoError(b, move(filepath.Join(b.TempDir(), "y")))
			}
		})
	}
	move("put/client", func(string) error {
		_, err := client.FPutObject(b.Context(), at.S3.Bucket, "bench", file, minio.PutObjectOptions{})
		return err
	})
	move("get/client", func(to string) error {
		return client.FGetObject(b.Context(), at.S3.Bucket, "bench", to, minio.GetObjectOptions{})
	})
	move("put/store", func(string) error {
		f, err := os.Open(file)
		require.NoError(b, err)
		defer f.Close()
		return store.Put(b.Context(), "bench", f)
	})
	for name, archive := range map[string]*spec.ArchiveStrategy{
		"as-is": {None: &spec.NoneStrategy{}}, "packed": nil, "stored": {Tar: &spec.TarStrategy{CompressionLevel: new(int32(0))}},
	} {
		a := &spec.Artifact{Name: "x", Archive: archive, ArtifactLocation: artifact.WithKey(at, "bench")}
		kept, err := artifact.Save(b.Context(), stores, a, file)
		require.NoError(b, err)
		move("put/save-"+name, func(string) error {
			_, err := artifact.Save(b.Context(), stores, a, file)
			return err
		})
		move("get/load-"+name, func(to string) error { return artifact.Load(b.Context(), stores, &kept, to) })
	}
}
