package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
)

// logs are what the nodes of a run wrote. They are read while the nodes run: a Pod, with its log, may be gone as soon as
// the run has ended.
type logs struct {
	readers sync.WaitGroup

	mu    sync.Mutex // guards what follows
	texts map[string][]byte
	errs  []error
}

// most is how much is kept of the log of a node.
const most = 1 << 20

// follow begins to read the log of each node as soon as it runs.
func follow(ctx context.Context, run *workflow.Run) *logs {
	l := &logs{texts: map[string][]byte{}}
	l.readers.Go(func() {
		begun := map[string]bool{}
		for e := range run.Events(ctx) {
			path := e.Node.Path
			if e.Node.Phase == workflow.Pending || begun[path] {
				continue
			}
			begun[path] = true
			l.readers.Go(func() { l.read(ctx, run, path) })
		}
	})
	return l
}

func (l *logs) read(ctx context.Context, run *workflow.Run, path string) {
	var text bytes.Buffer
	r, err := run.Logs(ctx, path)
	if err == nil {
		_, err = io.Copy(&text, io.LimitReader(r, most))
		err = errors.Join(err, r.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts[path] = text.Bytes()
	if err != nil && !errors.Is(err, executor.ErrNoLog) {
		l.errs = append(l.errs, err)
	}
}

// write waits for the logs and writes them, node after node, with the node's path before each line.
func (l *logs) write(w io.Writer, run *workflow.Run) error {
	l.readers.Wait()
	for n := range run.Nodes() {
		for line := range strings.Lines(string(l.texts[n.Path])) {
			if n.Path != "" {
				line = n.Path + ": " + line
			}
			if _, err := fmt.Fprintln(w, strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
	}
	return errors.Join(l.errs...)
}
