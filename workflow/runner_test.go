package workflow_test

import (
	"context"
	"errors"
	"slices"
	"sync"
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
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// stub is an executor with every ability, each a function that a test sets; a nil one does nothing and succeeds.
type stub struct {
	execute func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error)
	check   func() error
	begin   func() error
	end     func(spec.Phase) error
	release func(*executor.Task) error

	mu    sync.Mutex
	calls []string
}

func (x *stub) note(call string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls = append(x.calls, call)
}

func (x *stub) said() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.calls)
}

func (x *stub) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	x.note("execute " + t.Path)
	if x.execute == nil {
		return executor.Result{}, nil
	}
	return x.execute(ctx, t, notify)
}

func (x *stub) Check(*spec.Workflow, []executor.Leaf) error {
	x.note("check")
	if x.check == nil {
		return nil
	}
	return x.check()
}

func (x *stub) BeginRun(context.Context, *executor.Run) error {
	x.note("begin")
	if x.begin == nil {
		return nil
	}
	return x.begin()
}

func (x *stub) EndRun(_ context.Context, _ *executor.Run, p spec.Phase) error {
	x.note("end " + string(p))
	if x.end == nil {
		return nil
	}
	return x.end(p)
}

func (x *stub) Release(_ context.Context, t *executor.Task) error {
	x.note("release " + t.Path)
	if x.release == nil {
		return nil
	}
	return x.release(t)
}

// block is an Execute that waits for the end of its context.
func block(ctx context.Context, _ *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	<-ctx.Done()
	return executor.Result{}, context.Cause(ctx)
}

// failing is a journal of which one method fails.
type failing struct {
	journal.Journal
	append, end error
}

func (j failing) Append(ctx context.Context, run string, r []journal.Record) error {
	if j.append != nil {
		return j.append
	}
	return j.Journal.Append(ctx, run, r)
}

func (j failing) End(ctx context.Context, run string, p spec.Phase) error {
	if j.end != nil {
		return j.end
	}
	return j.Journal.End(ctx, run, p)
}

var errOops = errors.New("oops")

// chain is a dag of tasks that each wait for the one before.
func chain(t *testing.T, names ...string) *workflow.Workflow {
	d := dag.New("main")
	var last *dag.Task
	for _, n := range names {
		k := d.Task(n, workflow.Container("c", "alpine:3.23"))
		if last != nil {
			k.Dependencies(last)
		}
		last = k
	}
	wf, err := workflow.New("chain-", d)
	require.NoError(t, err)
	return wf
}

func TestOrderOfCalls(t *testing.T) {
	j := journal.NewMemory()
	x := &stub{}
	x.release = func(task *executor.Task) error {
		rec, err := j.Read(t.Context(), "r")
		require.NoError(t, err)
		assert.True(t, slices.ContainsFunc(rec.Records, func(r journal.Record) bool { return r.ID == task.ID }), "released before it was recorded")
		return nil
	}
	r := workflow.NewRunner(x, workflow.WithJournal(j))
	defer r.Close()
	run, err := r.Start(t.Context(), chain(t, "A", "B"), workflow.RunName("r"))
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	calls := slices.DeleteFunc(x.said(), func(s string) bool { return s == "release A" || s == "release B" })
	assert.Equal(t, []string{"check", "begin", "execute A", "execute B", "end Succeeded"}, calls)
	assert.Len(t, x.said(), 7, "each is released once")
}

func TestBeginRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		x    *stub
		want []string
	}{
		"check": {&stub{check: func() error { return errOops }}, []string{"check"}},
		"begin": {&stub{begin: func() error { return errOops }}, []string{"check", "begin"}},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := chain(t, "A").Run(t.Context(), tt.x)
			assert.Nil(t, run)
			assert.ErrorIs(t, err, errOops)
			assert.Equal(t, tt.want, tt.x.said())
		})
	}
	t.Run("a panic frees the name", func(t *testing.T) {
		x := &stub{begin: func() error { panic("oops") }}
		r := workflow.NewRunner(x)
		wf := chain(t, "A")
		assert.Panics(t, func() { _, _ = r.Start(t.Context(), wf, workflow.RunName("r")) })
		x.begin = nil
		run, err := r.Start(t.Context(), wf, workflow.RunName("r"))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		require.NoError(t, r.Close())
	})
}

func TestStartMistakes(t *testing.T) {
	one := workflow.Container("one", "a").Inputs(message.Enum("a", "b"), n.Default(1))
	wf, err := workflow.New("one-", one, message.Set("a"))
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		x    executor.Executor
		wf   *workflow.Workflow
		opts []workflow.RunOption
		want string
	}{
		"no executor":      {nil, wf, nil, "the runner has no executor"},
		"nil executor":     {(*fake.Executor)(nil), wf, nil, "the runner has no executor"},
		"no workflow":      {&stub{}, nil, nil, "the workflow is nil, or one that New did not make"},
		"zero workflow":    {&stub{}, &workflow.Workflow{}, nil, "the workflow is nil, or one that New did not make"},
		"no such argument": {&stub{}, wf, []workflow.RunOption{mesage.Set("x")}, `arguments.parameters[mesage]: the workflow has no parameter "mesage"; did you mean "message"?`},
		"enum":             {&stub{}, wf, []workflow.RunOption{message.Set("c")}, `arguments.parameters[message]: the value "c" is not one of the enum`},
		"type":             {&stub{}, wf, []workflow.RunOption{msgInt.Set(1), n.Set(2), n.Set(2)}, "arguments.parameters[message]: the value \"1\" is not one of the enum\narguments.parameters[n]: is given twice"},
		"run name":         {&stub{}, wf, []workflow.RunOption{workflow.RunName("Bad")}, `run name "Bad" must be lower-case letters, digits, - and ., and begin and end with a letter or digit`},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := tt.wf.Run(t.Context(), tt.x, tt.opts...)
			assert.Nil(t, run)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestArguments(t *testing.T) {
	one := workflow.Container("one", "a").Inputs(message, n.Default(1)).Command("echo", message.Ref())
	wf, err := workflow.New("one-", one, message.Set("hello"))
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), &stub{}, n.Set(7), nil) // n is no argument of New
	require.NoError(t, err)
	v, err := n.Get(run.Node(""))
	require.NoError(t, err)
	assert.Equal(t, 7, v)
	assert.Len(t, run.Workflow().Spec.Arguments.Parameters, 2)
	assert.Len(t, wf.Spec().Spec.Arguments.Parameters, 1, "the workflow does not change")

	other, err := wf.WithArguments(message.Set("bye"), n.Set(2))
	require.NoError(t, err)
	for w, want := range map[*workflow.Workflow]string{wf: "hello", other: "bye"} {
		v, err := message.Get(w)
		require.NoError(t, err)
		assert.Equal(t, want, v)
	}
	_, err = wf.WithArguments(mesage.Set("x"))
	assert.EqualError(t, err, `arguments.parameters[mesage]: the workflow has no parameter "mesage"; did you mean "message"?`)
}

func TestStartAttaches(t *testing.T) {
	gate := make(chan struct{})
	x := &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
		<-gate
		return executor.Result{}, nil
	}}
	r := workflow.NewRunner(x)
	wf, err := workflow.New("one-", workflow.Container("one", "a").Inputs(message, n), message.Set("x"), n.Set(1))
	require.NoError(t, err)
	first, err := r.Start(t.Context(), wf, workflow.RunName("r"), message.Set("x"), n.Set(1))
	require.NoError(t, err)
	second, err := r.Start(t.Context(), wf, workflow.RunName("r"), n.Set(1), message.Set("x"))
	require.NoError(t, err)
	assert.Equal(t, first.UID(), second.UID())

	for _, arg := range []workflow.Argument{message.Set("y"), n.Set(2)} {
		_, err = r.Start(t.Context(), wf, workflow.RunName("r"), arg)
		exists, ok := errors.AsType[*workflow.RunExistsError](err)
		require.True(t, ok)
		assert.Equal(t, "r", exists.Name)
	}
	_, err = r.Start(t.Context(), chain(t, "A"), workflow.RunName("r"))
	assert.EqualError(t, err, `run "r" exists, with another workflow or other arguments`)

	other, err := r.Start(t.Context(), wf)
	require.NoError(t, err)
	assert.Regexp(t, `^one-[a-z0-9]{5}$`, other.Name())
	assert.Equal(t, first.UID(), r.Get("r").UID())
	assert.Nil(t, r.Get("nobody"))
	var names []string
	for run := range r.List() {
		names = append(names, run.Name())
	}
	assert.Equal(t, []string{"r", other.Name()}, names)
	close(gate)
	require.NoError(t, first.Wait(t.Context()))
	require.NoError(t, r.Close())
	_, err = r.Start(t.Context(), wf)
	assert.ErrorIs(t, err, workflow.ErrClosed)
}

func TestJournalFails(t *testing.T) {
	t.Run("append", func(t *testing.T) {
		x := &stub{}
		r := workflow.NewRunner(x, workflow.WithJournal(failing{Journal: journal.NewMemory(), append: errOops}))
		run, err := r.Start(t.Context(), chain(t, "A", "B"))
		require.NoError(t, err)
		err = run.Wait(t.Context())
		assert.ErrorIs(t, err, errOops)
		assert.Equal(t, workflow.Failed, run.Phase())
		assert.Nil(t, run.Node("B"), "nothing acts on an end that is not recorded")
		assert.NotContains(t, x.said(), "release A")
	})
	t.Run("append of the only node", func(t *testing.T) {
		r := workflow.NewRunner(&stub{}, workflow.WithJournal(failing{Journal: journal.NewMemory(), append: errOops}))
		run, err := r.Start(t.Context(), workflow.Must(workflow.New("x-", workflow.Container("c", "a"))))
		require.NoError(t, err)
		assert.ErrorIs(t, run.Wait(t.Context()), errOops)
	})
	t.Run("end", func(t *testing.T) {
		r := workflow.NewRunner(&stub{}, workflow.WithJournal(failing{Journal: journal.NewMemory(), end: errOops}))
		run, err := r.Start(t.Context(), chain(t, "A"))
		require.NoError(t, err)
		err = run.Wait(t.Context())
		assert.ErrorIs(t, err, errOops)
		failed, ok := errors.AsType[*workflow.RunError](err)
		require.True(t, ok)
		assert.Equal(t, workflow.Succeeded, failed.Phase)
	})
}

func TestExecutorPanics(t *testing.T) {
	t.Run("execute", func(t *testing.T) {
		x := &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) { panic(errOops) }}
		run, err := chain(t, "A", "B").Run(t.Context(), x)
		assert.ErrorIs(t, err, errOops)
		assert.Equal(t, workflow.Errored, run.Node("A").Phase)
		assert.Contains(t, run.Node("A").Message, "runner_test.go", "the stack")
		assert.Equal(t, workflow.Omitted, run.Node("B").Phase)
	})
	t.Run("end and release", func(t *testing.T) {
		x := &stub{
			end:     func(spec.Phase) error { panic("end") },
			release: func(*executor.Task) error { panic("release") },
		}
		run, err := chain(t, "A").Run(t.Context(), x)
		assert.ErrorContains(t, err, "panic: end")
		assert.ErrorContains(t, err, "panic: release")
		assert.Equal(t, workflow.Succeeded, run.Phase())
	})
}

func TestCancel(t *testing.T) {
	cause := errors.New("enough")
	for name, cancel := range map[string]func(ctx context.Context, stop context.CancelCauseFunc, run *workflow.Run){
		"ctx":    func(_ context.Context, stop context.CancelCauseFunc, _ *workflow.Run) { stop(cause) },
		"Cancel": func(_ context.Context, _ context.CancelCauseFunc, run *workflow.Run) { run.Cancel(cause) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			x := &stub{execute: block}
			r := workflow.NewRunner(x)
			defer r.Close()
			run, err := r.Start(ctx, chain(t, "A", "B"))
			require.NoError(t, err)
			if name == "ctx" { // Start's ctx bounds the starting only
				stop(cause)
				assert.ErrorIs(t, run.Wait(ctx), cause)
				assert.Equal(t, workflow.Pending, run.Node("A").Phase)
				run.Cancel(cause)
			} else {
				cancel(ctx, stop, run)
			}
			err = run.Wait(t.Context())
			assert.ErrorIs(t, err, cause)
			assert.Equal(t, "run "+run.Name()+": Failed: A: terminated: enough", err.Error())
			assert.Equal(t, workflow.Failed, run.Node("A").Phase)
			assert.Nil(t, run.Node("B"))
			assert.Equal(t, workflow.Failed, run.Phase())
			assert.Contains(t, x.said(), "end Failed")
		})
	}
	t.Run("the ctx of Run", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		x := &stub{execute: func(ctx context.Context, k *executor.Task, f func(executor.Update)) (executor.Result, error) {
			stop()
			return block(ctx, k, f)
		}}
		run, err := chain(t, "A", "B").Run(ctx, x)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "terminated: context canceled", run.Node("A").Message)
	})
	t.Run("without a cause", func(t *testing.T) {
		run, err := workflow.NewRunner(&stub{execute: block}).Start(t.Context(), chain(t, "A"))
		require.NoError(t, err)
		run.Cancel(nil)
		assert.ErrorIs(t, run.Wait(t.Context()), context.Canceled)
		run.Cancel(errOops) // too late
		assert.NotErrorIs(t, run.Wait(t.Context()), errOops)
	})
}

// What ended does not run again, what was at work when the runner was closed runs on as the attempt that it was.
func TestRecover(t *testing.T) {
	price := func(name string) *workflow.Workflow {
		f := workflow.Func(name, double)
		s := steps.New("main")
		a := s.Step("a", srcTemplate())
		s.Step("b", f, workflow.Param[int]("N").From(rows.Of(a)))
		s.Step("c", workflow.Container("c", "a"))
		return workflow.Must(workflow.New("r", s))
	}
	wf := price("f")
	j := journal.NewMemory()
	began := make(chan struct{})
	var atWork, adopted executor.ID
	first := &stub{}
	first.execute = func(ctx context.Context, k *executor.Task, f func(executor.Update)) (executor.Result, error) {
		switch k.Name {
		case "a":
			return executor.Result{Outputs: []executor.Value{{Name: "rows", Value: "4"}}}, nil
		case "b":
			return k.Call(ctx)
		}
		atWork = k.ID
		close(began)
		return block(ctx, k, f)
	}
	r := workflow.NewRunner(first, workflow.WithJournal(j))
	run, err := r.Start(t.Context(), wf)
	require.NoError(t, err)
	<-began
	require.NoError(t, r.Close())
	assert.ErrorIs(t, run.Wait(t.Context()), workflow.ErrDetached)
	assert.Equal(t, workflow.Running, run.Phase(), "it goes on")
	assert.NotContains(t, first.said(), "end Failed")
	assert.NotContains(t, first.said(), "release [2].c")

	second := &stub{execute: func(_ context.Context, k *executor.Task, _ func(executor.Update)) (executor.Result, error) {
		adopted = k.ID
		return executor.Result{}, nil
	}}
	r = workflow.NewRunner(second, workflow.WithJournal(j))
	runs, err := r.Recover(t.Context())
	assert.Empty(t, runs)
	v, ok := errors.AsType[*workflow.VersionError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "r", v.Run)
	_, err = r.Recover(t.Context(), price("g"))
	assert.EqualError(t, err, `run "r" was begun by another version of the program: templates[f].plugin: needs the Go function "f", which this program does not have; did you mean "g"?`)
	changed := workflow.Func("f", func(_ context.Context, in struct{ N, K int }) (funcOut, error) { return funcOut{in.K}, nil })
	_, err = r.Recover(t.Context(), nil, workflow.Must(workflow.New("x-", changed, workflow.Param[int]("N").Set(1), workflow.Param[int]("K").Set(1))))
	assert.EqualError(t, err, `run "r" was begun by another version of the program: templates[f].plugin: was func(N int) (M int) and is func(N int, K int) (M int)`)
	assert.Empty(t, second.said(), "nothing acted")

	runs, err = r.Recover(t.Context(), wf)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.NoError(t, runs[0].Wait(t.Context()))
	assert.Equal(t, run.UID(), runs[0].UID())
	var executed []string
	for _, s := range second.said() {
		if s == "execute [0].a" || s == "execute [1].b" || s == "execute [2].c" {
			executed = append(executed, s)
		}
	}
	assert.Equal(t, []string{"execute [2].c"}, executed, "what ended does not run again")
	assert.Equal(t, atWork, adopted, "the same attempt goes on")
	m, err := workflow.Output[int]("M").Get(runs[0].Node("[1].b"))
	require.NoError(t, err)
	assert.Equal(t, 8, m)
	require.NoError(t, r.Close())

	third := &stub{}
	r = workflow.NewRunner(third, workflow.WithJournal(j))
	runs, err = r.Recover(t.Context(), wf)
	require.NoError(t, err)
	assert.Empty(t, runs, "it is over")
	run, err = r.Start(t.Context(), wf) // of the same name: shown as it ended
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	assert.Equal(t, []string{"check"}, third.said())
}

func TestLost(t *testing.T) {
	lost := func(reason string, once bool) error {
		return &executor.LostError{Reason: reason, Once: once, Err: errOops}
	}
	for name, tt := range map[string]struct {
		ends     []error
		attempts int
		phase    workflow.Phase
		took     time.Duration
	}{
		"once, then well":       {[]error{lost("NodeLost", false), nil}, 2, workflow.Succeeded, time.Second},
		"as often as it may":    {[]error{lost("L", false), lost("L", false), lost("L", false), lost("L", false), lost("L", false), nil}, 6, workflow.Succeeded, (1 + 2 + 4 + 8 + 16) * time.Second},
		"too often":             {[]error{lost("L", false), lost("L", false), lost("L", false), lost("L", false), lost("L", false), lost("L", false)}, 6, workflow.Errored, (1 + 2 + 4 + 8 + 16) * time.Second},
		"once only":             {[]error{lost("Evicted", true), lost("Evicted", true)}, 2, workflow.Errored, time.Second},
		"once for each reason":  {[]error{lost("NodeLost", false), lost("Evicted", true), nil}, 3, workflow.Succeeded, 3 * time.Second},
		"another kind of error": {[]error{errOops}, 1, workflow.Errored, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts []int
				x := &stub{execute: func(_ context.Context, k *executor.Task, notify func(executor.Update)) (executor.Result, error) {
					attempts = append(attempts, k.ID.Attempt)
					notify(executor.Update{Phase: spec.Running, PodName: k.ID.String()})
					return executor.Result{}, tt.ends[k.ID.Attempt]
				}}
				begin := time.Now()
				run, err := chain(t, "A").Run(t.Context(), x)
				assert.Equal(t, tt.took, time.Since(begin))
				a := run.Node("A")
				assert.Equal(t, tt.phase, a.Phase)
				assert.Equal(t, tt.attempts, a.Attempts)
				assert.Len(t, attempts, tt.attempts)
				if tt.phase == workflow.Errored {
					assert.ErrorIs(t, err, errOops)
					failed, ok := errors.AsType[*workflow.NodeError](err)
					require.True(t, ok)
					assert.Equal(t, tt.attempts, failed.Attempts)
				}
				seen := 0
				for e := range run.Events(t.Context()) {
					if e.Node.Path == "A" && e.Node.Phase == workflow.Running {
						seen++
						assert.Equal(t, seen, e.Node.Attempts, "the attempt at the time of the event")
					}
				}
				assert.Equal(t, tt.attempts, seen)
			})
		})
	}
	t.Run("cancelled while it waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			x := &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
				return executor.Result{}, lost("L", false)
			}}
			run, err := workflow.NewRunner(x).Start(t.Context(), chain(t, "A"))
			require.NoError(t, err)
			synctest.Wait()
			run.Cancel(errOops)
			begin := time.Now()
			assert.ErrorIs(t, run.Wait(t.Context()), errOops)
			assert.Zero(t, time.Since(begin))
		})
	})
}

// What comes from an executor after Execute returned is of no account.
func TestLateUpdates(t *testing.T) {
	var late []func(executor.Update)
	x := &stub{execute: func(_ context.Context, _ *executor.Task, notify func(executor.Update)) (executor.Result, error) {
		late = append(late, notify)
		return executor.Result{}, nil
	}}
	run, err := chain(t, "A", "B").Run(t.Context(), x)
	require.NoError(t, err)
	for _, notify := range late {
		notify(executor.Update{Phase: spec.Running, Message: "still here", PodName: "p"})
	}
	assert.Equal(t, workflow.Succeeded, run.Node("A").Phase)
	assert.Empty(t, run.Node("A").Message)
}

func TestUpdates(t *testing.T) {
	x := &stub{execute: func(_ context.Context, _ *executor.Task, notify func(executor.Update)) (executor.Result, error) {
		notify(executor.Update{Phase: spec.Pending, Message: "ImagePullBackOff"})
		notify(executor.Update{Phase: spec.Pending, Message: "ImagePullBackOff"}) // nothing new
		notify(executor.Update{PodName: "p", HostNode: "h"})
		notify(executor.Update{Phase: spec.Running})
		return executor.Result{Message: "done"}, nil
	}}
	run, err := chain(t, "A").Run(t.Context(), x)
	require.NoError(t, err)
	var said []string
	for e := range run.Events(t.Context()) {
		if e.Node.Path == "A" {
			said = append(said, string(e.Node.Phase)+" "+e.Node.Message)
		}
	}
	assert.Equal(t, []string{"Pending ", "Pending ImagePullBackOff", "Running ", "Succeeded done"}, said)
	assert.Equal(t, "p", run.Node("A").Pod)
	assert.Equal(t, "h", run.Node("A").Host)
}

// Whoever starts a name at the same time as others gets the one run of it.
func TestStartAtOnce(t *testing.T) {
	wf, err := workflow.New("nightly", workflow.Container("echo", "busybox").Inputs(message), message.Set("x"))
	require.NoError(t, err)
	x := fake.New(t)
	r := workflow.NewRunner(x, workflow.WithJournal(journal.NewMemory()))
	defer r.Close()
	const callers = 20
	runs := make([]*workflow.Run, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			run, err := r.Start(t.Context(), wf)
			assert.NoError(t, err)
			runs[i] = run
		})
	}
	wg.Wait()
	require.NoError(t, runs[0].Wait(t.Context()))
	for _, run := range runs {
		assert.Same(t, runs[0], run)
	}
	assert.Len(t, x.Calls(), 1)
}
