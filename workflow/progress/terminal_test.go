package progress_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	flag.Parse()
	time.Local = time.UTC
	os.Exit(m.Run())
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// terminal is a terminal that remembers what was on it after each write.
type terminal struct {
	columns, rows int
	raw           strings.Builder
	frames        []string

	screen []string
	row    int
	line   strings.Builder
}

func (t *terminal) Size() (columns, rows int) { return t.columns, t.rows }

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

func (t *terminal) Write(p []byte) (int, error) {
	t.raw.Write(p)
	for text := string(p); text != ""; {
		if m := sequence.FindStringSubmatch(text); m != nil {
			text = text[len(m[0]):]
			switch m[2] {
			case "A":
				n, _ := strconv.Atoi(m[1])
				t.row -= n
			case "K":
				for len(t.screen) <= t.row {
					t.screen = append(t.screen, "")
				}
				t.screen[t.row] = t.line.String()
			case "J":
				t.screen = t.screen[:t.row]
			}
			continue
		}
		switch text[0] {
		case '\r':
			t.line.Reset()
		case '\n':
			t.row++
		default:
			t.line.WriteByte(text[0])
		}
		text = text[1:]
	}
	t.frames = append(t.frames, strings.Join(t.screen, "\n")+"\n")
	return len(p), nil
}

// history is all frames.
func (t *terminal) history() string { return strings.Join(t.frames, "\n") }

// last is the last frame.
func (t *terminal) last() string { return t.frames[len(t.frames)-1] }
