// Package executortest is the conformance suite of package executor: what every executor must do, as tests.
//
// An executor proves itself with one test of its own:
//
//	func TestConformance(t *testing.T) {
//		executortest.Run(t, executortest.Config{
//			New:    func(t *testing.T) executor.Executor { return mine.New() },
//			Image:  "alpine:3.23",
//			Refuse: map[string]spec.Template{"daemon": {Daemon: new(true), Container: …}},
//		})
//	}
//
// To write a fourth executor, read the subtests of [Run] in order; each is a rule, and a name such as
// Stop/CancelWaits says which one broke:
//
//   - Ends: exit code 0 is Succeeded; another one is Failed with that code, a death by signal n with code 128+n;
//     Running is notified before the end. A program that fails is a Result, never an error.
//   - Values: with WantResult the standard output comes back without one trailing newline, and of a longer one the
//     last 256 KiB; output parameters come from files, less one trailing newline; a missing file gives its default,
//     or is an error if it has none and the program succeeded; a failed program's values come back as far as they
//     are there.
//   - Commands: arguments and env arrive untouched by any shell, a script's source arrives as a file whose path is
//     the last argument.
//   - Funcs: a Go function runs in this process by [executor.Task.Call]; its error is a failure, a panic is a
//     [executor.PanicError], a Goexit is [executor.ErrGoexit]. Functions need not be adoptable.
//   - Adopt: within one process, a second Execute of the same ID, while the attempt runs or until it is released,
//     gives the same Result, and the program runs once. Adoption by another process is for the executor's own tests.
//   - Stop: a cancelled ctx stops the work and gives context.Cause(ctx); the cause [executor.ErrDetach] returns at
//     once and leaves the work to be adopted; a ctx that had already ended starts nothing.
//   - Logs, for a [executor.LogReader]: stdout and stderr, followed to the attempt's end; [executor.ErrNoLog] for a
//     task that never ran.
//   - Check, for a [executor.Checker]: refuses each thing in Config.Refuse and each ability in Config.Lacks, all in one
//     error with their paths, and accepts every other template of the suite.
//   - Artifacts, for an executor that keeps them: what one program leaves, another finds, file or directory, however it
//     is packed, and can write to it; a missing output is an error that names it, unless it is optional or the program
//     failed; so is an input that is missing or that is not what was stored. Of an optional input that is missing
//     nothing is there, or, where something has to be mounted, an empty directory.
//   - Many: attempts run side by side without mixing their values.
//
// Around every subtest the suite plays the engine: Check, BeginRun, Execute, Release, EndRun. When all have ended,
// no goroutine that the executor began may be left.
package executortest

import (
	"testing"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Ability is something that an executor may lack if its Check refuses it.
type Ability int

const (
	// Results is the capture of standard output.
	Results Ability = 1 << iota
	// Files is output parameters from files.
	Files
)

// Config is an executor, as the suite sees it.
type Config struct {
	// New makes an executor for one subtest. What it needs closed, it closes by t.Cleanup.
	New func(t *testing.T) executor.Executor
	// Image is the image of every container. It has sh, printf, mkdir, sleep, od, yes and head, and for artifacts
	// cat, chmod, ln, ls, mkfifo, tr and wc.
	Image string
	// Script arranges that the task ends as p says. It is for an executor that runs no programs, and comes before the
	// run begins; nil means that containers run.
	Script func(x executor.Executor, task string, p Program)
	// Lacks is what the executor cannot do: Results|Files.
	Lacks Ability
	// Repository is where the suite keeps artifacts, without a key. With the zero value that is the place of an executor
	// that is an [executor.Keeper], and another is taken to keep none.
	Repository spec.ArtifactLocation
	// Refuse is what Check must refuse: a template for each path below it that the error has to name, such as
	// "container.command".
	Refuse map[string]spec.Template
	// Left lists what the executor left behind, after EndRun: processes, files, Pods. It may be nil.
	Left func(t *testing.T, x executor.Executor) []string
	// Timeout bounds one subtest; the zero value means two minutes.
	Timeout time.Duration
}

// Run runs the suite, one subtest for each rule.
func Run(t *testing.T, cfg Config) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 2 * time.Minute
	}
	before := goroutines()
	for _, group := range []struct {
		name string
		run  func(*testing.T, Config)
	}{
		{"Ends", testEnds},
		{"Values", testValues},
		{"Commands", testCommands},
		{"Funcs", testFuncs},
		{"Adopt", testAdopt},
		{"Stop", testStop},
		{"Logs", testLogs},
		{"Check", testCheck},
		{"Artifacts", testArtifacts},
		{"Many", testMany},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, cfg) })
	}
	t.Run("NoGoroutineLeft", func(t *testing.T) { requireNoneSince(t, before) })
}

// has says that the executor has the abilities.
func (c *Config) has(a Ability) bool { return c.Lacks&a == 0 }
