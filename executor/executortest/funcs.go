package executortest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

func testFuncs(t *testing.T, cfg Config) {
	errBoom := errors.New("boom")
	run := func(t *testing.T, fn executor.Func) outcome {
		b := start(t, cfg, leaf{fn: fn, inputs: []executor.Value{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}}})
		return b.execute(b.tasks[0])
	}
	t.Run("Succeeded", func(t *testing.T) {
		end := run(t, func(_ context.Context, in []executor.Value) ([]executor.Value, error) { return in, nil })
		end.requireEnded(t, spec.Succeeded, 0)
		assert.Equal(t, []executor.Value{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}}, end.Outputs)
	})
	t.Run("Failed", func(t *testing.T) {
		end := run(t, func(context.Context, []executor.Value) ([]executor.Value, error) { return nil, errBoom })
		require.NoError(t, end.err)
		assert.Equal(t, spec.Failed, end.Phase)
		assert.Equal(t, "boom", end.Message)
		assert.ErrorIs(t, end.Err, errBoom)
		assert.Nil(t, end.ExitCode)
	})
	t.Run("Panic", func(t *testing.T) {
		end := run(t, func(context.Context, []executor.Value) ([]executor.Value, error) { panic(errBoom) })
		var p *executor.PanicError
		require.ErrorAs(t, end.err, &p)
		assert.ErrorIs(t, p, errBoom)
		assert.Contains(t, string(p.Stack), "testFuncs")
	})
	t.Run("Goexit", func(t *testing.T) {
		end := run(t, func(context.Context, []executor.Value) ([]executor.Value, error) {
			runtime.Goexit()
			return nil, nil
		})
		require.ErrorIs(t, end.err, executor.ErrGoexit)
	})
	t.Run("Cancelled", func(t *testing.T) {
		b := start(t, cfg, leaf{fn: func(ctx context.Context, _ []executor.Value) ([]executor.Value, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		c := b.begun(b.tasks[0])
		c.untilRunning()
		c.cancel(errBoom)
		require.ErrorIs(t, c.wait().err, errBoom)
	})
}
