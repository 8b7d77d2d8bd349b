package artifact

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Save packs the file or directory at path and keeps it where the artifact says, which has its key. An error names the
// artifact as outputs.artifacts[NAME] and the path; it is an [fs.ErrNotExist] if there is nothing.
func Save(ctx context.Context, s *Stores, a *spec.Artifact, path string) (executor.Artifact, error) {
	src, err := openSource(path)
	if err != nil {
		if a.Path == "" {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return executor.Artifact{}, outputError(a, err)
	}
	if err := src.Close(); err != nil {
		return executor.Artifact{}, outputError(a, err)
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := bufio.NewWriterSize(w, readSize)
		w.CloseWithError(errors.Join(Pack(ctx, b, path, a.Archive), b.Flush()))
	}()
	kept, err := Put(ctx, s, a, r, src.dir)
	r.CloseWithError(errors.New("artifact: the store ended before the stream"))
	<-done
	return kept, err
}

// Put keeps a stream that [Pack] wrote; dir says that it packed a directory. The errors are those of [Save], but none is
// an [fs.ErrNotExist].
//
// The files of a directory that is not packed are kept one by one: after an error some of them are there. They join what
// is below the key already, as in Argo, so that many nodes can collect files under one key; what was there is not deleted,
// as nobody could tell another node's files from old ones, and a failure would leave neither. A directory that must hold
// nothing else needs a key of its own, as it has if no key is said, or an archive. Such a directory has no Size and no
// SHA256: which of the files below its key it consists of is kept nowhere, so Load does not compare them.
func Put(ctx context.Context, s *Stores, a *spec.Artifact, packed io.Reader, dir bool) (executor.Artifact, error) {
	kept := executor.Artifact{Artifact: *a}
	store, key, err := s.Open(ctx, &a.ArtifactLocation)
	switch {
	case err != nil:
	case dir && isNone(a.Archive):
		err = putFiles(ctx, store, key, packed)
	default:
		sum := newDigest(packed)
		if err = store.Put(ctx, key, sum); err == nil && !sum.ended {
			err = errors.New("the store ended before the stream")
		}
		kept.Size, kept.SHA256 = sum.size, sum.hex()
	}
	if errors.Is(err, fs.ErrNotExist) { // of the store: what is packed is there
		err = errors.New(err.Error())
	}
	if err != nil {
		return executor.Artifact{}, outputError(a, err)
	}
	return kept, nil
}

func outputError(a *spec.Artifact, err error) error {
	at := a.Path
	if at != "" {
		at += ": "
	}
	return fmt.Errorf("outputs.artifacts[%s]: %s%w", a.Name, at, err)
}

// putFiles keeps each file of a tar below a key, and each empty directory. Nobody vouches for the names in it.
func putFiles(ctx context.Context, store Store, key string, packed io.Reader) error {
	key = below(key)
	empty := key // a directory in which nothing was yet
	files := tar.NewReader(packed)
	for {
		h, err := files.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if empty != "" && (err != nil || !strings.HasPrefix(key+h.Name, empty)) {
			if err := store.Put(ctx, empty, strings.NewReader("")); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		name, err := local(h.Name)
		switch {
		case err != nil:
		case h.Typeflag == tar.TypeDir:
			empty = key + name + "/"
			continue
		case h.Typeflag == tar.TypeReg:
			err = store.Put(ctx, key+name, files)
		default:
			err = errors.New("expected a file or directory")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", shortened(h.Name), err)
		}
		empty = ""
	}
}

// digest is a reader that counts and hashes what it gives.
type digest struct {
	r     io.Reader
	sha   hash.Hash
	size  int64
	ended bool
}

func newDigest(r io.Reader) *digest { return &digest{r: r, sha: sha256.New()} }

func (d *digest) Read(b []byte) (int, error) {
	n, err := d.r.Read(b)
	d.sha.Write(b[:n])
	d.size += int64(n)
	d.ended = d.ended || errors.Is(err, io.EOF)
	return n, err
}

func (d *digest) hex() string { return hex.EncodeToString(d.sha.Sum(nil)) }
