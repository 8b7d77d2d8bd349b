package artifact

import (
	"io"
	"sync"
)

// readSize is how many bytes of a stream are moved at a time. Each piece is a call of the kernel, and for a pipe a change
// of goroutines: with io.Copy's 32 KiB a stream of gigabytes takes half as long again.
const readSize = 1 << 20

var buffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// transfer copies as io.Copy does, in larger pieces.
func transfer(w io.Writer, r io.Reader) (int64, error) {
	buf := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, buf[:])
}
