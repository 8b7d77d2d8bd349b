package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/podflow/podflow/executor"
)

// Logs is the log of an attempt: what its process wrote to standard output and error. It is there until the run ends.
func (x *Executor) Logs(ctx context.Context, t *executor.Task) (io.ReadCloser, error) {
	x.mu.Lock()
	a, r := x.attempts[t.ID], x.runs[t.ID.Run]
	var path string
	if a == nil && r != nil {
		path = r.logs[t.ID]
	}
	x.mu.Unlock()
	over := closed
	if a != nil {
		select {
		case <-a.started:
		case <-a.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		path, over = a.log(), a.done
	}
	if path == "" {
		return nil, executor.ErrNoLog
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, executor.ErrNoLog
	}
	if err != nil {
		return nil, err
	}
	return &follower{ctx: ctx, File: f, over: over}, nil
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// follower reads a file that grows until over is closed. Processes write to it themselves, so it has to look.
type follower struct {
	*os.File
	ctx  context.Context
	over chan struct{}
}

// lookEvery is how long a follower waits for more.
const lookEvery = 20 * time.Millisecond

// Read waits for more at the end of the file while the process runs.
func (f *follower) Read(b []byte) (int, error) {
	for {
		var ended bool
		select {
		case <-f.over:
			ended = true
		default:
		}
		if n, err := f.File.Read(b); n > 0 || err != io.EOF || ended {
			return n, err
		}
		select {
		case <-f.over:
		case <-f.ctx.Done():
			return 0, context.Cause(f.ctx)
		case <-time.After(lookEvery):
		}
	}
}
