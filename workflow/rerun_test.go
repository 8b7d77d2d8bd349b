package workflow_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// broken is a dag where much has succeeded when last fails.
var broken = program{spec: `
  entrypoint: main
  onExit: bye
  arguments: {parameters: [{name: p, value: written}, {name: q, value: written}]}
  templates:
  - {name: bye, container: {image: a}}
  - {name: tried, retryStrategy: {limit: "3", backoff: {duration: 1h}}, container: {image: a}, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}}
  - {name: asks, suspend: {}, outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}]}}
  - name: inner
    retryStrategy: {limit: "2", backoff: {duration: 1h}}
    dag:
      tasks:
      - {name: bad, template: leaf}
      - {name: good, template: leaf, depends: bad.Failed || bad}
      - {name: hard, template: leaf}
  - name: main
    dag:
      tasks:
      - {name: A, template: tried}
      - {name: B, template: inner, depends: A, hooks: {exit: {template: leaf}}}
      - {name: Q, template: asks}
      - {name: L, template: takes, withItems: [1, 2, 3], arguments: {parameters: [{name: v, value: "{{item}}"}]}}
      - {name: C, template: takes, depends: B && Q && L.AnySucceeded, hooks: {exit: {template: leaf}},
         arguments: {parameters: [{name: v, value: "{{tasks.A.outputs.parameters.x}} {{tasks.Q.outputs.parameters.answer}} {{workflow.parameters.p}}"}]}}
      - {name: D, template: leaf, depends: C}
`}

// rerunner runs broken until it is mended.
type rerunner struct {
	*fake.Executor
	*workflow.Runner
	journal *journal.Memory
	mended  bool
}

func newRerunner() *rerunner {
	r := &rerunner{Executor: fake.New(nil), journal: journal.NewMemory()}
	r.On("A(0)", fake.Fail(1, "first")).On("A(1)", after(5, x.Set("of A")))
	r.OnFunc("B(0).hard", func(*executor.Task) (fake.Outcome, error) { return failsAfter(1), nil })
	r.On("bad", fake.Fail(1, "handled")).On("good", fake.Succeed()).On("hard", fake.Succeed())
	r.On("L(1:2)", fake.Fail(2, "two"))
	r.OnFunc("C", func(*executor.Task) (fake.Outcome, error) {
		if r.mended {
			return fake.Succeed(), nil
		}
		return fake.Fail(1, "broken"), nil
	})
	r.Runner = workflow.NewRunner(r.Executor, workflow.WithJournal(r.journal))
	return r
}

// fails starts broken and lets it fail.
func (r *rerunner) fails(t *testing.T, opts ...workflow.RunOption) *workflow.Run {
	t.Helper()
	run, err := r.Start(t.Context(), broken.load(t), append(opts, workflow.RunName("r"))...)
	require.NoError(t, err)
	synctest.Wait()
	require.NoError(t, run.Resume(t.Context(), "Q", answer.Set("yes")))
	require.Error(t, run.Wait(t.Context()))
	return run
}

// executed is what was executed since there were n calls, sorted.
func (r *rerunner) executed(n int) []string {
	return slices.Sorted(slices.Values(r.Paths()[n:]))
}

func TestRetryOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRerunner()
		old := r.fails(t)
		before, uid := wholeTree(old), old.UID()
		n := len(r.Paths())
		r.mended = true
		began := time.Now()
		run, err := r.Retry(t.Context(), old)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, []string{"C", "C.onExit", "D", "L(1:2)", "onExit"}, r.executed(n), "what did not succeed, and the exit handlers of that")
		assert.Zero(t, time.Since(began), "nobody waits for what was waited for")
		assert.Equal(t, "r", run.Name())
		assert.NotEqual(t, uid, run.UID())
		v, _ := run.Node("C").Input("v")
		assert.Equal(t, "of A yes written", v)
		v, _ = run.Node("A").Output("x")
		assert.Equal(t, "of A", v)
		assert.Equal(t, workflow.Failed, run.Node("B(1).bad").Phase, "it was handled")
		assert.Equal(t, workflow.Failed, run.Node("A(0)").Phase)
		assert.Equal(t, workflow.Succeeded, run.Node("Q").Phase)

		assert.Equal(t, before, wholeTree(old), "the old run stays as it was")
		assert.Equal(t, uid, old.UID())
		assert.Same(t, run, r.Get("r"))
		assert.Len(t, slices.Collect(r.List()), 1)
		rec, err := r.journal.Read(t.Context(), "r")
		require.NoError(t, err)
		assert.Equal(t, run.UID(), rec.Run.UID)
		assert.Equal(t, uid, rec.Replaces)
		assert.Equal(t, workflow.Succeeded, rec.Phase)
		same, err := r.Start(t.Context(), broken.load(t), workflow.RunName("r"))
		require.NoError(t, err)
		assert.Same(t, run, same)

		_, err = r.Retry(t.Context(), run)
		assert.EqualError(t, err, `run "r" succeeded: there is nothing to do again unless Restart names it`)
		_, err = r.Retry(t.Context(), old)
		assert.EqualError(t, err, `another run is called "r" now: this one was retried already`)
		require.NoError(t, r.Close())
		other := workflow.NewRunner(r.Executor, workflow.WithJournal(r.journal))
		_, err = other.Retry(t.Context(), old)
		assert.EqualError(t, err, `another run is called "r" now: this one was retried already`)
		assert.Nil(t, other.Get("r"))
	})
}

// What a retried run keeps it keeps wherever it goes on.
func TestRetriedRunsAreRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRerunner()
		old := r.fails(t)
		r.mended = true
		run, err := r.Retry(t.Context(), old)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		rec, err := r.journal.Read(t.Context(), "r")
		require.NoError(t, err)
		for k := range len(rec.Records) + 1 {
			again := newRerunner()
			again.mended = true
			again.Runner = workflow.NewRunner(again.Executor, workflow.WithJournal(recorded(t, rec.Start, rec.Records[:k])))
			runs, err := again.Recover(t.Context())
			require.NoError(t, err)
			require.Len(t, runs, 1)
			require.NoError(t, runs[0].Wait(t.Context()))
			assert.Equal(t, wholeTree(run), wholeTree(runs[0]))
			assert.Subset(t, []string{"C", "C.onExit", "D", "L(1:2)", "onExit"}, again.Paths())
			require.NoError(t, again.Close())
		}
		require.NoError(t, r.Close())
	})
}

func TestRestart(t *testing.T) {
	for path, want := range map[string][]string{
		"A":        {"A(0)", "A(1)"},
		"A(1)":     {"A(1)"},
		"B":        {"B(0).bad", "B(0).good", "B(0).hard", "B(1).bad", "B(1).good", "B(1).hard", "B.onExit"},
		"B(1)":     {"B(1).bad", "B(1).good", "B(1).hard"},
		"B(1).bad": {"B(1).bad"},
		"L":        {"L(0:1)", "L(2:3)"},
		"L(0:1)":   {"L(0:1)"},
		"":         {"A(0)", "A(1)", "B(0).bad", "B(0).good", "B(0).hard", "B(1).bad", "B(1).good", "B(1).hard", "B.onExit", "L(0:1)", "L(2:3)"},
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRerunner()
				old := r.fails(t)
				n := len(r.Paths())
				r.mended = true
				run, err := r.Retry(t.Context(), old, workflow.Restart(path))
				require.NoError(t, err)
				synctest.Wait()
				if path == "" {
					require.NoError(t, run.Resume(t.Context(), "Q", answer.Set("no")))
				}
				require.NoError(t, run.Wait(t.Context()))
				want = append(want, "C", "C.onExit", "D", "L(1:2)", "onExit")
				assert.Equal(t, slices.Sorted(slices.Values(want)), r.executed(n))
				require.NoError(t, r.Close())
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRerunner()
		old := r.fails(t)
		_, err := r.Retry(t.Context(), old, workflow.Restart("A", "E"))
		assert.EqualError(t, err, `run "r" has no node "E"`)
		r.mended = true
		run, err := r.Retry(t.Context(), old)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		n := len(r.Paths())
		run, err = r.Retry(t.Context(), run, workflow.Restart("D"))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, []string{"D", "onExit"}, r.executed(n), "of a run that succeeded")
		require.NoError(t, r.Close())
	})
}

func TestRetryIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRerunner()
		_, err := r.Retry(t.Context(), nil)
		assert.EqualError(t, err, "the run is nil")
		_, err = r.Resubmit(t.Context(), nil)
		assert.EqualError(t, err, "the run is nil")
		run, err := r.Start(t.Context(), broken.load(t), workflow.RunName("r"))
		require.NoError(t, err)
		synctest.Wait()
		for _, again := range []func(context.Context, *workflow.Run, ...workflow.RunOption) (*workflow.Run, error){r.Retry, r.Resubmit} {
			_, err = again(t.Context(), run)
			assert.EqualError(t, err, `run "r" is not over`)
		}
		gone, err := r.Forget(t.Context(), "r")
		require.NoError(t, err)
		assert.False(t, gone)
		require.NoError(t, r.Close())
		_, err = workflow.NewRunner(r.Executor).Retry(t.Context(), run)
		assert.EqualError(t, err, `run "r" is not over`, "it was let go of")
	})
}

// A retry that cannot begin leaves everything as it was.
func TestRetryThatCannotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
			return executor.Result{Phase: spec.Failed}, nil
		}}
		j := journal.NewMemory()
		r := workflow.NewRunner(x, workflow.WithJournal(j))
		old, err := r.Start(t.Context(), chain(t, "A"), workflow.RunName("r"))
		require.NoError(t, err)
		require.Error(t, old.Wait(t.Context()))
		x.begin = func() error { return errOops }
		_, err = r.Retry(t.Context(), old)
		assert.ErrorIs(t, err, errOops)
		assert.Same(t, old, r.Get("r"))
		_, err = r.Start(t.Context(), chain(t, "B"), workflow.RunName("s"))
		assert.ErrorIs(t, err, errOops)
		assert.Nil(t, r.Get("s"))
		require.NoError(t, r.Close())
		x.begin = nil
		runs, err := workflow.NewRunner(x, workflow.WithJournal(j)).Recover(t.Context())
		require.NoError(t, err)
		assert.Empty(t, runs, "what never began is not begun by who recovers")
	})
}

func TestResubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRerunner()
		old := r.fails(t, workflow.Param[string]("p").Set("given"))
		n := len(r.Paths())
		r.mended = true
		run, err := r.Resubmit(t.Context(), old, workflow.RunName("s"))
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, run.Resume(t.Context(), "Q", answer.Set("no")))
		require.NoError(t, run.Wait(t.Context()))
		assert.Len(t, r.executed(n), 16, "all of it")
		v, _ := run.Node("C").Input("v")
		assert.Equal(t, "of A no given", v)
		assert.Len(t, slices.Collect(r.List()), 2)

		n = len(r.Paths())
		run, err = r.Resubmit(t.Context(), old, workflow.RunName("m"), workflow.Memoized(), workflow.Param[string]("p").Set("new"))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, []string{"C", "C.onExit", "D", "L(1:2)", "onExit"}, r.executed(n))
		v, _ = run.Node("C").Input("v")
		assert.Equal(t, "of A yes new", v)
		rec, err := r.journal.Read(t.Context(), "m")
		require.NoError(t, err)
		assert.Empty(t, rec.Replaces)
		require.NoError(t, r.Close())
	})
}

// Labels and annotations of a run are those of the runs that repeat it.
func TestRepeatedRunsKeepLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(fake.New(nil).On("A", fake.Fail(1, "")))
		old, err := r.Start(t.Context(), chain(t, "A"), workflow.RunLabels(map[string]string{"team": "red", "l": "1"}),
			workflow.RunAnnotations(map[string]string{"why": "so"}))
		require.NoError(t, err)
		require.Error(t, old.Wait(t.Context()))
		run, err := r.Retry(t.Context(), old)
		require.NoError(t, err)
		require.Error(t, run.Wait(t.Context()))
		assert.Equal(t, old.Workflow().Labels, run.Workflow().Labels)
		assert.Equal(t, map[string]string{"why": "so"}, run.Workflow().Annotations)
		run, err = r.Resubmit(t.Context(), old, workflow.RunName("s"), workflow.RunLabels(map[string]string{"team": "blue"}))
		require.NoError(t, err)
		require.Error(t, run.Wait(t.Context()))
		assert.Equal(t, map[string]string{"team": "blue", "l": "1"}, run.Workflow().Labels)
		require.NoError(t, r.Close())
	})
}

// A run of a workflow that is a WorkflowTemplate is repeated as any other.
func TestReferencesAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		objects, err := spec.Decode(strings.NewReader(`apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: t}
spec:
  entrypoint: main
  arguments: {parameters: [{name: p, value: of the template}, {name: q, value: q}]}
  templates:
  - name: main
    steps:
    - [{name: a, template: takes, arguments: {parameters: [{name: v, value: "{{workflow.parameters.p}} {{workflow.parameters.q}}"}]}}]
    - [{name: b, template: takes, arguments: {parameters: [{name: v, value: "{{workflow.parameters.p}}"}]}}]
` + leafTemplates))
		require.NoError(t, err)
		templates, err := source.Of(objects...)
		require.NoError(t, err)
		wf, err := workflow.Load(strings.NewReader(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec: {workflowTemplateRef: {name: t}}
`), workflow.Templates(t.Context(), templates))
		require.NoError(t, err)
		fails := true
		x := fake.New(nil).OnFunc("b", func(*executor.Task) (fake.Outcome, error) {
			if fails {
				return fake.Fail(1, ""), nil
			}
			return fake.Succeed(), nil
		})
		r := workflow.NewRunner(x, workflow.WithJournal(journal.NewMemory()))
		old, err := r.Start(t.Context(), wf, workflow.Param[string]("p").Set("given"))
		require.NoError(t, err)
		require.Error(t, old.Wait(t.Context()))
		fails = false
		run, err := r.Retry(t.Context(), old)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		v, _ := run.Node("[0].a").Input("v")
		assert.Equal(t, "given q", v)
		run, err = r.Resubmit(t.Context(), old, workflow.RunName("s"), workflow.Param[string]("q").Set("other"))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		v, _ = run.Node("[0].a").Input("v")
		assert.Equal(t, "given other", v)
		assert.Equal(t, []string{"[0].a", "[1].b", "[1].b", "[0].a", "[1].b"}, x.Paths())
		require.NoError(t, r.Close())
	})
}
