//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/podflow/podflow/internal/outfile"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// runner runs a container's program and reports.
type runner struct {
	*protocol.Run
	at       layout
	attempt  string
	command  []string
	environ  []string
	super    *supervisor
	report   protocol.Report
	lastTail outfile.Tail
}

// run does all, and gives the exit code.
func (r *runner) run() int {
	r.super = newSupervisor(r.Grace)
	r.report = protocol.Report{Attempt: r.attempt, Container: r.Container}
	problem := r.begin()
	if problem != nil {
		return r.finish(problem)
	}
	if problem = r.program(); problem != nil && r.report.ExitCode == 0 {
		r.report.ExitCode = protocol.ExitAgent
	}
	err := r.at.restore(r.Container)
	if err == nil {
		err = place(filepath.Join(r.at.of(r.Container), endFile), strconv.AppendInt(nil, int64(r.report.ExitCode), 10))
	}
	if err != nil && problem == nil {
		problem = &protocol.Problem{Kind: protocol.Agent, Text: err.Error()}
	}
	if problem == nil {
		listening := r.super.listen(0)
		problem = r.outputs()
		listening()
	}
	return r.finish(problem)
}

// begin takes the container and makes what the program is to find.
func (r *runner) begin() *protocol.Problem {
	switch err := r.at.claim(r.Container); {
	case errors.Is(err, fs.ErrExist):
		return &protocol.Problem{Kind: protocol.Again, Text: "the container had been started before in this Pod"}
	case err != nil:
		return &protocol.Problem{Kind: protocol.Agent, Text: err.Error()}
	}
	r.makeDirs()
	return nil
}

// makeDirs makes the directories that the files of output parameters are to be in. Where it cannot, on a root that is
// read-only for example, the program says what is wrong if it needs one. Those of artifacts are the program's own to make:
// some that run on Argo fail if they are there.
func (r *runner) makeDirs() {
	for _, f := range r.Values {
		_ = os.MkdirAll(filepath.Dir(f.Path), 0o777)
	}
}

// program runs the program, again if it fails and may be run again, when those before it have ended.
func (r *runner) program() *protocol.Problem {
	listening := r.super.listen(0)
	problem := r.wait(r.After)
	listening()
	for try := 0; problem == nil; try++ {
		var tail *outfile.Tail
		if r.WantResult {
			r.lastTail = outfile.Tail{}
			tail = &r.lastTail
		}
		var e end
		e, problem = r.super.run(r.command, r.environ, tail)
		r.report.ExitCode, r.report.Signal = e.code, int(e.signal)
		if problem != nil || e.code == 0 || try >= r.Retries {
			return problem
		}
		if !r.pause() {
			return nil
		}
	}
	return problem
}

// pause waits before the program is run again. It is not if the container is told to end.
func (r *runner) pause() bool {
	defer r.super.listen(0)()
	select {
	case <-r.super.stopping.Done():
		return false
	case <-time.After(r.RetryWait):
		return r.super.stopping.Err() == nil
	}
}

// wait waits until the programs of other containers have succeeded.
func (r *runner) wait(containers []string) *protocol.Problem {
	for _, other := range containers {
		code, err := r.at.programEnd(r.super.stopping, other)
		switch {
		case errors.Is(err, context.Canceled):
			return &protocol.Problem{Kind: protocol.Stopped, Text: "told to end while waiting for container " + other}
		case err != nil:
			return &protocol.Problem{Kind: protocol.Agent, Text: err.Error()}
		case code != 0:
			return &protocol.Problem{Kind: protocol.NotRun, Text: fmt.Sprintf("container %s, which it waits for, ended with code %d", other, code)}
		}
	}
	return nil
}

// outputs reads what the program left and has it stored.
func (r *runner) outputs() *protocol.Problem {
	for _, other := range r.Others {
		if _, err := r.at.programEnd(r.super.over, other); err != nil {
			return &protocol.Problem{Kind: protocol.Agent, Text: fmt.Sprintf("waiting for the end of container %s: %v", other, err)}
		}
	}
	r.readValues()
	if len(r.Artifacts) > 0 {
		var err error
		if r.report.Artifacts, err = send(r.super.over, r.at, r.Artifacts); err != nil {
			return &protocol.Problem{Kind: protocol.Agent, Text: err.Error()}
		}
	}
	return nil
}

// readValues reads the result and the output parameters.
func (r *runner) readValues() {
	size := 0
	if r.WantResult {
		r.report.Result = &protocol.Value{Data: r.lastTail.String()}
		size += len(r.report.Result.Data)
	}
	for _, f := range r.Values {
		v := readValue(f)
		size += len(v.Data)
		r.report.Values = append(r.report.Values, v)
	}
	if size <= protocol.MaxValues {
		return
	}
	tooMuch := &protocol.Problem{Kind: protocol.Refused, Text: fmt.Sprintf(
		"the result and the output parameters of a node have %d bytes together, and at most %d can come back: keep what is large as an artifact", size, protocol.MaxValues)}
	if r.report.Result != nil {
		*r.report.Result = protocol.Value{Problem: tooMuch}
	}
	for i := range r.report.Values {
		if v := &r.report.Values[i]; v.Problem == nil {
			*v = protocol.Value{Name: v.Name, Problem: tooMuch}
		}
	}
}

// readValue reads an output parameter.
func readValue(f protocol.File) protocol.Value {
	v := protocol.Value{Name: f.Name}
	dir, err := os.OpenRoot(filepath.Dir(f.Path))
	if err == nil {
		defer dir.Close()
		v.Data, err = outfile.Read(dir, filepath.Base(f.Path))
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.Problem = &protocol.Problem{Kind: protocol.Missing, Text: err.Error()}
	case err != nil:
		v.Problem = &protocol.Problem{Kind: protocol.Refused, Text: err.Error()}
	}
	return v
}

// finish writes the report.
func (r *runner) finish(problem *protocol.Problem) int {
	r.report.Problem = problem
	if problem != nil {
		if r.report.ExitCode == 0 {
			r.report.ExitCode = protocol.ExitAgent
		}
		fail(problem)
	}
	message, log := r.report.Encode(r.MessageLimit)
	if log != "" {
		if err := place(filepath.Join(r.at.of(r.Container), logFile), []byte(log)); err != nil {
			return failRun(err, r.at)
		}
	}
	if err := r.at.writeReport(message); err != nil {
		return fail(err)
	}
	return r.report.ExitCode
}
