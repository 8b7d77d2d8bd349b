package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// ahead is a stream that is hashed while its reader works on what it was given.
type ahead struct {
	*io.PipeReader
	sha  hash.Hash
	done chan struct{}
}

// hashAhead reads r on a goroutine of its own until [ahead.end].
func hashAhead(r io.Reader) *ahead {
	pr, pw := io.Pipe()
	a := &ahead{pr, sha256.New(), make(chan struct{})}
	go func() {
		defer close(a.done)
		_, err := transfer(io.MultiWriter(pw, a.sha), r)
		pw.CloseWithError(err)
	}()
	return a
}

// hex is the hash of the stream, which was read to its end.
func (a *ahead) hex() string {
	<-a.done
	return hex.EncodeToString(a.sha.Sum(nil))
}

// end waits until nobody reads the stream any more; stop ends a reading that waits.
func (a *ahead) end(stop context.CancelFunc) {
	stop()
	_ = a.Close()
	<-a.done
}
