package workflow_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// given is what a node was given.
type given struct {
	ID   int           `json:"id,omitempty"`
	Name string        `json:"name,omitempty"`
	Wait time.Duration `json:"wait,omitempty"`
}

const (
	givenID   = workflow.Param[int]("id")
	givenName = workflow.Param[string]("name")
	givenWait = workflow.Param[time.Duration]("wait")
)

// recorder is a template that notes what its nodes are given.
func recorder() (workflow.Template, func() []given) {
	var mu sync.Mutex
	var all []given
	t := workflow.Func("record", func(_ context.Context, in given) (given, error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, in)
		return in, nil
	})
	return t, func() []given {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestLoops(t *testing.T) {
	const (
		jobs    = workflow.Param[[]Job]("jobs")
		jobID   = workflow.Field[int]("id")
		jobName = workflow.Field[string]("name")
	)
	var lines workflow.Result[[]string]
	for _, tt := range []struct {
		name  string
		build func(d *dag.DAG, record workflow.Template)
		want  []given
	}{
		{"items", func(d *dag.DAG, record workflow.Template) {
			d.Task("A", record, givenName.Each(workflow.Items(`"}}`, "b", "1")))
		}, []given{{Name: `"}}`}, {Name: "1"}, {Name: "b"}}},
		{"durations", func(d *dag.DAG, record workflow.Template) {
			d.Task("A", record, givenWait.Each(workflow.Items(1, 2*time.Nanosecond)))
		}, []given{{Wait: 1}, {Wait: 2}}},
		{"no items", func(d *dag.DAG, record workflow.Template) {
			d.Task("A", record, givenID.Each(workflow.Items[int]()))
		}, nil},
		{"a sequence", func(d *dag.DAG, record workflow.Template) {
			d.Task("A", record, givenID.Each(workflow.Sequence(3, 1)))
		}, []given{{ID: 1}, {ID: 2}, {ID: 3}}},
		{"a sequence as a value", func(d *dag.DAG, record workflow.Template) {
			inner := dag.New("inner").Inputs(workflow.Param[[]int]("list"))
			inner.Task("A", record, givenID.Each(workflow.Param[[]int]("list")))
			d.Task("A", inner, workflow.Param[[]int]("list").From(workflow.Sequence(2, 1)))
		}, []given{{ID: 1}, {ID: 2}}},
		{"fields, and a condition", func(d *dag.DAG, record workflow.Template) {
			inner := dag.New("inner").Inputs(jobs)
			job := workflow.Each(jobs)
			inner.Task("A", record, givenID.From(jobID.Of(job)), givenName.From(workflow.Textf("<%s>", jobName.Of(job)))).Each(job).
				When(workflow.Less(jobID.Of(job), 3).And(jobName.Of(job).IsNot("b && b")))
			d.Task("A", inner, jobs.Set([]Job{{ID: 1, Name: "a"}, {ID: 2, Name: "b && b"}, {ID: 3, Name: "c"}}))
		}, []given{{ID: 1, Name: "<a>"}}},
		{"what a task gave", func(d *dag.DAG, record workflow.Template) {
			a := d.Task("lines", workflow.Container("lines", "busybox").Outputs(lines))
			d.Task("A", record, givenName.Each(lines.Of(a)))
		}, []given{{Name: "x"}, {Name: "y"}}},
		{"all of a loop, each of it", func(d *dag.DAG, record workflow.Template) {
			a := d.Task("A", record, givenID.Each(workflow.Items(1, 2)))
			d.Task("B", record, givenID.Each(workflow.Output[int]("id").All(a)), givenName.Set("again"))
		}, []given{{ID: 1}, {ID: 1, Name: "again"}, {ID: 2}, {ID: 2, Name: "again"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record, all := recorder()
			d := dag.New("main")
			tt.build(d, record)
			wf, err := workflow.New("x-", d)
			require.NoError(t, err)
			x := fake.New(t)
			if tt.name == "what a task gave" {
				x.On("lines", fake.Succeed(lines.Set([]string{"y", "x"})))
			}
			_, err = wf.Run(t.Context(), x)
			require.NoError(t, err)
			assert.ElementsMatch(t, tt.want, all())
		})
	}
}

// A template may call itself, as long as a condition ends it.
func TestRecursionWithAnEnd(t *testing.T) {
	record, all := recorder()
	countdown := steps.New("countdown").Inputs(n)
	countdown.Step("record", record, givenID.From(n))
	countdown.Step("again", countdown, n.From(workflow.Eval[int]("asInt(inputs.parameters.n) - 1"))).When(n.IsNot(1))
	_, err := workflow.Must(workflow.New("x-", countdown, n.Set(4))).Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	assert.ElementsMatch(t, []given{{ID: 4}, {ID: 3}, {ID: 2}, {ID: 1}}, all())
}

// A value goes into a document as a value, whatever is in it.
func TestJSONOfHostileTexts(t *testing.T) {
	for _, text := range hostileTexts {
		if strings.Contains(text, "{{") { // which a program that sets it means as a tag
			continue
		}
		var got string
		require.NoError(t, json.Unmarshal([]byte(evaluate(t, workflow.JSON(message), text).(string)), &got))
		assert.Equal(t, text, got)
	}
}

func TestOutputsOfBranches(t *testing.T) {
	for value, want := range map[string]struct{ pick, or int }{"main": {1, 9}, "other": {2, 2}} {
		t.Run(value, func(t *testing.T) {
			const pick, or, is = workflow.Output[int]("pick"), workflow.Output[int]("or"), workflow.Output[bool]("is")
			const left, right = workflow.Global[int]("left"), workflow.Global[int]("right")
			src := workflow.Container("src", "busybox").Outputs(rows.File("/rows").Global(left))
			srcRight := workflow.Container("src-right", "busybox").Outputs(rows.File("/rows").Global(right))
			d := dag.New("main").Inputs(message)
			a := d.Task("a", src).When(message.Is("main"))
			b := d.Task("b", srcRight).When(message.IsNot("main"))
			chosen := workflow.If(message.Is("main"), rows.Of(a), rows.Of(b))
			d.Task("taken", numTemplate(), n.From(chosen))
			d.Task("or", numTemplate(), n.From(rows.Of(b).Or(9)))
			d.Task("neither", numTemplate(), n.From(workflow.If(message.Is("x"), rows.Of(a), rows.Of(b)).Or(7)))
			d.Outputs(pick.From(chosen), or.From(rows.Of(b).Or(9)), is.Expr(`inputs.parameters.message == "main"`))
			wf := workflow.Must(workflow.New("x-", d))
			run, err := wf.Run(t.Context(), fake.New(t).
				On("a", fake.Succeed(rows.Set(1)).Optional()).On("b", fake.Succeed(rows.Set(2)).Optional()), message.Set(value))
			require.NoError(t, err)
			for node, want := range map[string]int{"taken": want.pick, "or": want.or, "neither": map[bool]int{true: 7, false: 2}[value == "main"]} {
				got, err := n.Get(run.Node(node))
				require.NoError(t, err)
				assert.Equal(t, want, got, node)
			}
			got, err := pick.Get(run)
			require.NoError(t, err)
			assert.Equal(t, want.pick, got)
			got, err = or.Get(run)
			require.NoError(t, err)
			assert.Equal(t, want.or, got)
			main, err := is.Get(run)
			require.NoError(t, err)
			assert.Equal(t, value == "main", main)
		})
	}
}

func TestGlobalOutput(t *testing.T) {
	const total = workflow.Global[int]("total")
	inner := dag.New("inner")
	inner.Task("src", workflow.Container("src", "busybox").Outputs(rows.File("/rows").Global(total)))
	d := dag.New("main")
	in := d.Task("in", inner)
	d.Task("use", numTemplate(), n.From(total)).Dependencies(in).When(total.Is(5))
	run, err := workflow.Must(workflow.New("x-", d)).Run(t.Context(), fake.New(t).On("src", fake.Succeed(rows.Set(5))))
	require.NoError(t, err)
	got, err := n.Get(run.Node("use"))
	require.NoError(t, err)
	assert.Equal(t, 5, got)
}

func TestHooks(t *testing.T) {
	record, all := recorder()
	src := srcTemplate()
	d := dag.New("main")
	a := d.Task("a", src)
	a.OnExit(record, givenID.From(rows.Of(a)), givenName.Set("exit")).
		Hook("late", workflow.NodePhase.Of(a).Is(workflow.Succeeded), record, givenName.Set("late")).
		Hook("never", workflow.NodePhase.Of(a).Is(workflow.Failed), record, givenName.Set("never"))
	end := workflow.OnExit(record, givenName.From(workflow.Textf("ended %s", workflow.Status)))
	run, err := workflow.Must(workflow.New("x-", d, end)).Run(t.Context(), fake.New(t).On("a", fake.Succeed(rows.Set(5))))
	require.NoError(t, err)
	assert.ElementsMatch(t, []given{{ID: 5, Name: "exit"}, {Name: "late"}, {Name: "ended Succeeded"}}, all())
	assert.Equal(t, workflow.Succeeded, run.Phase())
}

func TestSuspendIsToldItsOutputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const approved, reason = workflow.Output[bool]("approved"), workflow.Output[string]("reason")
		approval := workflow.Suspend("approval").Outputs(approved.Supplied(), reason.Supplied().Default("none"))
		d := dag.New("main")
		ask := d.Task("ask", approval)
		d.Task("go", echoTemplate(), message.From(reason.Of(ask))).When(approved.Of(ask).Is(true))
		d.Task("wait", workflow.Suspend("wait").For(time.Minute))
		r := workflow.NewRunner(fake.New(t))
		defer r.Close()
		start := time.Now()
		run, err := r.Start(t.Context(), workflow.Must(workflow.New("x-", d)))
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, run.Resume(t.Context(), "ask", approved.Set(true)))
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, time.Minute, time.Since(start))
		got, err := message.Get(run.Node("go"))
		require.NoError(t, err)
		assert.Equal(t, "none", got)
	})
}

func TestRetryUnlessItIsHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := workflow.Container("c", "busybox").Retry(workflow.Retry{
			Limit: workflow.Unlimited, Backoff: workflow.Backoff{Duration: time.Second},
			Expression: workflow.LastExitCode.IsNot(2),
		})
		start := time.Now()
		run, err := workflow.Must(workflow.New("x-", c)).Run(t.Context(), fake.New(t).On("c", fake.Fail(1, ""), fake.Fail(1, ""), fake.Fail(2, "")))
		require.Error(t, err)
		assert.Equal(t, 3, run.Node("").Attempts)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

// A function may be called by tasks with different timeouts.
func TestTimeoutOfATask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := workflow.Func("slow", func(ctx context.Context, _ struct{}) (struct{}, error) {
			select {
			case <-time.After(time.Hour):
				return struct{}{}, nil
			case <-ctx.Done():
				return struct{}{}, context.Cause(ctx)
			}
		})
		d := dag.New("main").FailFast(false)
		d.Task("whole", slow)
		d.Task("short", slow).Timeout(1500 * time.Millisecond)
		d.Task("long", slow).Timeout(2 * time.Hour)
		start := time.Now()
		run, err := workflow.Must(workflow.New("x-", d)).Run(t.Context(), fake.New(t))
		require.Error(t, err)
		assert.Equal(t, time.Hour, time.Since(start))
		for node, want := range map[string]workflow.Phase{"whole": workflow.Succeeded, "long": workflow.Succeeded} {
			assert.Equal(t, want, run.Node(node).Phase, node)
		}
		assert.True(t, run.Node("short").Phase.FailedOrErrored())
		assert.Equal(t, 1500*time.Millisecond, run.Node("short").Finished.Sub(start))
	})
}

func TestTargets(t *testing.T) {
	src := workflow.Container("src", "busybox")
	d := dag.New("main")
	a, b := d.Task("a", src), d.Task("b", src)
	d.Task("c", src).Dependencies(b)
	d.Target(d.Task("d", src).Dependencies(a), b)
	x := fake.New(t)
	run, err := workflow.Must(workflow.New("x-", d)).Run(t.Context(), x)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"a", "b", "d"}, x.Paths())
	assert.Nil(t, run.Node("c"))
}
