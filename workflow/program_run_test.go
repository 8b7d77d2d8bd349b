package workflow_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

func TestCoinflip(t *testing.T) {
	wf := workflow.Must(workflow.New("coinflip-", coinflip()))
	x := fake.New(t).
		On("[0].flip-coin", fake.Succeed(side.Set(Tails))).
		On("[1].tails[0].flip-coin", fake.Succeed(side.Set(Heads)))
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.Equal(t, workflow.Skipped, run.Node("[1].heads").Phase)
	assert.Equal(t, workflow.Succeeded, run.Node("[1].tails[1].heads").Phase)
	assert.Equal(t, workflow.Skipped, run.Node("[1].tails[1].tails").Phase)

	neither := fake.New(t).On("flip-coin", fake.Succeed(side.Set("heads || true")))
	run, err = wf.Run(t.Context(), neither)
	require.NoError(t, err)
	assert.Equal(t, []string{"[0].flip-coin"}, neither.Paths())
	assert.Equal(t, workflow.Skipped, run.Node("[1].heads").Phase)
	assert.Equal(t, workflow.Skipped, run.Node("[1].tails").Phase)
}

func TestMapReduce(t *testing.T) {
	wf := workflow.Must(workflow.New("map-reduce-", mapReduce(), NumParts.Set(4)))
	x := fake.New(t).
		On("split", fake.Succeed(Parts.Set([]Part{{ID: 0, Key: "a"}, {ID: 1, Key: "bb"}}))).
		OnFunc("map", func(task *executor.Task) (fake.Outcome, error) {
			part, err := PartIn.Get(task)
			return fake.Succeed(Words.Set(10 * len(part.Key))), err
		}).
		On("reduce", fake.Succeed(Total.Set(30)))

	run, err := wf.Run(t.Context(), x, NumParts.Set(2))
	require.NoError(t, err)

	counts, err := Counts.Get(run.Node("reduce")) // what reduce was given
	require.NoError(t, err)
	assert.Equal(t, []int{10, 20}, counts)

	total, err := Total.Get(run)
	require.NoError(t, err)
	assert.Equal(t, 30, total)
	assert.Equal(t, "split", x.Paths()[0])
	assert.Equal(t, "reduce", x.Paths()[3])
}

func newNightly() (*workflow.Workflow, error) {
	d, opts := nightly()
	return workflow.New("nightly-", d, opts...)
}

func TestNightlyGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // minutes of backoff pass in no time
		wf, err := newNightly()
		require.NoError(t, err)

		x := fake.New(t).On("fetch",
			fake.Fail(1, "connection refused"),
			fake.Error(errors.New("node lost")),
			fake.Fail(2, "bad day").Taking(30*time.Second), // this and all later attempts
		)
		start := time.Now()
		run, err := wf.Run(t.Context(), x)

		failed, ok := errors.AsType[*workflow.NodeError](err)
		require.True(t, ok)
		assert.Equal(t, "fetch", failed.Path)
		assert.Equal(t, 2, failed.ExitCode)
		assert.Equal(t, 5, failed.Attempts)
		assert.Equal(t, (1+2+4+5)*time.Minute+3*30*time.Second, time.Since(start))

		assert.Equal(t, workflow.Failed, run.Phase())
		assert.Equal(t, workflow.Omitted, run.Node("report").Phase)
		assert.Equal(t, workflow.Succeeded, run.Node("onExit[0].page").Phase)
	})
}

func TestNightlyRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wf, err := newNightly()
		require.NoError(t, err)

		x := fake.New(t).On("fetch", fake.Fail(1, "connection refused"), fake.Succeed())
		run, err := wf.Run(t.Context(), x)
		require.NoError(t, err)
		assert.Equal(t, 2, run.Node("fetch").Attempts)
		assert.Equal(t, workflow.Skipped, run.Node("onExit[0].page").Phase)
	})
}

func TestNightlyReportTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wf, err := newNightly()
		require.NoError(t, err)
		start := time.Now()
		run, err := wf.Run(t.Context(), fake.New(t).On("report", fake.Succeed().Taking(2*time.Hour)))
		require.Error(t, err)
		assert.Equal(t, time.Hour, time.Since(start))
		assert.Equal(t, workflow.Failed, run.Node("report").Phase)
	})
}

func TestRelease(t *testing.T) {
	wf := workflow.Must(workflow.New("release-", release()))
	image := func(task *executor.Task) (fake.Outcome, error) {
		repo, err := Repo.Get(task)
		return fake.Succeed(Image.Set(repo + ":1")), err
	}
	run, err := wf.Run(t.Context(), fake.New(t).OnFunc("build", image).On("test", fake.Succeed(Coverage.Set(0.5))))
	require.NoError(t, err)
	api, err := workflow.Param[string]("api").Get(run.Node("deploy"))
	require.NoError(t, err)
	assert.Equal(t, "acme/api:1", api)
	race, err := Race.Get(run.Node("worker.test"))
	require.NoError(t, err)
	assert.False(t, race)
}

func TestRollout(t *testing.T) {
	for _, tt := range []struct {
		name               string
		verify, smoke      fake.Outcome
		rollback, announce workflow.Phase
		want               workflow.Phase
	}{
		{"all is well", fake.Succeed(), fake.Succeed(), workflow.Omitted, workflow.Succeeded, workflow.Succeeded},
		{"verify fails", fake.Fail(1, ""), fake.Succeed(), workflow.Succeeded, workflow.Succeeded, workflow.Succeeded},
		{"smoke fails", fake.Succeed(), fake.Fail(1, ""), workflow.Succeeded, workflow.Omitted, workflow.Failed},
		{"both fail", fake.Fail(1, ""), fake.Fail(1, ""), workflow.Succeeded, workflow.Succeeded, workflow.Succeeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf, err := workflow.New("rollout-", rollout("eu", "us"))
			require.NoError(t, err)
			run, _ := wf.Run(t.Context(), fake.New(t).On("verify", tt.verify).On("smoke", tt.smoke))
			assert.Equal(t, tt.want, run.Phase())
			assert.Equal(t, tt.rollback, run.Node("rollback").Phase)
			assert.Equal(t, tt.announce, run.Node("announce").Phase)
		})
	}
}
