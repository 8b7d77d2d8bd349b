//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
)

// Main is the main function of an agent that can reach these places of artifacts, besides those that [artifact.New] always
// knows. It does not return.
func Main(drivers ...artifact.Driver) {
	args, at := os.Args[1:], layout{}
	if len(args) > 1 && args[0] == "-root" { // in tests
		args, at.root = args[2:], args[1]
	}
	os.Exit(start(args, at, drivers))
}

// What Go's collector tries to stay under: what RoleRun needs counts as the program's container's, beside what the program
// needs; the others have a container of their own, in which a store may hold 40 MiB of an artifact.
const (
	memoryBeside = 40 << 20
	memoryAlone  = protocol.OwnMemory * 3 / 4
)

// start takes the role that the arguments name, and gives the exit code.
func start(args []string, at layout, drivers []artifact.Driver) int {
	if len(args) == 0 {
		return fail(fmt.Errorf("expected a role: %s, %s or %s", protocol.RoleRun, protocol.RoleInit, protocol.RoleOutputs))
	}
	role := args[0]
	if role == protocol.RoleRun {
		debug.SetMemoryLimit(memoryBeside)
	} else {
		debug.SetMemoryLimit(memoryAlone)
		// Its environment has secrets, and in a Pod whose containers share their processes a program may be the same user.
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return fail(err)
		}
	}
	in, environ, err := protocol.FromEnv(os.Environ())
	if err == nil && (role == protocol.RoleRun && in.Run == nil || role == protocol.RoleInit && in.Init == nil ||
		role == protocol.RoleOutputs && in.Outputs == nil) {
		err = fmt.Errorf("the instructions have nothing for %s", role)
	}
	switch role {
	case protocol.RoleRun:
		if err == nil && (len(args) < 3 || args[1] != "--") {
			err = fmt.Errorf("expected %s -- COMMAND", protocol.RoleRun)
		}
		if err != nil {
			return failRun(err, at)
		}
		r := &runner{at: at, attempt: in.Attempt, Run: in.Run, command: args[2:], environ: environ}
		return r.run()
	case protocol.RoleInit:
		if err == nil {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			err = prepare(ctx, in.Init, at, openStores(drivers))
		}
	case protocol.RoleOutputs:
		if err == nil {
			err = serveOutputs(in.Outputs, at, openStores(drivers))
		}
	default:
		err = fmt.Errorf("unknown role %q", role)
	}
	if err != nil {
		return fail(errors.Join(err, at.writeReport(err.Error())))
	}
	return 0
}

// fail says what is wrong.
func fail(err error) int {
	fmt.Fprintln(os.Stderr, "podflow-agent:", err)
	return protocol.ExitAgent
}

// failRun says it in a report too. A library of another version sees this one's version there.
func failRun(err error, at layout) int {
	r := protocol.Report{ExitCode: protocol.ExitAgent, Problem: &protocol.Problem{Kind: protocol.Agent, Text: err.Error()}}
	message, _ := r.Encode(protocol.MaxMessage)
	return fail(errors.Join(err, at.writeReport(message)))
}
