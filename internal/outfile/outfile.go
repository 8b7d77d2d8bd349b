// Package outfile reads what a program left for the nodes after it: output parameters, which are files, and the end of
// its standard output. Whatever a program leaves there, reading neither waits nor needs much memory.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// MaxValue is how long a result or an output parameter may be, in bytes.
const MaxValue = 256 << 10

// Read reads a file of a directory, less one newline at its end. The file may be a link that stays in the directory. The
// error is fs.ErrNotExist if there is none; others say what is there instead of a file that can be a value.
func Read(dir *os.Root, name string) (string, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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
		return "", fmt.Errorf("expected a file, not %s", kind(info.Mode()))
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxValue+2))
	value := strings.TrimSuffix(string(text), "\n")
	if len(value) > MaxValue {
		return "", fmt.Errorf("has %d bytes, and an output parameter at most %d", max(info.Size(), int64(len(value))), MaxValue)
	}
	return value, err
}

// kind is what is not a file.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return m.Type().String()
}

// Tail keeps the end of what is written to it: as much as a result may have, and one newline that will be trimmed. The
// zero value is empty. Writing never fails.
type Tail struct {
	buf []byte
	cut bool
}

// Write keeps the end of b.
func (t *Tail) Write(b []byte) (int, error) {
	const keep = MaxValue + 1
	n := len(b)
	if len(b) > keep {
		b, t.cut = b[len(b)-keep:], true
	}
	t.buf = append(t.buf, b...)
	if len(t.buf) > 2*keep {
		t.buf, t.cut = append(t.buf[:0], t.buf[len(t.buf)-keep:]...), true
	}
	return n, nil
}

// String is the result: one newline is trimmed, then the last MaxValue bytes are kept, less the rest of a character that
// was cut there.
func (t *Tail) String() string {
	s := strings.TrimSuffix(string(t.buf), "\n")
	cut := t.cut
	if len(s) > MaxValue {
		s, cut = s[len(s)-MaxValue:], true
	}
	for i := 0; cut && i < utf8.UTFMax-1 && s != "" && !utf8.RuneStart(s[0]); i++ {
		s = s[1:]
	}
	return s
}
