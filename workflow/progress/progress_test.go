package progress_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/progress"
)

var work = workflow.Container("work", "alpine:3.23").Command("true")

// watch shows a run of a workflow on a fake.
func watch(t *testing.T, entry workflow.Template, x *fake.Executor, w io.Writer) error {
	t.Helper()
	wf, err := workflow.New("night-", entry)
	require.NoError(t, err)
	run, err := workflow.NewRunner(x).Start(t.Context(), wf, workflow.RunName("night-1"))
	require.NoError(t, err)
	defer func() { _ = run.Wait(context.Background()) }()
	return progress.Watch(t.Context(), run, w)
}

// night is a dag with steps in it, of which one fails. Nothing happens at a time at which a frame is drawn.
func night(t *testing.T) (workflow.Template, *fake.Executor) {
	check := steps.New("check")
	check.Step("lint", work)
	both := check.Group()
	both.Step("unit", work)
	both.Step("race", work)
	d := dag.New("night")
	fetch := d.Task("fetch", work)
	checks := d.Task("check", check).Dependencies(fetch)
	d.Task("build", work).Dependencies(fetch)
	d.Task("report", work).Dependencies(checks)
	x := fake.New(t).
		On("fetch", fake.Error(&executor.LostError{Reason: "Preempted", Err: errors.New("the Pod made room for another")}), fake.Succeed().Taking(1050*time.Millisecond)).
		On("lint", fake.Succeed().Taking(230*time.Millisecond)).
		On("unit", fake.Fail(2, "exit code 2: 世界 is \x1b[31mnot\x1b[0m round\nsecond line").Taking(1500*time.Millisecond)).
		On("race", fake.Succeed().Taking(2*time.Second)).
		On("build", fake.Succeed().Taking(13*time.Second))
	return d, x
}

func TestTree(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	synctest.Test(t, func(t *testing.T) {
		term := &terminal{columns: 60, rows: 24}
		d, x := night(t)
		require.NoError(t, watch(t, d, x, term))
		kept := append(term.frames[:8:8], term.frames[len(term.frames)-3:]...)
		term.frames = kept
		golden(t, "tree.txt", term.history())
	})
}

func TestTreeIsCutToTheTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	for _, size := range []struct{ columns, rows int }{{28, 24}, {12, 24}, {40, 6}, {40, 3}, {40, 1}, {1, 1}, {0, 0}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				term := &terminal{columns: size.columns, rows: size.rows}
				d, x := night(t)
				require.NoError(t, watch(t, d, x, term))
				for _, frame := range term.frames {
					assert.Less(t, strings.Count(frame, "\n"), max(2, size.rows))
				}
				golden(t, fmt.Sprintf("tree-%dx%d.txt", size.columns, size.rows), term.last())
			})
		})
	}
}

func TestTreeOfABigRun(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	synctest.Test(t, func(t *testing.T) {
		term := &terminal{columns: 70, rows: 16}
		inner := dag.New("inner")
		x := fake.New(t)
		for i := range 3000 {
			name := fmt.Sprintf("t%d", i)
			inner.Task(name, work)
			switch {
			case i%300 == 7:
				x.On(name, fake.Fail(1, "exit code 1").Taking(1030*time.Millisecond+time.Duration(i)*time.Microsecond))
			case i < 2000:
				x.On(name, fake.Succeed().Taking(1150*time.Millisecond))
			case i >= 2995:
				x.On(name, fake.Succeed().Taking(3550*time.Millisecond+time.Duration(i)*time.Microsecond))
			default:
				x.On(name, fake.Succeed().Taking(2250*time.Millisecond))
			}
		}
		d := dag.New("night")
		d.Task("many", inner)
		require.NoError(t, watch(t, d, x, term))
		assert.Contains(t, term.frames[0], "… and 2,988 more: 2,988 running\n")
		term.frames = term.frames[len(term.frames)-3:] // who comes first of thousands at the same time is chance
		golden(t, "tree-big.txt", term.history())
	})
}

// Of nodes that are nested deeper than the terminal is wide, the innermost are shown.
func TestTreeOfADeepRun(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	synctest.Test(t, func(t *testing.T) {
		term := &terminal{columns: 50, rows: 12}
		var entry workflow.Template = work
		for i := range 200 {
			d := dag.New(fmt.Sprintf("level%d", i))
			d.Task(fmt.Sprintf("in%d", i), entry)
			entry = d
		}
		require.NoError(t, watch(t, entry, fake.New(t).On("in0", fake.Fail(3, "exit code 3").Taking(time.Minute)), term))
		golden(t, "tree-deep.txt", term.frames[0]+"\n"+term.last())
	})
}

// narrowing is a terminal that becomes narrower after the first frame.
type narrowing struct{ terminal }

func (n *narrowing) Write(p []byte) (int, error) {
	n.frames = append(n.frames, string(p))
	return len(p), nil
}

func (n *narrowing) Size() (columns, rows int) {
	if len(n.frames) > 0 {
		return 20, n.rows
	}
	return 60, n.rows
}

// A terminal that becomes narrower wraps the lines that are there, so that there are more of them to go back.
func TestTerminalBecomesNarrower(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	synctest.Test(t, func(t *testing.T) {
		term := &narrowing{terminal{rows: 24}}
		d := dag.New("night")
		d.Task("a-task-with-a-name-of-33-letters-", work)
		d.Task("b", work)
		x := fake.New(t).On("b", fake.Succeed().Taking(2*time.Second))
		require.NoError(t, watch(t, d, x, term))
		assert.NotContains(t, term.frames[0], "A")
		assert.Contains(t, term.frames[1], "\x1b[5A", "the line of 45 columns has become three")
		assert.Contains(t, term.frames[2], "\x1b[3A")
	})
}

// chain is a dag in which only one thing happens at a time.
func chain(t *testing.T) (workflow.Template, *fake.Executor) {
	check := steps.New("check")
	check.Step("lint", work)
	check.Step("unit", work)
	d := dag.New("night")
	fetch := d.Task("fetch", work)
	checks := d.Task("check", check).Dependencies(fetch)
	d.Task("report", work).Dependencies(checks)
	return d, fake.New(t).
		On("fetch", fake.Error(&executor.LostError{Reason: "Preempted", Err: errors.New("the Pod made room for another")}), fake.Succeed().Taking(time.Second)).
		On("lint", fake.Succeed().Taking(83*time.Second)).
		On("unit", fake.Fail(2, "exit code 2: 世界 is \x1b[31mnot\x1b[0m round\nsecond line").Taking(250*time.Millisecond))
}

func TestLines(t *testing.T) {
	for name, hide := range map[string]bool{"xterm": true, "dumb": false} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TERM", name)
			synctest.Test(t, func(t *testing.T) {
				term := &terminal{columns: 60, rows: 24}
				out := io.Writer(term)
				if hide {
					out = struct{ io.Writer }{term}
				}
				d, x := chain(t)
				require.NoError(t, watch(t, d, x, out))
				golden(t, "lines.txt", term.raw.String())
			})
		})
	}
}

func TestColours(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for value, coloured := range map[string]bool{"": true, "1": false, "0": false} {
		t.Run("NO_COLOR="+value, func(t *testing.T) {
			t.Setenv("NO_COLOR", value)
			synctest.Test(t, func(t *testing.T) {
				term := &terminal{columns: 60, rows: 24}
				d, x := night(t)
				require.NoError(t, watch(t, d, x, term))
				for _, sequence := range []string{"\x1b[32m✔\x1b[0m", "\x1b[31m✖\x1b[0m", "\x1b[36m●\x1b[0m"} {
					assert.Equal(t, coloured, strings.Contains(term.raw.String(), sequence))
				}
				assert.NotContains(t, term.raw.String(), "\x1b[31mnot", "a message must not speak to the terminal")
			})
		})
	}
}

type full struct{ terminal }

var errFull = errors.New("disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorOfTheWriter(t *testing.T) {
	t.Setenv("TERM", "xterm")
	synctest.Test(t, func(t *testing.T) {
		d, x := night(t)
		require.ErrorIs(t, watch(t, d, x, &full{terminal{columns: 60, rows: 24}}), errFull)
		d, x = night(t)
		require.ErrorIs(t, watch(t, d, x, struct{ io.Writer }{full{}}), errFull)
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Setenv("TERM", "xterm")
	synctest.Test(t, func(t *testing.T) {
		wf, err := workflow.New("night-", work)
		require.NoError(t, err)
		x := fake.New(t).On("work", fake.Succeed().Taking(time.Hour))
		run, err := workflow.NewRunner(x).Start(t.Context(), wf)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		require.NoError(t, progress.Watch(ctx, run, &terminal{columns: 60, rows: 24}))
		require.NoError(t, progress.Watch(ctx, run, io.Discard))
		assert.Equal(t, time.Minute, time.Since(began))
		assert.True(t, run.Node("").Finished.IsZero())
		require.NoError(t, run.Wait(t.Context()))
	})
}
