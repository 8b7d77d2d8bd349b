package executortest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

var errStop = errors.New("the test stops it")

func testAdopt(t *testing.T, cfg Config) {
	once := leaf{program: Program{Random: true, Takes: time.Second}, wantResult: cfg.has(Results)}
	t.Run("WhileItRuns", func(t *testing.T) {
		b := start(t, cfg, once)
		first := b.begun(b.tasks[0])
		first.untilRunning()
		b.requireSame(first.wait(), b.execute(b.tasks[0]))
	})
	t.Run("AtOnce", func(t *testing.T) {
		b := start(t, cfg, once)
		first, second := b.begun(b.tasks[0]), b.begun(b.tasks[0])
		b.requireSame(first.wait(), second.wait())
	})
	t.Run("AfterDetach", func(t *testing.T) {
		b := start(t, cfg, once)
		first := b.begun(b.tasks[0])
		first.untilRunning()
		first.cancel(executor.ErrDetach)
		first.wait()
		second := b.execute(b.tasks[0])
		b.requireSame(second, b.execute(b.tasks[0]))
	})
	t.Run("AnotherAttempt", func(t *testing.T) {
		b := start(t, cfg, leaf{program: Program{Random: true}, wantResult: once.wantResult})
		again := *b.tasks[0]
		again.ID.Attempt++
		b.tasks = append(b.tasks, &again)
		first := b.execute(b.tasks[0])
		first.requireEnded(t, spec.Failed, *first.ExitCode)
		second := b.execute(b.tasks[1])
		second.requireEnded(t, spec.Failed, *second.ExitCode)
		b.requireRuns(b.tasks[1], 1)
	})
}

// requireSame requires two ends of one run of a Random program.
func (b *bench) requireSame(first, second outcome) {
	b.Helper()
	require.NoError(b, first.err)
	require.NotNil(b, first.ExitCode)
	first.requireEnded(b.T, spec.Failed, *first.ExitCode)
	require.NoError(b, second.err)
	assert.Equal(b, first.Result, second.Result)
	b.requireRuns(b.tasks[0], 1)
}

// requireRuns counts how many times a Random program ran, by its log.
func (b *bench) requireRuns(t *executor.Task, n int) {
	b.Helper()
	if lr, ok := b.x.(executor.LogReader); ok {
		log, err := lr.Logs(b.ctx, t)
		require.NoError(b, err)
		text, err := io.ReadAll(log)
		require.NoError(b, err)
		require.NoError(b, log.Close())
		assert.Len(b, strings.Fields(string(text)), n, "runs of the program")
	}
}

func testStop(t *testing.T, cfg Config) {
	goesOn := leaf{program: Program{Takes: forever}}
	t.Run("CancelWaits", func(t *testing.T) {
		b := start(t, cfg, goesOn)
		c := b.begun(b.tasks[0])
		c.untilRunning()
		c.cancel(errStop)
		require.ErrorIs(t, c.wait().err, errStop, "the error is context.Cause")
	})
	t.Run("DetachLeavesItRunning", func(t *testing.T) {
		b := start(t, cfg, goesOn)
		first := b.begun(b.tasks[0])
		first.untilRunning()
		first.cancel(executor.ErrDetach)
		require.ErrorIs(t, first.wait().err, executor.ErrDetach)

		second := b.begun(b.tasks[0])
		second.untilRunning()
		second.cancel(errStop)
		require.ErrorIs(t, second.wait().err, errStop)
	})
	t.Run("EndedContextStartsNothing", func(t *testing.T) {
		b := start(t, cfg, goesOn)
		ctx, cancel := context.WithCancelCause(b.ctx)
		cancel(errStop)
		_, err := b.x.Execute(ctx, b.tasks[0], func(u executor.Update) {
			assert.NotEqual(t, spec.Running, u.Phase)
		})
		require.ErrorIs(t, err, errStop)
	})
}

func testLogs(t *testing.T, cfg Config) {
	logs := func(t *testing.T, b *bench) executor.LogReader {
		lr, ok := b.x.(executor.LogReader)
		if !ok {
			t.Skip("it reads no logs")
		}
		return lr
	}
	t.Run("Followed", func(t *testing.T) {
		b := start(t, cfg, leaf{program: Program{Stdout: "first\n", Takes: forever}})
		lr := logs(t, b)
		c := b.begun(b.tasks[0])
		c.untilRunning()
		log, err := lr.Logs(b.ctx, b.tasks[0])
		require.NoError(t, err)
		defer log.Close()
		lines := bufio.NewReader(log)
		line, err := lines.ReadString('\n')
		require.NoError(t, err, "a line is there before the program's end")
		assert.Equal(t, "first\n", line)
		c.cancel(errStop)
		_, err = io.Copy(io.Discard, lines)
		require.NoError(t, err, "the log ends with the attempt")
		c.wait()
	})
	t.Run("Whole", func(t *testing.T) {
		b := start(t, cfg, leaf{program: Program{Stdout: "out\n", Stderr: "err\n"}})
		lr := logs(t, b)
		b.execute(b.tasks[0]).requireEnded(t, spec.Succeeded, 0)
		log, err := lr.Logs(b.ctx, b.tasks[0])
		require.NoError(t, err)
		text, err := io.ReadAll(log)
		require.NoError(t, err)
		require.NoError(t, log.Close())
		assert.ElementsMatch(t, []string{"out", "err"}, strings.Fields(string(text)))
	})
	t.Run("ReadingEndsWithItsContext", func(t *testing.T) {
		b := start(t, cfg, leaf{program: Program{Takes: forever}})
		lr := logs(t, b)
		b.begun(b.tasks[0]).untilRunning()
		ctx, cancel := context.WithCancel(b.ctx)
		defer cancel()
		log, err := lr.Logs(ctx, b.tasks[0])
		require.NoError(t, err)
		defer log.Close()
		cancel()
		_, err = io.ReadAll(log)
		require.Error(t, err)
	})
	t.Run("None", func(t *testing.T) {
		b := start(t, cfg, leaf{})
		_, err := logs(t, b).Logs(b.ctx, b.tasks[0])
		require.ErrorIs(t, err, executor.ErrNoLog)
	})
}
