//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/podflow/podflow/internal/outfile"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// supervisor runs a program as process 1 of a container runs it, and leaves nothing of it.
type supervisor struct {
	// signals are all that this process gets.
	signals chan os.Signal
	// stopping ends when the container is told to end.
	stopping context.Context
	stop     context.CancelFunc
	// killed ends a grace later, and over protocol.SaveTime after that.
	killed, over        context.Context
	kill, endEverything context.CancelFunc
	grace               time.Duration
}

// end is how a program ended.
type end struct {
	code   int // 128 and the signal, if it was one
	signal syscall.Signal
}

// newSupervisor takes the signals of this process, and makes it the parent of all orphans.
func newSupervisor(grace time.Duration) *supervisor {
	s := &supervisor{signals: make(chan os.Signal, 64), grace: grace}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.killed, s.kill = context.WithCancel(context.Background())
	s.over, s.endEverything = context.WithCancel(context.Background())
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // process 1 is it anyway
	for n := syscall.Signal(1); n <= lastSignal; n++ {
		switch n {
		case syscall.SIGURG, syscall.SIGCHLD, syscall.SIGKILL, syscall.SIGSTOP, 32, 33: // Go's and libc's own
		default:
			signal.Notify(s.signals, n)
		}
	}
	return s
}

// lastSignal is the number of the last real-time signal.
const lastSignal = 64

// heard handles a signal that this process got. The program, if it runs, gets it too.
func (s *supervisor) heard(sig os.Signal, program int) {
	number := sig.(syscall.Signal)
	switch number {
	case syscall.SIGPIPE, syscall.SIGTTIN, syscall.SIGTTOU: // of what this process itself writes and reads
		return
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT: // an image may name another STOPSIGNAL
		if s.stopping.Err() == nil {
			s.stop()
			time.AfterFunc(s.grace, s.kill)
			time.AfterFunc(s.grace+protocol.SaveTime, s.endEverything)
		}
	}
	if program > 0 {
		_ = syscall.Kill(program, number)
	}
}

// listen handles signals until the function that it returns is called, which waits for its end. The program is 0 while
// there is none.
func (s *supervisor) listen(program int) (done func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case sig := <-s.signals:
				s.heard(sig, program)
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-gone }
}

// run runs the program until it and all that it started are gone. Tail gets its standard output too, unless it is nil.
func (s *supervisor) run(command, environ []string, tail *outfile.Tail) (end, *protocol.Problem) {
	path, err := exec.LookPath(command[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return notStarted(command[0], err)
	}
	attr := &os.ProcAttr{Env: environ, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Setpgid: true}}
	if term.IsTerminal(0) {
		attr.Sys.Foreground = true // of terminal 0
	}
	var out *capture
	if tail != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return notStarted(command[0], err)
		}
		attr.Files[1] = w
		out = &capture{r: r, tail: tail, done: make(chan struct{})}
	}
	process, err := os.StartProcess(path, command, attr)
	if out != nil {
		_ = attr.Files[1].Close()
		go out.copy()
		defer out.finish()
	}
	if err != nil {
		return notStarted(command[0], err)
	}
	pid := process.Pid
	_ = process.Release()
	return s.wait(pid), nil
}

// notStarted is a program that could not be started, with the exit code that a shell has for it.
func notStarted(name string, err error) (end, *protocol.Problem) {
	code := protocol.ExitCannotRun
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		code = protocol.ExitNotFound
	}
	var failed *exec.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return end{code: code}, &protocol.Problem{Kind: protocol.NotStarted, Text: fmt.Sprintf("cannot start %q: %v", name, err)}
}

// goneWithin is how long killed processes have to be gone. Only one that waits for a broken disk needs longer.
const goneWithin = 5 * time.Second

// wait waits for the program, and kills it when its grace has ended; then it kills what the program left.
func (s *supervisor) wait(pid int) end {
	ended, all := make(chan end, 1), make(chan struct{})
	go func() {
		defer close(all)
		reap(pid, ended)
	}()
	stopListening := s.listen(pid)
	var e end
	select {
	case e = <-ended:
	case <-s.killed.Done():
		killAll(all)
		select {
		case e = <-ended:
		default:
			e = end{code: diedCode, signal: syscall.SIGKILL}
		}
	}
	stopListening() // its number may be another's from now on
	killAll(all)
	return e
}

// reap takes the status of every process that ends, until there are no more.
func reap(pid int, ended chan<- end) {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return
		case got == pid && status.Signaled():
			ended <- end{code: 128 + int(status.Signal()), signal: status.Signal()}
		case got == pid:
			ended <- end{code: status.ExitStatus()}
		}
	}
}

// killAll kills all processes of the container that have not gone by themselves a moment later, until all is closed, or
// too long.
func killAll(all <-chan struct{}) {
	deadline := time.NewTimer(goneWithin)
	defer deadline.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		select {
		case <-all:
			return
		case <-deadline.C:
			return
		case <-time.After(pause):
			killChildren()
		}
	}
}

// killChildren kills what is there. In a Pod whose containers share their processes this one is not process 1, and what is
// not its child may be another container's; when a child dies, its children become this one's.
func killChildren() {
	if os.Getpid() == 1 {
		_ = syscall.Kill(-1, syscall.SIGKILL)
		return
	}
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		list, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(field); err == nil {
				_ = syscall.Kill(child, syscall.SIGKILL)
			}
		}
	}
}
