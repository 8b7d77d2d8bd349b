package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
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
	"github.com/podflow/podflow/workflow/spec"
)

// gates is an executor whose nodes end when the test says so.
type gates struct {
	mu    sync.Mutex
	open  map[string]chan spec.Phase
	ready []string // since the test looked last
}

func (g *gates) Execute(ctx context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	g.mu.Lock()
	gate := make(chan spec.Phase)
	g.open[t.Path] = gate
	g.ready = append(g.ready, t.Path)
	g.mu.Unlock()
	select {
	case p := <-gate:
		if p == workflow.Errored {
			return executor.Result{}, errOops
		}
		return executor.Result{Phase: p}, nil
	case <-ctx.Done():
		return executor.Result{}, context.Cause(ctx)
	}
}

// end ends a node and gives what has become ready by it.
func (g *gates) end(path string, p spec.Phase) []string {
	if path != "" {
		g.open[path] <- p
	}
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	ready := g.ready
	g.ready = nil
	slices.Sort(ready)
	return ready
}

// graph is a dag made of lines such as "D: B C", each a task with its dependencies.
func graph(name string, target string, lines ...string) *dag.DAG {
	d := dag.New(name)
	tasks := map[string]*dag.Task{}
	for _, l := range lines {
		task, needs, _ := strings.Cut(l, ":")
		tasks[task] = d.Task(task, workflow.Container("c", "alpine:3.23"))
		for _, n := range strings.Fields(needs) {
			tasks[task].Dependencies(tasks[n])
		}
	}
	return d.With(func(t *spec.Template) { t.DAG.Target = target })
}

func TestOrder(t *testing.T) {
	diamond := []string{"A:", "B: A", "C: A", "D: B C"}
	nested := func() workflow.Template {
		s := steps.New("s")
		g := s.Group()
		g.Step("x", graph("d", "", "A:", "B: A"))
		g.Step("y", workflow.Container("c", "alpine:3.23"))
		s.Step("z", workflow.Container("c", "alpine:3.23"))
		return s
	}
	type end struct {
		path  string
		phase spec.Phase
		ready string
	}
	const ok, bad, worse = workflow.Succeeded, workflow.Failed, workflow.Errored
	for _, tt := range []struct {
		name  string
		entry workflow.Template
		ends  []end
		want  spec.Phase
		nodes string // that did not succeed
	}{
		{"diamond", graph("d", "", diamond...), []end{{"", "", "A"}, {"A", ok, "B C"}, {"C", ok, ""}, {"B", ok, "D"}, {"D", ok, ""}}, ok, ""},
		{"diamond whose B fails", graph("d", "", diamond...), []end{{"", "", "A"}, {"A", ok, "B C"}, {"B", bad, ""}, {"C", ok, ""}}, bad,
			"=Failed B=Failed D=Omitted"},
		{"diamond whose A errs", graph("d", "", diamond...), []end{{"", "", "A"}, {"A", worse, ""}}, worse,
			"=Error A=Error B=Omitted C=Omitted D=Omitted"},
		{"roots", graph("d", "", "A:", "B:", "C: A B", "D: B"), []end{{"", "", "A B"}, {"B", ok, "D"}, {"D", ok, ""}, {"A", ok, "C"}, {"C", ok, ""}}, ok, ""},
		{"a failure does not gate what is ready", graph("d", "", "A:", "B:", "C: B"), []end{{"", "", "A B"}, {"A", bad, ""}, {"B", ok, "C"}, {"C", ok, ""}}, bad, "=Failed A=Failed"},
		{"target", graph("d", "B", diamond...), []end{{"", "", "A"}, {"A", ok, "B"}, {"B", ok, ""}}, ok, ""},
		{"two targets", graph("d", "B C", diamond...), []end{{"", "", "A"}, {"A", ok, "B C"}, {"B", ok, ""}, {"C", bad, ""}}, bad, "=Failed C=Failed"},
		{"a target behind a failure", graph("d", "D", diamond...), []end{{"", "", "A"}, {"A", ok, "B C"}, {"B", worse, ""}, {"C", ok, ""}}, worse,
			"=Error B=Error D=Omitted"},
		{"steps", nested(), []end{{"", "", "[0].x.A [0].y"}, {"[0].y", ok, ""}, {"[0].x.A", ok, "[0].x.B"}, {"[0].x.B", ok, "[1].z"}, {"[1].z", ok, ""}}, ok, ""},
		{"steps whose group fails", nested(), []end{{"", "", "[0].x.A [0].y"}, {"[0].y", bad, ""}, {"[0].x.A", ok, "[0].x.B"}, {"[0].x.B", ok, ""}}, bad,
			"=Failed [0]=Failed [0].y=Failed"},
		{"steps are Failed, a dag in them keeps Error", nested(), []end{{"", "", "[0].x.A [0].y"}, {"[0].y", ok, ""}, {"[0].x.A", worse, ""}}, bad,
			"=Failed [0]=Failed [0].x=Error [0].x.A=Error [0].x.B=Omitted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wf, err := workflow.New("x-", tt.entry)
				require.NoError(t, err)
				x := &gates{open: map[string]chan spec.Phase{}}
				run, err := workflow.NewRunner(x).Start(t.Context(), wf)
				require.NoError(t, err)
				for _, e := range tt.ends {
					assert.Equal(t, e.ready, strings.Join(x.end(e.path, e.phase), " "), "after %s", e.path)
				}
				select {
				case <-done(run):
				default:
					t.Fatal("it has not ended")
				}
				assert.Equal(t, tt.want, run.Phase())
				var odd []string
				for n := range run.Nodes() {
					if n.Phase != ok {
						odd = append(odd, n.Path+"="+string(n.Phase))
					}
				}
				assert.Equal(t, tt.nodes, strings.Join(odd, " "))
			})
		})
	}
}

// done is closed once the run has ended.
func done(run *workflow.Run) <-chan struct{} {
	c := make(chan struct{})
	go func() {
		defer close(c)
		_ = run.Wait(context.Background())
	}()
	synctest.Wait()
	return c
}

func TestOutputs(t *testing.T) {
	total := workflow.Output[int]("total")
	inner := dag.New("inner").Inputs(n)
	a := inner.Task("a", workflow.Container("count", "a").Inputs(n).Outputs(rows.File("/rows")), n.Pass())
	inner.Outputs(total.From(rows.Of(a)), workflow.Output[int]("n").From(n))

	outer := steps.New("outer").Inputs(n)
	i := outer.Step("i", inner, n.Pass())
	say := outer.Step("say", echoTemplate(), message.From(workflow.Textf("%s of %s, 100%%", total.Of(i), workflow.Output[int]("n").Of(i))))
	outer.Step("again", echoTemplate(), message.From(stdout.Of(say)))
	outer.Outputs(total.From(total.Of(i)))

	wf, err := workflow.New("x-", outer, n.Set(2))
	require.NoError(t, err)
	x := fake.New(t).On("a", fake.Succeed(rows.Set(40))).On("say", fake.Succeed(stdout.Set(`"quoted" {{workflow.name}}`)))
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)

	got, err := total.Get(run)
	require.NoError(t, err)
	assert.Equal(t, 40, got)
	for path, want := range map[string]string{"[1].say": "40 of 2, 100%", "[2].again": `"quoted" {{workflow.name}}`} {
		v, err := message.Get(run.Node(path))
		require.NoError(t, err)
		assert.Equal(t, want, v)
	}
	_, err = total.Get(run.Node("[1].say"))
	assert.ErrorIs(t, err, workflow.ErrNoValue)
	_, err = workflow.Output[bool]("total").Get(run)
	assert.EqualError(t, err, `"total" is no bool: json: cannot unmarshal number into Go value of type bool`)
	_, err = message.Get(run.Node("nobody"))
	assert.ErrorIs(t, err, workflow.ErrNoValue)
}

func TestMissingOutputs(t *testing.T) {
	load := func(def string) *workflow.Workflow {
		wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: src}
      - name: B
        template: echo
        dependencies: [A]
        arguments: {parameters: [{name: m, value: "{{tasks.A.outputs.parameters.rows}}"}]}
  - name: src
    container: {image: a}
    outputs: {parameters: [{name: rows, valueFrom: {path: /rows` + def + `}}]}
  - name: echo
    inputs: {parameters: [{name: m}]}
    container: {image: a}
`))
		require.NoError(t, err)
		return wf
	}
	run, err := load("").Run(t.Context(), &stub{})
	assert.EqualError(t, err, "run w: Error: A: outputs.parameters.rows: it left no value, and there is no default")
	assert.Equal(t, workflow.Errored, run.Node("A").Phase)

	run, err = load(", default: none").Run(t.Context(), &stub{})
	require.NoError(t, err)
	m, err := workflow.Param[string]("m").Get(run.Node("B"))
	require.NoError(t, err)
	assert.Equal(t, "none", m)
}

func TestEnumOfWhatARunGives(t *testing.T) {
	d := dag.New("d")
	a := d.Task("A", srcTemplate())
	d.Task("B", workflow.Container("one", "a").Inputs(n.Enum(1, 2)), n.From(rows.Of(a)))
	wf, err := workflow.New("x", d)
	require.NoError(t, err)
	_, err = wf.Run(t.Context(), fake.New(t).On("A", fake.Succeed(rows.Set(2))))
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t).On("A", fake.Succeed(rows.Set(3))))
	assert.EqualError(t, err, `run x: Error: B: inputs.parameters.n: the value "3" is not one of its enum`)
	assert.Equal(t, workflow.Errored, run.Node("B").Phase)
}

func TestVariables(t *testing.T) {
	d := dag.New("d")
	a := d.Task("A", workflow.Container("c", "a").Command("{{node.name}}", "{{workflow.name}}", "{{ workflow.labels.team }}", "{{.Values}}", "{{workflow.parameters.n}}"))
	d.Task("B", echoTemplate(), message.Set("{{node.name}} {{tasks.A.status}} {{tasks.A.exitCode}} {{tasks.A.id}} {{workflow.uid}} {{workflow.mainEntrypoint}} {{workflow.creationTimestamp.s}}")).Dependencies(a)
	wf, err := workflow.New("x", d, n.Set(3), workflow.With(func(w *spec.Workflow) {
		w.Labels = map[string]string{"team": `"a"`}
		w.Spec.PodMetadata = &spec.Metadata{Labels: map[string]string{"{{workflow.name}}": "{{workflow.uid}}"}}
	}))
	require.NoError(t, err)
	x := fake.New(t)
	synctest.Test(t, func(t *testing.T) { // the year is 2000
		run, err := wf.Run(t.Context(), x)
		require.NoError(t, err)
		m, err := message.Get(run.Node("B"))
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("x Succeeded 0 %s %s d %d", run.Node("A").ID(), run.UID(), time.Now().Unix()), m)
		c, err := x.Calls()[0].Template()
		require.NoError(t, err)
		assert.Equal(t, []string{"x.A", "x", `"a"`, "{{.Values}}", "3"}, c.Container.Command)
		assert.Equal(t, map[string]string{"x": run.UID()}, run.Workflow().Spec.PodMetadata.Labels)
	})
}

type priceError struct{ rows int }

func (e priceError) Error() string { return fmt.Sprintf("rows: %d is negative", e.rows) }

func TestFuncs(t *testing.T) {
	type in struct {
		N    int           `json:"rows"`
		Wait time.Duration `json:"wait,omitempty"`
		Skip string        `json:"-"`
		_    int
	}
	type Out struct{ Price float64 }
	type out struct {
		Out
		Note string `json:"note"`
	}
	f := workflow.Func("price", func(_ context.Context, i in) (out, error) {
		switch {
		case i.N < 0:
			return out{}, priceError{i.N}
		case i.N == 1:
			panic("one")
		case i.N == 2:
			runtime.Goexit()
		}
		return out{Out{float64(i.N) / 4}, i.Wait.String()}, nil
	})
	input := workflow.Param[int]("rows")
	wf, err := workflow.New("x", f, input.Set(6))
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	price, err := workflow.Output[float64]("Price").Get(run)
	require.NoError(t, err)
	assert.InDelta(t, 1.5, price, 0)
	note, err := workflow.Output[string]("note").Get(run)
	require.NoError(t, err)
	assert.Equal(t, "0s", note)

	run, err = wf.Run(t.Context(), fake.New(t), input.Set(-1))
	assert.EqualError(t, err, "run x: Failed: price: rows: -1 is negative")
	e, ok := errors.AsType[priceError](err)
	require.True(t, ok)
	assert.Equal(t, -1, e.rows)
	assert.Equal(t, workflow.Failed, run.Phase())

	run, err = wf.Run(t.Context(), fake.New(t), input.Set(1))
	_, ok = errors.AsType[*executor.PanicError](err)
	assert.True(t, ok)
	assert.Equal(t, workflow.Errored, run.Phase())
	assert.Contains(t, run.Node("").Message, "run_test.go", "the stack")

	run, err = wf.Run(t.Context(), fake.New(t), input.Set(2))
	assert.ErrorIs(t, err, executor.ErrGoexit)
	assert.Equal(t, workflow.Errored, run.Phase())
}

// The error names what went wrong by itself, not what failed because of it.
func TestRunErrors(t *testing.T) {
	inner := graph("inner", "", "A:", "B:", "C: A")
	s := steps.New("s")
	s.Step("first", inner)
	s.Step("second", inner)
	wf, err := workflow.New("x", s)
	require.NoError(t, err)
	x := fake.New(t).On("A", fake.Fail(3, "no disk")).On("B", fake.Error(errOops))
	_, err = wf.Run(t.Context(), x)
	assert.EqualError(t, err, "run x: Failed\n  [0].first.A: no disk (exit code 3)\n  [0].first.B: oops")
	assert.ErrorIs(t, err, errOops)
	e, ok := errors.AsType[*workflow.RunError](err)
	require.True(t, ok)
	assert.Equal(t, "x", e.Run)
	assert.Regexp(t, `^child 'x-\d+' failed$`, e.Message)
	require.Len(t, e.Nodes, 2)
	assert.Equal(t, workflow.NodeError{Path: "[0].first.A", Template: "c", Message: "no disk", Phase: workflow.Failed, ExitCode: 3, Attempts: 1}, *e.Nodes[0])
	assert.Equal(t, -1, e.Nodes[1].ExitCode)

	d := dag.New("d")
	for i := range 12 {
		d.Task(fmt.Sprintf("t%d", i), workflow.Container("c", "a"))
	}
	wf, err = workflow.New("x", d)
	require.NoError(t, err)
	x2 := &stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
		return executor.Result{Phase: spec.Failed}, nil
	}}
	_, err = wf.Run(t.Context(), x2)
	assert.Equal(t, 10+2, strings.Count(err.Error(), "\n")+1)
	assert.True(t, strings.HasSuffix(err.Error(), "\n  and 2 more"))
}

// Builders are read, not kept, and a workflow may run many times at once.
func TestReuse(t *testing.T) {
	vars := []string{"one"}
	c := workflow.Container("c", "a").Command(vars...)
	edits := 0
	labels := map[string]string{"k": "v"}
	d := dag.New("d").With(func(t *spec.Template) { edits++; t.Metadata.Labels = labels })
	a := d.Task("A", c)
	first, err := workflow.New("x-", d)
	require.NoError(t, err)
	vars[0], labels["k"] = "changed", "changed"
	d.Task("B", c).Dependencies(a)
	c.Command("two").Env("A", "B")
	second, err := workflow.New("x-", d)
	require.NoError(t, err)
	assert.Equal(t, 2, edits)
	s := first.Spec()
	assert.Len(t, s.Spec.Templates[0].DAG.Tasks, 1)
	assert.Equal(t, "v", s.Spec.Templates[0].Metadata.Labels["k"])
	assert.Equal(t, []string{"one"}, s.Spec.Templates[1].Container.Command)
	s.Spec.Templates[1].Container.Command[0] = "changed"
	assert.Equal(t, []string{"one"}, first.Spec().Spec.Templates[1].Container.Command)
	assert.Equal(t, []string{"two"}, second.Spec().Spec.Templates[1].Container.Command)

	x := fake.New(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			run, err := second.Run(t.Context(), x)
			if assert.NoError(t, err) {
				assert.Equal(t, workflow.Succeeded, run.Node("B").Phase)
			}
		})
	}
	wg.Wait()
	assert.Len(t, x.Calls(), 40)
}

func TestEmptyGroup(t *testing.T) {
	s := steps.New("s")
	s.Step("a", workflow.Container("c", "a"))
	s.Group()
	s.Step("b", workflow.Container("c", "a"))
	wf, err := workflow.New("x", s)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	assert.Equal(t, workflow.Succeeded, run.Node("[2].b").Phase)
	assert.Len(t, run.Children(), 6)
}

func TestAllParameters(t *testing.T) {
	inner := dag.New("inner").Inputs(message, n)
	a := inner.Task("a", workflow.Container("src", "a").Outputs(rows.File("/rows"), other.File("/other")))
	inner.Task("b", echoTemplate(), message.Set("{{inputs.parameters}} {{tasks.a.outputs.parameters}}")).Dependencies(a)
	wf, err := workflow.New("x", inner, message.Set(`<"a">`), n.Set(1))
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t).On("a", fake.Succeed(rows.Set(2), other.Set(3))))
	require.NoError(t, err)
	m, err := message.Get(run.Node("b"))
	require.NoError(t, err)
	assert.Equal(t, `[{"name":"message","value":"<\"a\">"},{"name":"n","value":"1"}] [{"name":"rows","value":"2"},{"name":"other","value":"3"}]`, m)

	d := dag.New("d")
	a = d.Task("a", workflow.Container("c", "a"))
	d.Task("b", echoTemplate(), message.Set("{{tasks.a.outputs.parameters}}")).Dependencies(a)
	wf, err = workflow.New("x", d)
	require.NoError(t, err)
	run, err = wf.Run(t.Context(), &stub{})
	require.NoError(t, err)
	m, err = message.Get(run.Node("b"))
	require.NoError(t, err)
	assert.Equal(t, "[]", m)
}

// Values that are not there are the error of the node that was to get them, and named.
func TestNoValue(t *testing.T) {
	d := dag.New("d")
	a := d.Task("a", workflow.Container("c", "a"))
	for name, tag := range map[string]string{"b": "ip", "c": "hostNodeName"} {
		d.Task(name, echoTemplate(), message.Set("{{tasks.a."+tag+"}}")).Dependencies(a)
	}
	wf, err := workflow.New("x", d)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.Error(t, err)
	assert.Equal(t, workflow.Errored, run.Phase())
	assert.Equal(t, "inputs.parameters.message: {{tasks.a.ip}} has no value", run.Node("b").Message)
	assert.Equal(t, "inputs.parameters.message: {{tasks.a.hostNodeName}} has no value", run.Node("c").Message)
}

func TestStartWithAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOops)
	x := &stub{execute: block}
	run, err := chain(t, "A", "B").Run(ctx, x)
	assert.Nil(t, run)
	assert.ErrorIs(t, err, errOops)
	r := workflow.NewRunner(x)
	run, err = r.Start(ctx, chain(t, "A"), workflow.RunName("r"))
	assert.Nil(t, run)
	assert.ErrorIs(t, err, errOops)
	assert.Nil(t, r.Get("r"))
	assert.Empty(t, x.said())
}
