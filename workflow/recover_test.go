package workflow_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
)

func (p *program) load(t testing.TB) *workflow.Workflow {
	t.Helper()
	w, err := workflow.Load(strings.NewReader("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:" + p.spec + leafTemplates))
	require.NoError(t, err)
	return w
}

// life is a program while one process after the other drives it.
type life struct {
	*program
	begun   map[executor.ID]time.Time // when an attempt began for the first time
	memos   *storage
	missing []string // ends
}

// storage is what was memoized, in that order.
type storage struct {
	mu   sync.Mutex
	puts []put
}

type put struct {
	key     string
	outputs []byte
	at      time.Time
}

// Get is what was kept last.
func (m *storage) Get(_ context.Context, cache, key string) ([]byte, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range slices.Backward(m.puts) {
		if p.key == cache+"/"+key {
			return p.outputs, p.at, nil
		}
	}
	return nil, time.Time{}, fs.ErrNotExist
}

// Put keeps.
func (m *storage) Put(_ context.Context, cache, key string, outputs []byte, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.puts = append(m.puts, put{cache + "/" + key, outputs, at})
	return nil
}

// of is as much of it as there are records of.
func (m *storage) of(records []journal.Record) *storage {
	n := 0
	for _, r := range records {
		if r.Kind == journal.Stored {
			n++
		}
	}
	return &storage{puts: slices.Clone(m.puts[:n])}
}

// process is what drives runs for a while.
type process struct {
	*fake.Executor
	runner *workflow.Runner
}

// process makes a new one. What an earlier one began goes on: it ends as if nothing had happened to that.
func (l *life) process(j journal.Journal) *process {
	p := &process{Executor: fake.New(nil)}
	var mu sync.Mutex
	names := map[string]bool{}
	for key := range l.ends {
		name, _, _ := strings.Cut(key, "#")
		if i := strings.LastIndexByte(name, '.'); i >= 0 && !strings.HasSuffix(name, ".onExit") && !strings.Contains(name, ".hooks.") {
			name = name[i+1:]
		}
		name, _, _ = strings.Cut(name, "(")
		names[name] = true
	}
	for name := range names {
		p.OnFunc(name, func(task *executor.Task) (fake.Outcome, error) {
			mu.Lock()
			defer mu.Unlock()
			o := l.end(name, task)
			if at, ok := l.begun[task.ID]; ok && !at.After(time.Now()) {
				o.After = max(0, o.After-time.Since(at))
			} else {
				l.begun[task.ID] = time.Now()
			}
			return o, nil
		})
	}
	p.runner = workflow.NewRunner(p.Executor, workflow.WithJournal(j), workflow.WithMemo(l.memos))
	return p
}

// end is how an attempt ends.
func (l *life) end(name string, task *executor.Task) fake.Outcome {
	for _, key := range []string{fmt.Sprintf("%s#%d", task.Path, task.ID.Attempt), task.Path, name} {
		if o, ok := l.ends[key]; ok {
			return o
		}
	}
	l.missing = append(l.missing, task.Path)
	return fake.Outcome{}
}

// tell does what is to be told to a run and is not recorded, when its time comes.
func (l *life) tell(t *testing.T, run *workflow.Run, begin time.Time, records []journal.Record) {
	for _, a := range l.acts {
		at := begin.Add(a.at)
		if slices.ContainsFunc(records, func(r journal.Record) bool { return r.Kind == a.kind && when(r).Equal(at) }) {
			continue
		}
		time.AfterFunc(time.Until(at), func() {
			if err := a.do(context.Background(), run); err != nil {
				t.Errorf("%v of %q at %v: %v", a.kind, a.path, a.at, err)
			}
		})
	}
}

func when(r journal.Record) time.Time { return time.Unix(0, r.Finished) }

// wholeTree is all that is known of a run that does not depend on when and in which order it was.
func wholeTree(run *workflow.Run) map[string]string {
	nodes := map[string]string{"run": string(run.Phase())}
	for n := range run.Nodes() {
		result, code := "none", -1
		if n.Result != nil {
			result = *n.Result
		}
		if n.ExitCode != nil {
			code = *n.ExitCode
		}
		nodes[n.Name+" "+n.ID()] = fmt.Sprint(n.Type, " ", n.Template, " ", n.Phase, " ", n.Message, " in ", n.Inputs, " out ", n.Outputs, " ", result,
			" ", code, " ", n.Attempts, " ", n.Memoized, " of ", n.Parent, " ", places(n.InputArtifacts), places(n.Artifacts))
	}
	children := run.Children()
	for path, of := range children {
		nodes["children of "+path] = fmt.Sprint(slices.Sorted(slices.Values(of)))
	}
	return nodes
}

// places are where artifacts are kept.
func places(of []executor.Artifact) (all []string) {
	for _, a := range of {
		all = append(all, fmt.Sprint(a.Name, " ", artifact.Key(&a.ArtifactLocation), " ", a.SubPath, " ", a.SHA256, " ", a.Deleted))
	}
	return all
}

// recorded is a journal in which a run has got as far as some of its records.
func recorded(t *testing.T, start journal.Start, records []journal.Record) *journal.Memory {
	t.Helper()
	j := journal.NewMemory()
	require.NoError(t, j.Begin(t.Context(), start))
	require.NoError(t, j.Append(t.Context(), start.Run.Name, records))
	return j
}

// live runs a program to its end. It gives what the journal got, and the tree.
func (l *life) live(t *testing.T) (rec *journal.Run, want map[string]string) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		p := l.process(j)
		run, err := p.runner.Start(t.Context(), l.load(t))
		require.NoError(t, err)
		l.tell(t, run, time.Now(), nil)
		assert.Equal(t, l.not, run.Wait(t.Context()) != nil, "%v", run.Wait(t.Context()))
		rec, err = j.Read(t.Context(), "wf")
		require.NoError(t, err)
		assert.Equal(t, run.Phase(), rec.Phase)
		want = wholeTree(run)
		assert.Empty(t, l.missing)
		require.NoError(t, p.runner.Close())
	})
	return rec, want
}

// goesOn recovers a run at a time, and expects it to end as it did. It gives the journal's records.
func (l *life) goesOn(t *testing.T, at time.Time, start journal.Start, records []journal.Record, want map[string]string) (all []journal.Record) {
	t.Helper()
	then := *l
	then.begun, then.memos = maps.Clone(l.begun), l.memos.of(records)
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(at))
		j := recorded(t, start, records)
		p := then.process(j)
		runs, err := p.runner.Recover(t.Context(), l.load(t))
		require.NoError(t, err)
		require.Len(t, runs, 1)
		then.tell(t, runs[0], start.Run.Created, records)
		_ = runs[0].Wait(t.Context())
		assert.Equal(t, want, wholeTree(runs[0]))
		ended := map[executor.ID]bool{}
		for _, r := range records {
			ended[r.ID] = ended[r.ID] || r.Kind == journal.Ended
		}
		for _, task := range p.Calls() {
			assert.False(t, ended[task.ID], "%v ran again", task.ID)
		}
		rec, err := j.Read(t.Context(), "wf")
		require.NoError(t, err)
		assert.Equal(t, runs[0].Phase(), rec.Phase)
		all = rec.Records
		require.NoError(t, p.runner.Close())
	})
	return all
}

// Whenever the process dies: the run goes on in another one to the same end, and nothing that had ended runs again.
// And so if that one dies too.
func TestRecoverFromAnyRecord(t *testing.T) {
	prefixes := 0
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			l := &life{program: &p, begun: map[executor.ID]time.Time{}, memos: &storage{}}
			rec, want := l.live(t)
			for k := range len(rec.Records) + 1 {
				prefixes++
				all := l.goesOn(t, last(rec, rec.Records[:k]), rec.Start, rec.Records[:k], want)
				if k < len(rec.Records) && when(rec.Records[k]).After(last(rec, rec.Records[:k])) { // dead until something is to happen
					l.goesOn(t, when(rec.Records[k]).Add(-1), rec.Start, rec.Records[:k], want)
				}
				if t.Failed() {
					t.Fatalf("after %d of %s", k, show(rec.Records))
				}
				for again := k; again <= len(all); again += 1 + len(all)/8 {
					l.goesOn(t, last(rec, all[:again]), rec.Start, all[:again], want)
				}
				l.goesOn(t, last(rec, all), rec.Start, all, want)
				if t.Failed() {
					t.Fatalf("after %d of %s\nand then of %s", k, show(rec.Records), show(all))
				}
			}
		})
	}
	t.Logf("%d programs, %d places of death", len(programs), prefixes)
}

// last is when a run died of which these are the records.
func last(run *journal.Run, records []journal.Record) time.Time {
	if len(records) == 0 {
		return run.Run.Created
	}
	return when(records[len(records)-1])
}

// What a process leaves in a directory when it dies in the middle of a write is enough for the next one.
func TestRecoverFromDir(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			l := &life{program: &p, begun: map[executor.ID]time.Time{}, memos: &storage{}}
			rec, want := l.live(t)
			path := t.TempDir()
			file := filepath.Join(path, "wf.jsonl")
			open := func() *journal.Dir {
				j, err := journal.OpenDir(path)
				require.NoError(t, err)
				return j
			}
			require.NoError(t, open().Begin(t.Context(), rec.Start))
			for k, r := range rec.Records {
				content, err := os.ReadFile(file)
				require.NoError(t, err)
				then := *l
				then.begun, then.memos = maps.Clone(l.begun), l.memos.of(rec.Records[:k])
				synctest.Test(t, func(t *testing.T) {
					require.NoError(t, os.WriteFile(file, append(content[:len(content):len(content)], `00000000 {"records":[{"no`...), 0o600))
					<-time.After(time.Until(last(rec, rec.Records[:k])))
					p := then.process(open())
					runs, err := p.runner.Recover(t.Context(), l.load(t))
					require.NoError(t, err)
					require.Len(t, runs, 1)
					then.tell(t, runs[0], rec.Run.Created, rec.Records[:k])
					_ = runs[0].Wait(t.Context())
					assert.Equal(t, want, wholeTree(runs[0]))
					require.NoError(t, p.runner.Close())
				})
				require.NoError(t, os.WriteFile(file, content, 0o600))
				require.NoError(t, open().Append(t.Context(), "wf", []journal.Record{r}))
			}
		})
	}
}

// show is records for people.
func show(records []journal.Record) string {
	var b strings.Builder
	for i, r := range records {
		fmt.Fprintf(&b, "\n%3d %s %s#%d %s %s %s", i, r.Kind, r.ID.Node, r.ID.Attempt, r.Result.Phase, r.Result.Message, r.Error)
	}
	return b.String()
}

// A run that is over is shown as it ended, and nothing is executed.
func TestEndedRunsAreShown(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			l := &life{program: &p, begun: map[executor.ID]time.Time{}, memos: &storage{}}
			rec, want := l.live(t)
			synctest.Test(t, func(t *testing.T) {
				j := recorded(t, rec.Start, rec.Records)
				require.NoError(t, j.End(t.Context(), "wf", rec.Phase))
				p := l.process(j)
				runs, err := p.runner.Recover(t.Context(), l.load(t))
				require.NoError(t, err)
				assert.Empty(t, runs)
				run, err := p.runner.Start(t.Context(), l.load(t))
				require.NoError(t, err)
				assert.Equal(t, l.not, run.Wait(t.Context()) != nil)
				assert.Equal(t, want, wholeTree(run))
				assert.Empty(t, p.Calls())
				after, err := j.Read(t.Context(), "wf")
				require.NoError(t, err)
				assert.Len(t, after.Records, len(rec.Records))
				require.NoError(t, p.runner.Close())
			})
		})
	}
}

// Node IDs are those of the first process also where two names make the same number, though the later one ended first.
func TestRecoveredIDs(t *testing.T) {
	const first, second = "map(2723:2723)", "map(25106:25106)"
	wf, err := workflow.Load(strings.NewReader(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: map-reduce-x7k2p}
spec:
  entrypoint: main
  parallelism: 1
  templates:
  - name: main
    dag:
      tasks:
      - {name: slow, template: leaf}
      - {name: quick, template: leaf}
      - {name: map, template: takes, depends: quick || slow, withSequence: {count: "30000"}, when: "{{item}} == 2723 || {{item}} == 25106"}
` + leafTemplates))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		r := workflow.NewRunner(fake.New(nil), workflow.WithJournal(j))
		run, err := r.Start(t.Context(), wf)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		ids := []string{run.Node(first).ID(), run.Node(second).ID()}
		assert.Equal(t, ids[0]+"-2", ids[1])
		rec, err := j.Read(t.Context(), "map-reduce-x7k2p")
		require.NoError(t, err)
		for k := range len(rec.Records) + 1 {
			r := workflow.NewRunner(fake.New(nil), workflow.WithJournal(recorded(t, rec.Start, rec.Records[:k])))
			runs, err := r.Recover(t.Context())
			require.NoError(t, err)
			require.Len(t, runs, 1)
			require.NoError(t, runs[0].Wait(t.Context()))
			assert.Equal(t, ids, []string{runs[0].Node(first).ID(), runs[0].Node(second).ID()})
			require.NoError(t, r.Close())
		}
	})
}

// Why a run was stopped is found with errors.Is, in whatever process.
func TestRecoveredCauses(t *testing.T) {
	for want, stop := range map[error]func(*workflow.Run) error{
		workflow.ErrStopped:      func(r *workflow.Run) error { return r.Stop(context.Background()) },
		workflow.ErrTerminated:   func(r *workflow.Run) error { return r.Terminate(context.Background()) },
		context.Canceled:         func(r *workflow.Run) error { r.Cancel(nil); return nil },
		context.DeadlineExceeded: func(r *workflow.Run) error { r.Cancel(context.DeadlineExceeded); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			j := journal.NewMemory()
			r := workflow.NewRunner(fake.New(nil).On("A", fake.Forever()), workflow.WithJournal(j))
			run, err := r.Start(t.Context(), chain(t, "A"), workflow.RunName("r"))
			require.NoError(t, err)
			synctest.Wait()
			require.NoError(t, stop(run))
			require.ErrorIs(t, run.Wait(t.Context()), want)
			rec, err := j.Read(t.Context(), "r")
			require.NoError(t, err)
			require.NotEmpty(t, rec.Records)
			for k := 1; k <= len(rec.Records); k++ {
				x := fake.New(nil)
				r := workflow.NewRunner(x, workflow.WithJournal(recorded(t, rec.Start, rec.Records[:k])))
				runs, err := r.Recover(t.Context())
				require.NoError(t, err)
				require.Len(t, runs, 1)
				assert.ErrorIs(t, runs[0].Wait(t.Context()), want)
				assert.Empty(t, x.Paths(), "a run that was told to end begins nothing in another process either")
				assert.Equal(t, wholeTree(run), wholeTree(runs[0]))
				require.NoError(t, r.Close())
			}
			require.NoError(t, r.Close())
		})
	}
}

type (
	title  string
	before struct {
		N string `json:",omitempty"`
	}
	now struct {
		N title `json:",omitempty"`
	}
)

// A function that takes or gives other types than the run was begun with is found before anything acts.
func TestRetypedFunctions(t *testing.T) {
	is := func(f workflow.Template) *workflow.Workflow {
		return workflow.Must(workflow.New("r", f))
	}
	was := is(workflow.Func("f", func(context.Context, before) (before, error) { return before{}, nil }))
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		r := workflow.NewRunner(fake.New(nil).On("f", fake.Forever()), workflow.WithJournal(j))
		_, err := r.Start(t.Context(), was)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		x := fake.New(nil)
		r = workflow.NewRunner(x, workflow.WithJournal(j))
		for want, f := range map[string]workflow.Template{
			"func(N workflow_test.title) (N string)": workflow.Func("f", func(context.Context, now) (before, error) { return before{}, nil }),
			"func(N string) (N workflow_test.title)": workflow.Func("f", func(context.Context, before) (now, error) { return now{}, nil }),
		} {
			runs, err := r.Recover(t.Context(), is(f))
			assert.Empty(t, runs)
			assert.EqualError(t, err, `run "r" was begun by another version of the program: templates[f].plugin: was func(N string) (N string) and is `+want)
			_, err = r.Start(t.Context(), is(f))
			assert.EqualError(t, err, `run "r" was begun by another version of the program: templates[f].plugin: was func(N string) (N string) and is `+want)
		}
		assert.Empty(t, x.Paths())
		require.NoError(t, r.Close())
	})
}

// Who held a lock holds it again before those can take it who waited, though these began first.
func TestLocksAreHeldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		process := func() (*fake.Executor, *workflow.Runner) {
			x := fake.New(nil).On("first", after(10)).OnFunc("locked", func(*executor.Task) (fake.Outcome, error) { return after(60), nil })
			return x, workflow.NewRunner(x, workflow.WithJournal(j))
		}
		_, r := process()
		for _, name := range []string{"waits", "holds"} {
			_, err := r.Start(t.Context(), locking(t, name, "", "  - name: main\n    steps:\n    - [{name: first, template: leaf, when: 'waits == "+name+
				"'}]\n    - [{name: locked, template: locked}]\n  - {name: locked, container: {image: a}, "+onMutex+"}\n"+leafTemplates))
			require.NoError(t, err)
		}
		<-time.After(20 * time.Second)
		require.NoError(t, r.Close())
		x, r := process()
		runs, err := r.Recover(t.Context())
		require.NoError(t, err)
		require.Len(t, runs, 2)
		synctest.Wait()
		assert.Equal(t, "Waiting for argo/Mutex/m lock. Lock status: 0/1", runs[0].Node("[1].locked").Message)
		assert.Equal(t, workflow.Running, runs[1].Node("[1].locked").Phase)
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
		}
		var nodes []string
		for _, task := range x.Calls() {
			nodes = append(nodes, task.ID.Node)
		}
		assert.Equal(t, []string{"holds[1].locked", "waits[1].locked"}, nodes)
		require.NoError(t, r.Close())
	})
}

// While a run is held nothing of it begins but its exit handlers; what is at work goes on.
func TestSuspendedRuns(t *testing.T) {
	held := program{spec: `
  entrypoint: main
  onExit: bye
  templates:
  - {name: bye, steps: [[{name: a, template: leaf}], [{name: b, template: leaf}]]}
  - name: main
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A], hooks: {exit: {template: leaf}}}
      - {name: F, template: f, dependencies: [A]}
  - {name: f, retryStrategy: {limit: "1"}, container: {image: a}}
`}
	synctest.Test(t, func(t *testing.T) {
		x := fake.New(nil).On("A", after(10))
		r := workflow.NewRunner(x)
		run, err := r.Start(t.Context(), held.load(t))
		require.NoError(t, err)
		assert.EqualError(t, run.Resume(t.Context(), ""), "the run is not suspended")
		require.NoError(t, run.Suspend(t.Context()))
		require.NoError(t, run.Suspend(t.Context()), "once more is the same")
		<-time.After(time.Minute)
		assert.Equal(t, []string{"A"}, x.Paths())
		assert.Equal(t, workflow.Succeeded, run.Node("A").Phase, "it went on")
		assert.Equal(t, workflow.Pending, run.Node("B").Phase)
		require.NoError(t, run.Stop(t.Context()))
		assert.ErrorIs(t, run.Wait(t.Context()), workflow.ErrStopped)
		assert.Equal(t, []string{"A", "onExit[0].a", "onExit[1].b"}, x.Paths())
		assert.Equal(t, "terminated: the run was stopped", run.Node("B").Message)
		require.Error(t, run.Resume(t.Context(), ""), "it is over")

		run, err = r.Resubmit(t.Context(), run, workflow.RunName("again"))
		require.NoError(t, err)
		require.NoError(t, run.Suspend(t.Context()))
		<-time.After(time.Minute)
		require.NoError(t, run.Resume(t.Context(), ""))
		require.NoError(t, run.Wait(t.Context()))
		assert.Len(t, x.Paths(), 3+6)

		run, err = r.Resubmit(t.Context(), run, workflow.RunName("terminated"))
		require.NoError(t, err)
		require.NoError(t, run.Suspend(t.Context()))
		<-time.After(time.Minute)
		require.NoError(t, run.Terminate(t.Context()))
		assert.ErrorIs(t, run.Wait(t.Context()), workflow.ErrTerminated)
		assert.Len(t, x.Paths(), 3+6+1)
		require.NoError(t, r.Close())
	})
}

// With spec.suspend a run begins held, and is held wherever it goes on until somebody resumes it.
func TestRunsThatBeginHeld(t *testing.T) {
	for name, leaf := range map[string]string{"dag": "dag: {tasks: [{name: A, template: leaf}]}", "leaf": "container: {image: a}"} {
		held := program{spec: "\n  entrypoint: main\n  suspend: true\n  templates:\n  - {name: main, " + leaf + "}"}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := journal.NewMemory()
				x := fake.New(nil)
				r := workflow.NewRunner(x, workflow.WithJournal(j))
				run, err := r.Start(t.Context(), held.load(t))
				require.NoError(t, err)
				synctest.Wait()
				assert.Empty(t, x.Paths())
				require.NoError(t, r.Close())
				assert.ErrorIs(t, run.Wait(t.Context()), workflow.ErrDetached)
				r = workflow.NewRunner(x, workflow.WithJournal(j))
				runs, err := r.Recover(t.Context())
				require.NoError(t, err)
				require.Len(t, runs, 1)
				synctest.Wait()
				assert.Empty(t, x.Paths())
				require.NoError(t, runs[0].Resume(t.Context(), ""))
				require.NoError(t, runs[0].Wait(t.Context()))
				assert.Len(t, x.Paths(), 1)
				require.NoError(t, r.Close())
			})
		})
	}
}
