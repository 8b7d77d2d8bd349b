// Package s3 keeps artifacts in S3, or any service that speaks its protocol.
//
//	stores := artifact.New(secrets, s3.Driver{})
package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

const (
	// partSize is how much of a stream is sent at once: S3 takes 10,000 parts, so an object has at most 78 GiB.
	partSize = 8 << 20
	// threads is how many parts are sent side by side. Each is held in memory.
	threads = 4
)

// Driver opens buckets. The zero value works.
//
// Credentials are those of the Secrets that the location names; else those that AWS's SDKs would find: of the env, the
// shared file, a web identity, or the machine. With a roleARN they serve to assume that role. An endpoint that is empty
// is AWS's.
//
// A Put holds 40 MiB in memory at most, and an object has at most 78 GiB.
type Driver struct{}

// Kind is s3.
func (Driver) Kind() string { return "s3" }

// Open makes a client of the bucket. It asks the service for nothing, unless there is a role to assume.
func (Driver) Open(ctx context.Context, l *spec.ArtifactLocation, secrets artifact.Secrets) (artifact.Store, error) {
	at := l.S3
	if at.Bucket == "" {
		return nil, errors.New("bucket: expected the name of a bucket")
	}
	client, err := newClient(ctx, &at.S3Bucket, secrets)
	if err != nil {
		return nil, err
	}
	sse, err := encryption(ctx, at.EncryptionOptions, secrets)
	if err != nil {
		return nil, fmt.Errorf("encryptionOptions: %w", err)
	}
	return &bucket{client: minio.Core{Client: client}, at: &at.S3Bucket, sse: sse}, nil
}

// bucket is a bucket as a store.
type bucket struct {
	client minio.Core
	at     *spec.S3Bucket
	sse    encrypt.ServerSide
}

// Put sends what fits into one part in one request, and more in parts that the service puts together at the end.
func (b *bucket) Put(ctx context.Context, key string, r io.Reader) error {
	first, err := begin(r)
	if err != nil {
		return err
	}
	if b.at.CreateBucketIfNotPresent != nil {
		if err := b.create(ctx); err != nil {
			return b.error(ctx, key, err)
		}
	}
	opts := minio.PutObjectOptions{ServerSideEncryption: b.sse, ContentType: "application/octet-stream"}
	if len(first) < partSize {
		_, err = b.client.Client.PutObject(ctx, b.at.Bucket, key, bytes.NewReader(first), int64(len(first)), opts)
		return b.error(ctx, key, err)
	}
	opts.PartSize, opts.NumThreads, opts.ConcurrentStreamParts = partSize, threads, true
	_, err = b.client.Client.PutObject(ctx, b.at.Bucket, key, io.MultiReader(bytes.NewReader(first), r), -1, opts)
	return b.error(ctx, key, err)
}

// begin is the first part of a stream, or all of it if it is shorter. Most streams are much shorter.
func begin(r io.Reader) ([]byte, error) {
	var first bytes.Buffer
	for _, size := range []int{256 << 10, partSize} {
		more := size - first.Len()
		first.Grow(more + bytes.MinRead)
		if _, err := io.CopyN(&first, r, int64(more)); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return first.Bytes(), nil
}

// create makes the bucket if there is none.
func (b *bucket) create(ctx context.Context) error {
	there, err := b.client.BucketExists(ctx, b.at.Bucket)
	if err != nil || there {
		return err
	}
	err = b.client.MakeBucket(ctx, b.at.Bucket, minio.MakeBucketOptions{
		Region: b.at.Region, ObjectLocking: b.at.CreateBucketIfNotPresent.ObjectLocking,
	})
	switch minio.ToErrorResponse(err).Code {
	case minio.BucketAlreadyOwnedByYou, minio.BucketAlreadyExists:
		return nil
	default:
		return err
	}
}

// Get takes the stream up again where a connection breaks, unless the object has changed.
func (b *bucket) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	o := &object{ctx: ctx, bucket: b, key: key}
	if b.sse != nil && b.sse.Type() == encrypt.SSEC {
		o.opts.ServerSideEncryption = b.sse
	}
	if err := o.open(); err != nil {
		return nil, err
	}
	return o, nil
}

func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for object := range b.client.ListObjectsIter(ctx, b.at.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if err := b.error(ctx, prefix, object.Err); err != nil {
				yield("", err)
				return
			}
			if !yield(object.Key, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", err)
		}
	}
}

func (b *bucket) Delete(ctx context.Context, key string) error {
	return b.error(ctx, key, b.client.RemoveObject(ctx, b.at.Bucket, key, minio.RemoveObjectOptions{}))
}

// error says where, and what kind of error it is.
func (b *bucket) error(ctx context.Context, key string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		err = fs.ErrNotExist
	}
	return fmt.Errorf("bucket %s at %s, key %q: %w", b.at.Bucket, b.client.EndpointURL().Host, key, err)
}

// encryption says how objects are encrypted; nil if they are not.
func encryption(ctx context.Context, o *spec.S3EncryptionOptions, secrets artifact.Secrets) (encrypt.ServerSide, error) {
	switch {
	case o == nil || !o.EnableEncryption:
		return nil, nil
	case o.KmsKeyID != "":
		var about any
		if o.KmsEncryptionContext != "" {
			if err := json.Unmarshal([]byte(o.KmsEncryptionContext), &about); err != nil {
				return nil, fmt.Errorf("kmsEncryptionContext: expected a JSON object: %w", err)
			}
		}
		return encrypt.NewSSEKMS(o.KmsKeyID, about)
	case o.ServerSideCustomerKeySecret != nil:
		key, err := secrets.Text(ctx, o.ServerSideCustomerKeySecret)
		if err != nil {
			return nil, err
		}
		sse, err := encrypt.NewSSEC([]byte(key))
		if err != nil {
			return nil, errors.New("serverSideCustomerKeySecret: expected a key of 32 bytes")
		}
		return sse, nil
	default:
		return encrypt.NewSSE(), nil
	}
}
