package workflow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
)

// Each recorded workflow of Argo's makes the same tree also if the process dies behind any of its records.
func TestRecoverGolden(t *testing.T) {
	places, begun := 0, 0
	for _, r := range argotest.Records(t) {
		t.Run(r.Name, func(t *testing.T) {
			s, err := r.Workflow(t)
			if err != nil {
				t.Skip(err)
			}
			wf, err := workflow.FromSpec(s, workflow.Templates(t.Context(), argotest.Source(t)))
			if err != nil {
				t.Skip(err)
			}
			if why := timeDependent[r.Name]; why != "" {
				t.Skip(why)
			}
			memos := &storage{}
			var rec *journal.Run
			var want map[string]string
			synctest.Test(t, func(t *testing.T) {
				j := journal.NewMemory()
				runner := workflow.NewRunner(script(t, r), workflow.WithConfig(argotest.Source(t)), workflow.WithJournal(j), workflow.WithMemo(memos))
				run, err := runner.Start(t.Context(), wf)
				if err != nil {
					return
				}
				goldenEnd(t, r, run, nil)
				want = wholeTree(run)
				rec, err = j.Read(t.Context(), run.Name())
				require.NoError(t, err)
				require.NoError(t, runner.Close())
			})
			if rec == nil {
				t.Skip("it is refused")
			}
			begun++
			stride := 1 + len(rec.Records)/5
			for k := 0; k <= len(rec.Records); k += stride {
				places++
				synctest.Test(t, func(t *testing.T) {
					<-time.After(time.Until(last(rec, rec.Records[:k])))
					runner := workflow.NewRunner(script(t, r), workflow.WithConfig(argotest.Source(t)),
						workflow.WithJournal(recorded(t, rec.Start, rec.Records[:k])), workflow.WithMemo(memos.of(rec.Records[:k])))
					runs, err := runner.Recover(t.Context())
					require.NoError(t, err)
					require.Len(t, runs, 1)
					goldenEnd(t, r, runs[0], rec.Records[:k])
					assert.Equal(t, want, wholeTree(runs[0]), "after %d of %s", k, show(rec.Records))
					require.NoError(t, runner.Close())
				})
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d records, %d places of death", begun, places)
}

// timeDependent are the records whose values tell how long things took.
var timeDependent = map[string]string{"variables-showcase": "its exit handler reports the duration of the run, which the time without a process is part of"}

// goldenEnd waits for the end of a run, and resumes what is to be resumed by hand and was not.
func goldenEnd(t *testing.T, r *argotest.Record, run *workflow.Run, records []journal.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*24*time.Hour, errors.New("did not end in 100 days"))
	defer cancel()
	if !slices.ContainsFunc(records, func(r journal.Record) bool { return r.Kind == journal.Resumed }) {
		require.NoError(t, r.Resume(ctx, run))
	}
	_ = run.Wait(ctx)
	require.NoError(t, ctx.Err())
}
