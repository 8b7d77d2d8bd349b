//go:build linux

package agent

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

// layout is where the things of a Pod are: below root, which is empty in a Pod and a directory in tests.
type layout struct{ root string }

func (l layout) path(p string) string { return l.root + p }

// of is the directory of a container among those that share RunDir.
func (l layout) of(container string) string {
	return filepath.Join(l.path(protocol.RunDir), container)
}

// Files in the directory of a container.
const (
	lockFile   = "lock"   // locked as long as the agent lives
	endFile    = "end"    // the exit code of the program, once it has ended
	logFile    = "log"    // what OutputsContainer is to print
	socketFile = "socket" // of OutputsContainer
)

// writeReport writes the termination message.
func (l layout) writeReport(message string) error {
	return os.WriteFile(l.path(protocol.ReportPath), []byte(message), 0o644)
}

// makeDir makes a directory that all users can read, whatever the umask is. It may be there.
func makeDir(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return ignore(err, fs.ErrExist)
	}
	return os.Chmod(path, 0o755)
}

// place writes a file that is there as a whole or not at all, for all users to read.
func place(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
