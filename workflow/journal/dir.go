package journal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/podflow/podflow/workflow/spec"
)

// Dir is a [Journal] in a directory, with a file for each run. What is in it outlives the process and, as far as the
// file system keeps what was synchronized, the machine. [OpenDir] makes one.
//
// The files hold the arguments of the runs and the values of their nodes in clear text. Only the user that the process
// runs as may read them; give the directory to nobody else.
//
// Of the processes that share a directory only one can begin a run of a new name. All else is for one at a time: two
// that go on with the same run, or that replace the same one, spoil its file.
//
// A file is never changed but at its end, where what a crash left half-written is taken for not written. A run is
// removed by removing its file when no process uses it.
type Dir struct {
	path string

	mu    sync.Mutex // guards files
	files map[string]*file
}

// file is what is known of a run's file.
type file struct {
	mu   sync.Mutex // guards what follows, and who writes
	size int64      // of what is whole; 0: not known
}

const extension = ".jsonl"

// OpenDir makes a journal in a directory, which is made if it does not exist.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return &Dir{path: path, files: map[string]*file{}}, nil
}

// Begin records a new run.
func (d *Dir) Begin(ctx context.Context, s Start) error {
	return d.change(ctx, s.Run.Name, func(path string, f *file) error {
		content, err := encodeStart(&s)
		if err != nil {
			return err
		}
		temporary, err := d.write(content)
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(temporary) }()
		err = os.Link(temporary, path) // fails if there is one
		if errors.Is(err, fs.ErrExist) {
			if !d.replaces(path, &s) {
				return &ExistsError{s.Run.Name}
			}
			err = os.Rename(temporary, path)
		}
		if err != nil {
			return err
		}
		f.size = int64(len(content))
		return syncDir(d.path)
	})
}

// Append adds to what happened in a run.
func (d *Dir) Append(ctx context.Context, run string, records []Record) error {
	return d.add(ctx, run, &line{Records: wireRecords(records)})
}

// End records that a run is over.
func (d *Dir) End(ctx context.Context, run string, phase spec.Phase) error {
	return d.add(ctx, run, &line{Phase: phase})
}

// Read is all that is recorded of a run.
func (d *Dir) Read(ctx context.Context, run string) (*Run, error) {
	var r *Run
	err := d.change(ctx, run, func(path string, _ *file) (err error) {
		r, _, err = read(path)
		return noRun(err)
	})
	return r, err
}

// Names are the names of all runs, also of those whose files are damaged: Read tells of these.
func (d *Dir) Names(ctx context.Context) ([]string, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var heads []*head
	for _, e := range entries {
		escaped, is := strings.CutSuffix(e.Name(), extension)
		name, err := url.PathUnescape(escaped)
		if !is || err != nil {
			continue
		}
		h, err := readHead(filepath.Join(d.path, e.Name()))
		if err != nil {
			h = &head{Name: name}
		}
		heads = append(heads, h)
	}
	slices.SortFunc(heads, func(a, b *head) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name)) })
	names := make([]string, len(heads))
	for i, h := range heads {
		names[i] = h.Name
	}
	return names, nil
}

// change does something with the file of a run that nobody else does anything with meanwhile.
func (d *Dir) change(ctx context.Context, run string, do func(path string, f *file) error) error {
	d.mu.Lock()
	f := d.files[run]
	if f == nil {
		f = &file{}
		d.files[run] = f
	}
	d.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := do(filepath.Join(d.path, escape(run)+extension), f)
	if _, exists := errors.AsType[*ExistsError](err); err == nil || exists || errors.Is(err, ErrNoRun) {
		return err
	}
	return fmt.Errorf("journal: run %q: %w", run, err)
}

// add adds a line to the file of a run. When it returns, the line is on the disk.
func (d *Dir) add(ctx context.Context, run string, l *line) error {
	return d.change(ctx, run, func(path string, f *file) (err error) {
		text, err := l.encode()
		if err != nil {
			return err
		}
		out, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return noRun(err)
		}
		defer func() { err = errors.Join(err, out.Close()) }()
		if info, err := out.Stat(); err != nil {
			return err
		} else if info.Size() != f.size {
			if _, f.size, err = read(path); err != nil {
				return err
			}
			if err := out.Truncate(f.size); err != nil {
				return err
			}
		}
		if _, err = out.WriteAt(text, f.size); err == nil {
			err = out.Sync()
		}
		if err != nil {
			return errors.Join(err, out.Truncate(f.size))
		}
		f.size += int64(len(text))
		return nil
	})
}

// write writes a new file, and gives its name.
func (d *Dir) write(content []byte) (name string, err error) {
	out, err := os.CreateTemp(d.path, "begin-*.tmp") // for its owner only
	if err != nil {
		return "", err
	}
	_, err = out.Write(content)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}

// replaces says that a run may take the place of the one in a file.
func (d *Dir) replaces(path string, s *Start) bool {
	if s.Replaces == "" {
		return false
	}
	old, _, err := read(path)
	return err == nil && old.Phase != "" && old.Run.UID == s.Replaces
}

// syncDir has the names in a directory kept.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// read is the run in a file, and the size of what is whole in it.
func read(path string) (*Run, int64, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	r := &Run{}
	var size int64
	number := 1
	for ; len(content) > 0; number++ {
		text, rest, whole := bytes.Cut(content, []byte("\n"))
		l, err := decodeLine(text)
		if !whole || err != nil {
			if len(rest) == 0 && number > 2 {
				break // a crash left it
			}
			return nil, 0, fmt.Errorf("%s:%d is damaged: %w", path, number, cmp.Or(err, errors.New("it has no end")))
		}
		if err := l.apply(r); err != nil {
			return nil, 0, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		size += int64(len(text)) + 1
		content = rest
	}
	if number <= 2 {
		return nil, 0, fmt.Errorf("%s is damaged: it has no beginning", path)
	}
	return r, size, nil
}

// noRun is the error where there is no file of a run.
func noRun(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoRun
	}
	return err
}

// escape is a name as that of a file, on whatever file system.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}
