package executortest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

func testEnds(t *testing.T, cfg Config) {
	for name, tc := range map[string]struct {
		program Program
		phase   spec.Phase
	}{
		"Succeeded":      {Program{}, spec.Succeeded},
		"ExitCode":       {Program{Exit: 3}, spec.Failed},
		"Killed":         {Program{Exit: 128 + 9}, spec.Failed},
		"OutputIsUnused": {Program{Stdout: "hello\n", Stderr: "oh\n"}, spec.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, cfg, leaf{program: tc.program})
			end := b.execute(b.tasks[0])
			require.NoError(t, end.err, "a program's end is a Result")
			end.requireEnded(t, tc.phase, tc.program.Exit)
			assert.Nil(t, end.Result.Result, "the result was not asked for")
			assert.Empty(t, end.Outputs)
			assert.NoError(t, end.Err)
		})
	}
	t.Run("RunningIsNotified", func(t *testing.T) {
		b := start(t, cfg, leaf{})
		end := b.execute(b.tasks[0])
		require.NoError(t, end.err)
		var phases []spec.Phase
		for _, u := range end.updates {
			if u.Phase != "" {
				phases = append(phases, u.Phase)
			}
		}
		require.NotEmpty(t, phases)
		assert.Equal(t, spec.Running, phases[len(phases)-1])
		assert.Subset(t, []spec.Phase{spec.Pending, spec.Running}, phases)
	})
}

// requireEnded requires the end of a program.
func (o outcome) requireEnded(t *testing.T, phase spec.Phase, code int) {
	t.Helper()
	require.NoError(t, o.err)
	got := o.Phase
	if got == "" {
		got = spec.Succeeded
	}
	require.Equal(t, phase, got, "%s", o.Message)
	if o.ExitCode != nil || phase == spec.Failed {
		require.NotNil(t, o.ExitCode)
		require.Equal(t, code, *o.ExitCode)
	}
	if phase == spec.Failed {
		require.NotEmpty(t, o.Message, "a failure says why")
	}
}

func testMany(t *testing.T, cfg Config) {
	leaves := make([]leaf, 20)
	for i := range leaves {
		leaves[i] = leaf{name: fmt.Sprintf("many%d", i), program: Program{Exit: i}}
		if cfg.has(Files) {
			leaves[i].program.Files = map[string]string{"/out/value": fmt.Sprint("file ", i)}
		}
		if cfg.has(Results) {
			leaves[i].program.Stdout, leaves[i].wantResult = fmt.Sprint("result ", i), true
		}
	}
	b := start(t, cfg, leaves...)
	var calls []*call
	for _, task := range b.tasks {
		calls = append(calls, b.begun(task))
	}
	for i, c := range calls {
		end := c.wait()
		require.NoError(t, end.err)
		phase := spec.Failed
		if i == 0 {
			phase = spec.Succeeded
		}
		end.requireEnded(t, phase, i)
		if cfg.has(Files) {
			assert.Equal(t, []executor.Value{{Name: "value", Value: fmt.Sprint("file ", i)}}, end.Outputs)
		}
		if cfg.has(Results) {
			require.NotNil(t, end.Result.Result)
			assert.Equal(t, fmt.Sprint("result ", i), *end.Result.Result)
		}
	}
}
