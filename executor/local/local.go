// Package local is an executor that runs containers' commands and scripts' sources as processes on this machine, and
// Go functions in this one. It needs nothing but the commands that the workflow names.
//
//	run, err := wf.Run(ctx, local.New())
//
// # What a node finds
//
// Images are not run: of a container, its command, args, env and working directory count, and the command is looked
// up on this machine. Each node has a directory of its own, DIR below, under the system's temporary directory
// (TMPDIR). It is the working directory unless the template names one, and stands for the root of the container's
// file system:
//
//   - A path that the template declares is mapped to DIR/path, wherever it is written as a whole path in the command,
//     the args, the env and the source of a script: `echo 3 > /out/rows` becomes `echo 3 > DIR/out/rows`. Whole means
//     that no letter, digit or one of _-./~)}]$ stands before it and that the name does not go on after it.
//   - Declared are the files of output parameters, the paths of artifacts, the mount paths of emptyDir volumes and
//     workingDir. The directory of a file or artifact and workingDir are mapped with all that is in them, unless every
//     machine has a directory of that name: of /out/rows, all of /out is; of /tmp/rows, that file alone, or what is in
//     it if it is an artifact. The directories are there before the node begins, and so are input artifacts.
//   - Every other path is this machine's: a node that writes to /etc or to an undeclared /data does just that.
//     A program that makes up its paths can use the env variable PODFLOW_ROOT, which is DIR.
//   - The env holds PATH, HOME, USER, LANG, LC_ALL and TZ of this process, TMPDIR (a directory in DIR) and
//     PODFLOW_ROOT, and then the template's. $(NAME) in command, args and env is expanded, and $$ is a $, as in a Pod.
//   - Standard input is empty. Standard output and error are the log, in the order of the writes; where standard output
//     is used as a result it passes through this process, and may come a little later than an error that it preceded.
//
// Output files are read from DIR when the program has ended: at most 256 KiB each, never through a symbolic link that
// leads out of DIR. Output artifacts are kept where their location says, and else in [Executor.Directory]; what a program
// left that failed is kept too. Their places are those of [Executor.Artifacts]: with S3 for example
//
//	x := local.New()
//	x.Artifacts = artifact.New(local.Secrets, s3.Driver{})
//
// # What becomes of it
//
// Exit code 0 is Succeeded, another is Failed; a death by signal n is Failed with exit code 128+n, and the message names
// the signal. activeDeadlineSeconds is kept: Failed. A command that does not exist is an error. When the program ends,
// whatever it began and left in its process group is killed, as it is in a Pod; when its context is cancelled the group
// gets SIGTERM and after [Executor.Grace] SIGKILL. What leaves the group (setsid) is not found. DIR is removed when the
// node is released, and nothing is left on disk of a run that has ended but its artifacts. Of the logs of ended runs the newest, 16 MiB in
// all, stay readable as long as the Executor lives.
//
// # Limits
//
// At most 256 processes run at once; further nodes are Pending until one has ended. An attempt is adopted in the process
// that began it, and only there: what a detached run or a killed program leaves goes on, and nobody removes its
// directories.
//
// Fields that say where and as whom a Pod runs have no meaning here and are ignored: image, resources, node selectors,
// affinity, tolerations, security contexts, service accounts, scheduler, priorities, ports, probes, host aliases,
// metadata, tty and stdin. What would change what the program finds or does is refused by Check: see there.
//
// It works on Unix.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// maxProcesses is how many processes run at once.
const maxProcesses = 256

// Executor runs nodes as processes. [New] makes one; the zero value works too. It serves any number of runs at once. Its
// fields are set before the first run.
type Executor struct {
	// Grace is how long a program may take to end after SIGTERM. Zero is no time: it is killed at once.
	Grace time.Duration
	// Artifacts opens the places where artifacts are kept, such as an S3 bucket. Nil stands for those of [artifact.New].
	Artifacts *artifact.Stores
	// Directory keeps the artifacts of which neither the workflow nor the run says where. Empty is a temporary directory,
	// which Close removes.
	Directory string

	mu       sync.Mutex
	places   chan struct{}   // made with the first attempt
	kept     string          // see directory
	runs     map[string]*run // by UID
	attempts map[executor.ID]*attempt
	archive  archive
}

// run is the directory of a run.
type run struct {
	dir  string
	next int
	logs []logFile // of released attempts
}

// logFile is the log of an attempt.
type logFile struct {
	id   executor.ID
	path string
}

// New makes an executor with a Grace of ten seconds.
func New() *Executor { return &Executor{Grace: 10 * time.Second} }

// BeginRun makes a directory for the run.
func (x *Executor) BeginRun(_ context.Context, r *executor.Run) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.runs[r.UID] != nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "podflow-")
	if err != nil {
		return fmt.Errorf("local: %w", err)
	}
	if bad := firstSpecial(dir); bad != "" {
		return errors.Join(fmt.Errorf("local: the temporary directory %s has %q in its name, which would break command lines: set TMPDIR to another", dir, bad),
			os.Remove(dir))
	}
	if x.runs == nil {
		x.runs = map[string]*run{}
	}
	x.runs[r.UID] = &run{dir: dir}
	return nil
}

// EndRun stops what still runs of the run and removes its directory.
func (x *Executor) EndRun(_ context.Context, r *executor.Run, _ spec.Phase) error {
	x.mu.Lock()
	var left []*attempt
	for id, a := range x.attempts {
		if id.Run == r.UID {
			left = append(left, a)
		}
	}
	x.mu.Unlock()
	for _, a := range left {
		a.stop(errEnded)
		<-a.done
	}

	dir := x.forget(r, left)
	if dir == "" {
		return nil
	}
	return removeAll(dir)
}

// forget forgets a run and the attempts that were not released, but for their logs. It is the run's directory.
func (x *Executor) forget(r *executor.Run, left []*attempt) (dir string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ended := x.runs[r.UID]
	if ended == nil {
		return ""
	}
	delete(x.runs, r.UID)
	for _, a := range left {
		delete(x.attempts, a.task.ID)
		ended.logs = append(ended.logs, logFile{a.task.ID, a.log()})
	}
	for _, log := range ended.logs {
		x.archive.add(log.id, log.path)
	}
	return ended.dir
}

var errEnded = errors.New("local: the run has ended")

// Execute runs the task's process, or its Go function, to the end.
func (x *Executor) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	if ctx.Err() != nil {
		return executor.Result{}, context.Cause(ctx)
	}
	if t.Func != nil {
		notify(executor.Update{Phase: spec.Running})
		return t.Call(ctx)
	}
	a, err := x.attempt(t)
	if err != nil {
		return executor.Result{}, err
	}
	return a.follow(ctx, notify)
}

// Release removes the attempt's directory; its log stays until the run ends.
func (x *Executor) Release(_ context.Context, t *executor.Task) error {
	x.mu.Lock()
	a := x.attempts[t.ID]
	if a == nil {
		x.mu.Unlock()
		return nil
	}
	delete(x.attempts, t.ID)
	if r := x.runs[t.ID.Run]; r != nil {
		r.logs = append(r.logs, logFile{t.ID, a.log()})
	}
	x.mu.Unlock()
	a.stop(errEnded)
	<-a.done
	return errors.Join(removeAll(a.root()), removeAll(a.source()))
}

// attempt is the task's attempt; it is begun if it was not.
func (x *Executor) attempt(t *executor.Task) (*attempt, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if a := x.attempts[t.ID]; a != nil {
		return a, nil
	}
	r := x.runs[t.ID.Run]
	if r == nil {
		return nil, fmt.Errorf("local: %s: its run has not begun, or has ended", t.ID)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	a := &attempt{
		task:    t,
		dir:     filepath.Join(r.dir, strconv.Itoa(r.next)),
		grace:   x.Grace,
		stores:  x.Stores(),
		stop:    stop,
		waits:   make(chan struct{}),
		started: make(chan struct{}),
		done:    make(chan struct{}),
	}
	r.next++
	if x.attempts == nil {
		x.attempts, x.places = map[executor.ID]*attempt{}, make(chan struct{}, maxProcesses)
	}
	x.attempts[t.ID] = a
	places := x.places
	go func() {
		defer close(a.done)
		defer stop(nil)
		a.res, a.err = a.run(ctx, places)
	}()
	return a, nil
}
