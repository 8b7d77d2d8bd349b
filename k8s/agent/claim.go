//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// claim makes the directory of a container and its lock, which is held until this process ends, however it ends. The
// error is fs.ErrExist if the container has been started before in this Pod: a kubelet that lost its state may do that.
func (l layout) claim(container string) error {
	dir := l.of(container)
	if err := makeDir(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new")
	if err != nil {
		return err
	}
	// The lock is held before it can be seen. It is not closed: the end of the process releases it. No child has it,
	// since Go opens all files close-on-exec.
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = os.Link(f.Name(), filepath.Join(dir, lockFile))
	}
	locks = append(locks, f)
	return errors.Join(err, os.Remove(f.Name()))
}

// restore makes the directory of a container and its lock anew, whatever became of them: those who wait for the container
// find them there.
func (l layout) restore(container string) error {
	if err := l.renew(container); err != nil {
		return err
	}
	return l.claim(container)
}

// locks keeps the files from the garbage collector, which would close them.
var locks []*os.File

// lookEvery is how often one container looks at another.
const lookEvery = 50 * time.Millisecond

// diedCode is the exit code of a container that left none.
const diedCode = 128 + int(syscall.SIGKILL)

// programEnd waits until the program of a container has ended, and gives its exit code.
func (l layout) programEnd(ctx context.Context, container string) (code int, err error) {
	w := watched{at: l, container: container}
	defer w.close()
	err = poll(ctx, func() (bool, error) {
		over, err := w.over()
		if err != nil {
			return false, err
		}
		if f := l.open(container, endFile); f != nil {
			defer f.Close()
			if _, err := fmt.Fscan(f, &code); err == nil {
				return true, nil
			}
		}
		code = diedCode
		return over, nil
	})
	return code, err
}

// watched is the agent of another container, whose end is waited for.
type watched struct {
	at        layout
	container string
	// lock is kept open once it has been seen, since a program may remove it.
	lock *os.File
}

// over says whether the agent has ended. It has not if it has not begun.
func (w *watched) over() (bool, error) {
	if w.lock == nil {
		w.lock = w.at.open(w.container, lockFile)
	}
	if w.lock == nil {
		return false, nil
	}
	err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return err == nil, ignore(err, syscall.EWOULDBLOCK)
}

func (w *watched) close() {
	if w.lock != nil {
		_ = w.lock.Close()
	}
}

// poll calls look until it says true or fails, or ctx ends.
func poll(ctx context.Context, look func() (bool, error)) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if done, err := look(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// ignore is err unless it is that.
func ignore(err, that error) error {
	if errors.Is(err, that) {
		return nil
	}
	return err
}
