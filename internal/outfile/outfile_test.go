//go:build unix

package outfile_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/outfile"
)

func TestRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	file := func(text string) func(string) error {
		return func(p string) error { return os.WriteFile(p, []byte(text), 0o600) }
	}
	link := func(to string) func(string) error { return func(p string) error { return os.Symlink(to, p) } }
	long := strings.Repeat("x", outfile.MaxValue)
	for name, tc := range map[string]struct {
		make      func(path string) error
		want, err string
	}{
		"File":           {make: file("a\n\n"), want: "a\n"},
		"Empty":          {make: file("")},
		"NotUTF8":        {make: file("\xff\x00"), want: "\xff\x00"},
		"Longest":        {make: file(long + "\n"), want: long},
		"TooLong":        {make: file(long + "x"), err: "has 262145 bytes, and an output parameter at most 262144"},
		"TooLongNewline": {make: file(long + "\n\n"), err: "has 262146 bytes"},
		"Missing":        {make: func(string) error { return nil }, err: "no such file"},
		"Directory":      {make: func(p string) error { return os.Mkdir(p, 0o700) }, err: "a directory"},
		"Pipe":           {make: func(p string) error { return syscall.Mkfifo(p, 0o600) }, err: "a pipe"},
		"Socket": {make: func(p string) error {
			l, err := net.Listen("unix", p)
			if err == nil {
				t.Cleanup(func() { _ = l.Close() })
			}
			return err
		}, err: "no such device"},
		"LinkInside":  {make: func(p string) error { return os.Symlink("other", p) }, want: "other"},
		"LinkOutside": {make: link(outside), err: "escapes"},
		"LinkUp":      {make: link("../../../../../etc/passwd"), err: "escapes"},
		"LinkToItself": {make: func(p string) error {
			return os.Symlink(filepath.Base(p), p)
		}, err: "too many"},
		"LinkToDevice": {make: link("/dev/zero"), err: "escapes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "other"), []byte("other"), 0o600))
			require.NoError(t, tc.make(filepath.Join(dir, "out")))
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			got, err := outfile.Read(root, "out")
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	const full = outfile.MaxValue
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"Empty":           {"", ""},
		"OneNewline":      {"a\n\n", "a\n"},
		"Full":            {strings.Repeat("x", full) + "\n", strings.Repeat("x", full)},
		"TooLong":         {"first" + strings.Repeat("x", full), strings.Repeat("x", full)},
		"MuchTooLong":     {strings.Repeat("0123456789abcdef", full/4), strings.Repeat("0123456789abcdef", full/16)},
		"CutInACharacter": {"x" + strings.Repeat("é", full/2) + "y", strings.Repeat("é", full/2-1) + "y"},
		"NotUTF8":         {"\x80\x80", "\x80\x80"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{1 << 10, 100_000, len(tc.text) + 1} {
				var tail outfile.Tail
				for text := tc.text; text != ""; text = text[min(chunk, len(text)):] {
					_, _ = tail.Write([]byte(text[:min(chunk, len(text))]))
				}
				assert.True(t, tc.want == tail.String(), "in chunks of %d: %d bytes", chunk, len(tail.String()))
			}
		})
	}
}
