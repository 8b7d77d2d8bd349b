//go:build linux

package agent

import (
	"io"
	"os"
	"time"

	"github.com/podflow/podflow/internal/outfile"
)

// capture copies the standard output of a program to this process's own and keeps the end of it.
type capture struct {
	r    *os.File
	tail *outfile.Tail
	done chan struct{}
}

// copy copies until nobody can write any more. Whatever becomes of the log, the program is never blocked for good.
func (c *capture) copy() {
	defer close(c.done)
	_, _ = io.CopyBuffer(io.MultiWriter(c.tail, lossy{os.Stdout}), onlyReader{c.r}, make([]byte, 64<<10))
}

// lastOutput is how long the rest of the output may take once the program and all that it started are gone.
const lastOutput = 5 * time.Second

// finish waits for the rest. All that the program wrote is there to be read; only what was not killed holds the pipe open.
func (c *capture) finish() {
	_ = c.r.SetReadDeadline(time.Now().Add(lastOutput))
	<-c.done
	_ = c.r.Close()
}

// onlyReader hides all methods but Read, so that a copy goes by the buffer.
type onlyReader struct{ io.Reader }

// lossy is a writer that never fails.
type lossy struct{ w io.Writer }

func (l lossy) Write(b []byte) (int, error) {
	_, _ = l.w.Write(b)
	return len(b), nil
}
