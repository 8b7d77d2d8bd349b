// Package progress shows how a run goes on: as a tree that is drawn anew in place on a terminal, and elsewhere as a
// line for each change.
//
//	run, err := runner.Start(ctx, wf)
//	…
//	err = progress.Watch(ctx, run, os.Stderr)
//	err = run.Wait(ctx)
//
// The tree is as wide and high as the terminal. Of a run that does not fit it shows what failed and what runs, and
// counts the rest. There are no colours if the environment variable NO_COLOR is not empty; where TERM is dumb there is
// no tree either.
package progress

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/podflow/podflow/workflow"
)

// Terminal is a Writer that understands the ANSI control sequences of terminals, such as an SSH session with a pty. A
// terminal that is an [*os.File] need not be one.
type Terminal interface {
	io.Writer
	// Size is the number of columns and rows.
	Size() (columns, rows int)
}

// refresh is the time between two drawings of the tree.
const refresh = 100 * time.Millisecond

// Watch shows a run from its beginning, until it is over or ctx ends. It draws the tree if w is a [Terminal] or a file
// that is one. The run is not affected: that it failed is no error of Watch's, and neither is the end of ctx; the error
// is that of w, after which nothing more is shown.
func Watch(ctx context.Context, run *workflow.Run, w io.Writer) error {
	if t := terminal(w); t != nil {
		return draw(ctx, run, t)
	}
	var l log
	for e := range run.Events(ctx) {
		if _, err := io.WriteString(w, l.line(e)); err != nil {
			return err
		}
	}
	return nil
}

// file is a terminal of the system's.
type file struct{ *os.File }

func (f file) Size() (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// terminal is w as a terminal, or nil if it is none.
func terminal(w io.Writer) Terminal {
	if os.Getenv("TERM") == "dumb" {
		return nil
	}
	if f, ok := w.(*os.File); ok && f != nil && term.IsTerminal(int(f.Fd())) {
		return file{f}
	}
	t, _ := w.(Terminal)
	return t
}

// draw shows a run as a tree.
func draw(ctx context.Context, run *workflow.Run, t Terminal) error {
	ctx, cancel := context.WithCancel(ctx)
	events := make(chan workflow.Event)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(events)
		for e := range run.Events(ctx) {
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	})
	defer reader.Wait()
	defer cancel()

	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	tree, s := newTree(), screen{terminal: t, colours: os.Getenv("NO_COLOR") == ""}
	for {
		select {
		case e, more := <-events:
			if !more {
				return s.show(tree)
			}
			tree.see(e.Node)
		case <-ticker.C:
			if err := s.show(tree); err != nil {
				return err
			}
		}
	}
}

// screen is what is on a terminal.
type screen struct {
	terminal Terminal
	colours  bool
	last     []line
}

// show draws the tree over what it drew before, unless that is the same.
func (s *screen) show(t *tree) error {
	columns, rows := s.terminal.Size()
	lines := t.lines(time.Now(), columns, rows, s.colours)
	if slices.Equal(lines, s.last) {
		return nil
	}
	up := 0
	for _, l := range s.last {
		up += max(1, (l.width+columns-1)/max(columns, 1)) // a terminal that became narrower has wrapped what was there
	}
	var b strings.Builder
	if up = min(up, max(rows, 2)-1); up > 0 {
		b.WriteString(cursorUp(up))
	}
	for _, l := range lines {
		b.WriteString("\r" + l.text + clearRight + "\n")
	}
	b.WriteString(clearBelow)
	s.last = lines
	_, err := io.WriteString(s.terminal, b.String())
	return err
}
