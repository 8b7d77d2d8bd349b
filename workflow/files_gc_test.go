package workflow_test

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"strings"
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
	"github.com/podflow/podflow/workflow/spec"
)

const outFile = workflow.Artifact("out")

// collected is a workflow of makeAndUse whose artifacts go at some time.
func collected(t *testing.T, strategy, edit, to string) *workflow.Workflow {
	text := strings.Replace(makeAndUse("", "", ""), "arguments:", "artifactGC: {strategy: "+strategy+"}\n  arguments:", 1)
	return loadText(t, strings.Replace(strings.Replace(text, "name: wf", "generateName: wf-", 1), edit, to, 1))
}

// content is what a node left, or empty if that is gone.
func content(t *testing.T, run *workflow.Run, path string) string {
	t.Helper()
	f, err := run.Open(t.Context(), path, outFile)
	if err != nil {
		assert.ErrorIs(t, err, fs.ErrNotExist)
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}

// begun is a run that has ended, however it did.
func begun(t *testing.T, r *workflow.Runner, wf *workflow.Workflow, name string) *workflow.Run {
	t.Helper()
	run, err := r.Start(t.Context(), wf, workflow.RunName(name))
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	return run
}

// forget forgets a run with its artifacts.
func forget(t *testing.T, r *workflow.Runner, name string) {
	t.Helper()
	ok, err := r.Forget(t.Context(), name)
	require.NoError(t, err)
	assert.True(t, ok)
}

// What a run has from a cache is not its own to delete; and what is gone is no hit.
func TestGCOfMemoized(t *testing.T) {
	r := workflow.NewRunner(fake.New(t).On("make", fake.Succeed(outFile.Set("text"))))
	defer r.Close()
	wf := collected(t, "OnWorkflowDeletion", "name: make, container", "name: make, memoize: {key: k, cache: {configMap: {name: c}}}, container")
	first, second := begun(t, r, wf, "first"), begun(t, r, wf, "second")
	require.True(t, second.Node("[0].make").Memoized)
	assert.Equal(t, first.Node("[0].make").Artifacts, second.Node("[0].make").Artifacts, "with its digest")
	forget(t, r, "second")
	assert.Equal(t, "text", content(t, first, "[0].make"))
	forget(t, r, "first")
	third := begun(t, r, wf, "third")
	assert.False(t, third.Node("[0].make").Memoized)
	assert.Equal(t, "text", content(t, third, "[0].make"))
}

// A run that is resubmitted shares what it keeps with the one before; one that is retried takes it over, and what is done
// again is deleted.
func TestGCOfRepeatedRuns(t *testing.T) {
	fails := fake.New(t).On("make", fake.Succeed(outFile.Set("text"))).On("use", fake.Fail(1, "no"))
	r := workflow.NewRunner(fails)
	defer r.Close()
	run := begun(t, r, collected(t, "OnWorkflowDeletion", "", ""), "r")
	again, err := r.Resubmit(t.Context(), run, workflow.Memoized())
	require.NoError(t, err)
	_ = again.Wait(t.Context())
	forget(t, r, again.Name())
	assert.Equal(t, "text", content(t, run, "[0].make"))

	retried, err := r.Retry(t.Context(), run)
	require.NoError(t, err)
	_ = retried.Wait(t.Context())
	assert.Equal(t, "text", content(t, retried, "[0].make"))
	restarted, err := r.Retry(t.Context(), retried, workflow.Restart("[0].make"))
	require.NoError(t, err)
	_ = restarted.Wait(t.Context())
	assert.Empty(t, content(t, retried, "[0].make"), "it was done again")
	assert.Equal(t, "text", content(t, restarted, "[0].make"))
	forget(t, r, "r")
	assert.Empty(t, content(t, restarted, "[0].make"))
}

// A node whose artifacts are gone is done again when its run is retried.
func TestRetryAfterGC(t *testing.T) {
	x := fake.New(t).On("make", fake.Succeed(outFile.Set("text"))).On("use", fake.Fail(1, "no"))
	r := workflow.NewRunner(x)
	defer r.Close()
	run := begun(t, r, collected(t, "OnWorkflowCompletion", "", ""), "r")
	again, err := r.Retry(t.Context(), run)
	require.NoError(t, err)
	_ = again.Wait(t.Context())
	assert.Equal(t, []string{"[0].make", "[1].use", "[0].make", "[1].use"}, x.Paths())
}

// What is deleted says so wherever it was passed on to, and when the run is shown again from its journal.
func TestDeleted(t *testing.T) {
	j := journal.NewMemory()
	r := workflow.NewRunner(fake.New(t), workflow.WithJournal(j))
	wf := loadText(t, document(`artifactGC: {strategy: OnWorkflowCompletion}
templates:
- name: main
  steps: [[{name: make, template: make}]]
  outputs: {artifacts: [{name: all, from: "{{steps.make.outputs.artifacts.out}}"}]}
- {name: make, retryStrategy: {limit: 2}, container: {image: a, command: [a]}, outputs: {artifacts: [{name: out, path: /out/file}]}}`))
	run := begun(t, r, wf, "r")
	require.NoError(t, run.Wait(t.Context()))
	again, err := workflow.NewRunner(fake.New(t), workflow.WithJournal(j)).Start(t.Context(), wf, workflow.RunName("r"))
	require.NoError(t, err)
	for _, run := range []*workflow.Run{run, again} {
		for _, path := range []string{"", "[0].make", "[0].make(0)"} {
			assert.True(t, run.Node(path).Artifacts[0].Deleted, path)
		}
	}
}

// slowStore is a store whose deletions take a second each.
type slowStore struct{ artifact.Store }

func (slowStore) Kind() string { return "s3" }

func (s slowStore) Open(context.Context, *spec.ArtifactLocation, artifact.Secrets) (artifact.Store, error) {
	return s, nil
}

func (slowStore) Delete(ctx context.Context, _ string) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (slowStore) List(context.Context, string) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}

// lastWords notes with which contexts it is told of the end.
type lastWords struct {
	*journal.Memory
	stub
	errs []error
}

func (l *lastWords) End(ctx context.Context, name string, p spec.Phase) error {
	l.errs = append(l.errs, ctx.Err())
	return l.Memory.End(ctx, name, p)
}

func (l *lastWords) EndRun(ctx context.Context, _ *executor.Run, _ spec.Phase) error {
	l.errs = append(l.errs, ctx.Err())
	return nil
}

// However long artifacts take to be deleted, the journal and the executor have time of their own, and errors are not
// told a thousand times.
func TestSlowGC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lastWords{Memory: journal.NewMemory()}
		l.execute = func(_ context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
			template, err := t.Template()
			if err != nil {
				return executor.Result{}, err
			}
			return executor.Result{Artifacts: []executor.Artifact{{Artifact: template.Outputs.Artifacts[0]}}}, nil
		}
		r := workflow.NewRunner(l, workflow.WithJournal(l), workflow.WithStores(artifact.New(nil, slowStore{})),
			workflow.WithRepository(spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "b"}}}))
		run, err := r.Start(t.Context(), loadText(t, document(`artifactGC: {strategy: OnWorkflowCompletion}
templates:
- {name: main, steps: [[{name: make, template: make, withSequence: {count: "6000"}}]]}
- {name: make, container: {image: a, command: [a]}, outputs: {artifacts: [{name: out, path: /out/file}]}}`)))
		require.NoError(t, err)
		err = run.Wait(t.Context())
		assert.ErrorContains(t, err, "more artifacts could not be deleted")
		assert.Less(t, len(err.Error()), 2000)
		assert.Equal(t, []error{nil, nil}, l.errs)
		require.NoError(t, r.Close())
	})
}
