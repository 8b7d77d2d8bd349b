//go:build linux

package agent

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

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

// renew makes the directory of a container anew. What is there is moved away: it may be anything, and not ours to remove.
func (l layout) renew(container string) error {
	dir := l.of(container)
	if err := ignore(os.Rename(dir, dir+"."+rand.Text()), fs.ErrNotExist); err != nil {
		return err
	}
	return makeDir(dir)
}

// open opens a file in the directory of another container, where a program may have put anything instead; nil if it is no
// file of that container's agent.
func (l layout) open(container, file string) *os.File {
	shared, err := os.OpenRoot(l.path(protocol.RunDir))
	if err != nil {
		return nil
	}
	defer shared.Close()
	f, err := shared.OpenFile(filepath.Join(container, file), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil
	}
	return f
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
