package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// maxValue is how long a result or an output may be, in bytes.
const maxValue = 256 << 10

// tail keeps the end of what is written to it: as much as a result may have, and one newline that will be trimmed.
type tail struct{ buf []byte }

// Write keeps the end of b.
func (t *tail) Write(b []byte) (int, error) {
	const keep = maxValue + 1
	t.buf = append(t.buf, b...)
	if len(t.buf) > 2*keep {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-keep:]...)
	}
	return len(b), nil
}

// text is the result: one newline is trimmed, then the last part is kept.
func (t *tail) text() string {
	s := strings.TrimSuffix(string(t.buf), "\n")
	return s[max(0, len(s)-maxValue):]
}

// readOutputs reads the output parameters that the program left as files. The error joins what is wrong with all of
// them; the values are those that could be read.
func readOutputs(dir string, ps []spec.Parameter) (vs []executor.Value, err error) {
	if len(ps) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	defer root.Close()
	var errs []error
	for i := range ps {
		p := &ps[i]
		if p.ValueFrom == nil || p.ValueFrom.Path == "" {
			continue
		}
		v, err := readOutput(root, p.ValueFrom.Path)
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist) && p.ValueFrom.Default != nil:
			v = string(*p.ValueFrom.Default)
		default:
			errs = append(errs, fmt.Errorf("outputs.parameters[%s]: %s: %w", p.Name, p.ValueFrom.Path, err))
			continue
		}
		vs = append(vs, executor.Value{Name: p.Name, Value: v})
	}
	return vs, errors.Join(errs...)
}

// readOutput reads a file by its path in the container, less one newline at its end. It never waits, not for a pipe either.
func readOutput(root *os.Root, path string) (string, error) {
	f, err := root.OpenFile(inRoot(path), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("expected a file, not %s", info.Mode().Type())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxValue+2))
	value := strings.TrimSuffix(string(text), "\n")
	if len(value) > maxValue {
		return "", fmt.Errorf("has %d bytes, and an output parameter at most %d", info.Size(), maxValue)
	}
	return value, err
}
