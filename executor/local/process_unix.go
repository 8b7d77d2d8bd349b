//go:build unix

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/podflow/podflow/internal/outfile"
)

// process is a running process, the leader of a process group of its own.
type process struct {
	proc   *os.Process
	stdout *capture // nil unless the result is wanted
}

// end is how a process ended.
type end struct {
	// code is the exit code, or 128 and the signal.
	code   int
	signal syscall.Signal
	// stopped is why it was stopped, or nil if it ended by itself.
	stopped error
}

// message says why it failed.
func (e end) message() string {
	if e.signal != 0 {
		return fmt.Sprintf("main: killed by signal %d, %v (exit code %d)", int(e.signal), e.signal, e.code)
	}
	return fmt.Sprintf("main: Error (exit code %d)", e.code)
}

// start starts the command. The files of the process are closed here once it has them.
func start(c *command) (*process, error) {
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	defer stdin.Close()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	p := &process{}
	stdout := log
	if c.wantResult {
		var r *os.File
		if r, stdout, err = os.Pipe(); err != nil {
			return nil, errors.Join(fmt.Errorf("local: %w", err), log.Close())
		}
		defer stdout.Close()
		p.stdout = newCapture(r, log)
	} else {
		defer log.Close()
	}
	p.proc, err = os.StartProcess(c.path, c.args, &os.ProcAttr{
		Dir: c.dir, Env: c.env, Files: []*os.File{stdin, stdout, log}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		if p.stdout != nil {
			p.stdout.close()
		}
		return nil, fmt.Errorf("local: start %q: %w", c.args[0], err)
	}
	if p.stdout != nil {
		go p.stdout.copy()
	}
	return p, nil
}

// wait waits until the process and all of its group are gone. When ctx ends it stops them: SIGTERM first, and SIGKILL
// after the grace.
func (p *process) wait(ctx context.Context, grace time.Duration) (end, error) {
	var state *os.ProcessState
	var err error
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		state, err = p.proc.Wait()
	}()
	var stopped error
	select {
	case <-exited:
	case <-ctx.Done():
		stopped = context.Cause(ctx)
		p.signal(syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-exited:
		case <-timer.C:
			p.signal(syscall.SIGKILL)
			<-exited
		}
	}
	p.killRest()
	if p.stdout != nil {
		p.stdout.finish()
	}
	if err != nil {
		return end{}, fmt.Errorf("local: %w", err)
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return end{128 + int(status.Signal()), status.Signal(), stopped}, nil
	}
	return end{code: status.ExitStatus(), stopped: stopped}, nil
}

// result is the captured standard output; nil if it was not wanted.
func (p *process) result() *string {
	if p.stdout == nil {
		return nil
	}
	text := p.stdout.tail.String()
	return &text
}

// killRest kills what the process left in its group, and waits until the group is empty. A machine whose process 1
// does not collect the dead would keep it waiting: there it goes on after a moment, when they are dead all the same.
func (p *process) killRest() {
	pause := time.Millisecond
	for range 6 {
		if p.signal(syscall.SIGKILL) != nil {
			return
		}
		time.Sleep(pause)
		pause *= 2
	}
}

// signal sends a signal to the group. The error says that there is none.
func (p *process) signal(s syscall.Signal) error { return syscall.Kill(-p.proc.Pid, s) }

// capture copies the standard output of a process to its log and keeps the end of it.
type capture struct {
	r    *os.File
	log  *os.File
	tail outfile.Tail
	done chan struct{}
}

func newCapture(r, log *os.File) *capture { return &capture{r: r, log: log, done: make(chan struct{})} }

// copy copies until nobody can write any more. Whatever becomes of the log, the process is never blocked.
func (c *capture) copy() {
	defer close(c.done)
	_, _ = io.Copy(io.MultiWriter(&c.tail, lossy{c.log}), c.r)
}

// finish waits for the rest. All that the process wrote is there to be read; a process that left the group may hold
// the pipe open for ever, so it gets a second.
func (c *capture) finish() {
	_ = c.r.SetReadDeadline(time.Now().Add(time.Second))
	<-c.done
	c.close()
}

func (c *capture) close() {
	_ = c.r.Close()
	_ = c.log.Close()
}

// lossy is a writer that never fails.
type lossy struct{ w io.Writer }

func (l lossy) Write(b []byte) (int, error) {
	_, _ = l.w.Write(b)
	return len(b), nil
}
