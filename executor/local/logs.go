package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/podflow/podflow/executor"
)

// Logs is the log of an attempt: what its process wrote to standard output and error.
func (x *Executor) Logs(ctx context.Context, t *executor.Task) (io.ReadCloser, error) {
	a, path, archived := x.logOf(t.ID)
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
	if path != "" {
		f, err := os.Open(path)
		if err == nil {
			return &follower{ctx: ctx, File: f, over: over}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("local: %w", err)
		}
		_, _, archived = x.logOf(t.ID) // the run has ended meanwhile, or the process never began
	}
	if archived == nil {
		return nil, executor.ErrNoLog
	}
	return io.NopCloser(bytes.NewReader(archived)), nil
}

// logOf is where the log of an attempt is: with the attempt, or in a file that stays as it is, or in memory.
func (x *Executor) logOf(id executor.ID) (a *attempt, released string, archived []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if r := x.runs[id.Run]; r != nil {
		for _, log := range slices.Backward(r.logs) {
			if log.id == id {
				released = log.path
				break
			}
		}
	}
	return x.attempts[id], released, x.archive.logs[id]
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
