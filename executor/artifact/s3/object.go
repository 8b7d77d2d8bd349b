package s3

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	// mostBreaks is how often in a row a stream may break before a byte has come.
	mostBreaks = 5
	firstPause = 50 * time.Millisecond // before a stream is taken up again; it doubles
)

// object reads an object, and takes it up where a connection broke.
type object struct {
	ctx    context.Context
	bucket *bucket
	key    string
	opts   minio.GetObjectOptions
	body   io.ReadCloser
	info   minio.ObjectInfo
	read   int64
	breaks int
}

// open asks for what was not read yet.
func (o *object) open() error {
	opts := o.opts
	if o.read > 0 {
		if err := errors.Join(opts.SetMatchETag(o.info.ETag), opts.SetRange(o.read, 0)); err != nil {
			return err
		}
	}
	body, info, _, err := o.bucket.client.GetObject(o.ctx, o.bucket.at.Bucket, o.key, opts)
	if err != nil {
		return o.bucket.error(o.ctx, o.key, err)
	}
	o.body = body
	if o.read == 0 {
		o.info = info
	}
	return nil
}

func (o *object) Read(p []byte) (int, error) {
	for {
		n, err := o.body.Read(p)
		switch o.read += int64(n); {
		case n > 0:
			o.breaks = 0
			return n, nil // an error comes again
		case err == nil || errors.Is(err, io.EOF) && o.read >= o.info.Size:
			return 0, err
		}
		if err := o.again(err); err != nil {
			return 0, err
		}
	}
}

// again opens the object after the stream broke.
func (o *object) again(broke error) error {
	if o.breaks++; o.breaks > mostBreaks || o.ctx.Err() != nil {
		return o.bucket.error(o.ctx, o.key, broke)
	}
	pause := time.NewTimer(firstPause << (o.breaks - 1))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-o.ctx.Done():
		return o.bucket.error(o.ctx, o.key, broke)
	}
	_ = o.body.Close()
	return o.open()
}

func (o *object) Close() error { return o.body.Close() }
