package s3_test

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/workflow/spec"
)

// BenchmarkThroughput moves a file of 256 MiB that does not compress to the real server and back: by minio-go alone as it
// is used for files, by a Store, and by Save and Load, as it is and packed. The figures are medians of rounds in which
// each has its turn: MB/s, and as a share of what minio-go alone does.
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

	var moves []*move
	add := func(name, against string, run func(to string) error) {
		moves = append(moves, &move{name: name, against: against, run: run})
	}
	add("put/client", "", func(string) error {
		_, err := client.FPutObject(b.Context(), at.S3.Bucket, "bench", file, minio.PutObjectOptions{})
		return err
	})
	add("put/store", "put/client", func(string) error {
		f, err := os.Open(file)
		require.NoError(b, err)
		defer f.Close()
		return store.Put(b.Context(), "bench", f)
	})
	add("get/client", "", func(to string) error {
		return client.FGetObject(b.Context(), at.S3.Bucket, "bench", to, minio.GetObjectOptions{})
	})
	for _, how := range []struct {
		name    string
		archive *spec.ArchiveStrategy
	}{
		{"as-is", &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}},
		{"packed", nil},
		{"stored", &spec.ArchiveStrategy{Tar: &spec.TarStrategy{CompressionLevel: new(int32(0))}}},
	} {
		a := &spec.Artifact{Name: "x", Archive: how.archive, ArtifactLocation: artifact.WithKey(at, "bench")}
		var kept executor.Artifact
		add("put/save-"+how.name, "put/client", func(string) (err error) {
			kept, err = artifact.Save(b.Context(), stores, a, file)
			return err
		})
		add("get/load-"+how.name, "get/client", func(to string) error { return artifact.Load(b.Context(), stores, &kept, to) })
	}

	const rounds = 7
	for b.Loop() {
		for range rounds {
			for _, m := range moves {
				to := filepath.Join(b.TempDir(), "y")
				start := time.Now()
				require.NoError(b, m.run(to))
				m.took = append(m.took, time.Since(start))
				require.NoError(b, os.RemoveAll(to))
			}
		}
	}
	speeds := map[string]float64{}
	for _, m := range moves {
		slices.Sort(m.took)
		speeds[m.name] = size / 1e6 / m.took[len(m.took)/2].Seconds()
		b.ReportMetric(speeds[m.name], m.name+"-MB/s")
		if m.against != "" {
			b.ReportMetric(speeds[m.name]/speeds[m.against], m.name+"-x-client")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// move is one way to move the file, and how long it took each time.
type move struct {
	name, against string
	run           func(to string) error
	took          []time.Duration
}
