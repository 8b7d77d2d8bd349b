package fake_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow/spec"
)

// value is an output of a script.
type value struct{ name, text string }

func (v value) Output() (string, string) { return v.name, v.text }

// task is the first attempt of a container that has the outputs.
func task(path, name string, outputs ...spec.Parameter) *executor.Task {
	template := &spec.Template{Name: name + "-template", Container: &corev1.Container{}}
	template.Outputs.Parameters = outputs
	return &executor.Task{
		ID: executor.ID{Run: "uid", Node: "wf." + path}, Run: &executor.Run{Name: "wf", UID: "uid"},
		Path: path, Name: name, TemplateName: template.Name,
		Template: func() (*spec.Template, error) { return template, nil },
	}
}

func execute(x *fake.Executor, t *executor.Task) (executor.Result, error) {
	return x.Execute(context.Background(), t, func(executor.Update) {})
}

// message is how a task ended, in short.
func message(x *fake.Executor, t *executor.Task) string {
	res, err := execute(x, t)
	if err != nil {
		return err.Error()
	}
	if res.Phase == spec.Failed {
		return res.Message
	}
	return string(res.Phase)
}

func TestAttempts(t *testing.T) {
	again := func(t *executor.Task, attempt int) *executor.Task { t.ID.Attempt = attempt; return t }
	outcomes := []fake.Outcome{fake.Fail(1, "first"), fake.Error(errors.New("second")), fake.Fail(3, "rest")}
	for name, tasks := range map[string][]*executor.Task{
		"OfARetryStrategy":    {task("fetch(0)", "fetch"), task("fetch(1)", "fetch"), task("fetch(2)", "fetch"), task("fetch(3)", "fetch")},
		"AfterLosses":         {task("fetch", "fetch"), again(task("fetch", "fetch"), 1), again(task("fetch", "fetch"), 2), again(task("fetch", "fetch"), 3)},
		"OfARetriedDAG":       {task("api(0).fetch", "fetch"), task("api(1).fetch", "fetch"), task("api(2).fetch", "fetch"), task("api(3).fetch", "fetch")},
		"NamedWithTheAttempt": {task("fetch(0)", "fetch(0)"), task("fetch(1)", "fetch(1)"), task("fetch(2)", "fetch(2)"), task("fetch(3)", "fetch(3)")},
	} {
		t.Run(name, func(t *testing.T) {
			x := fake.New(t).On("fetch", outcomes...)
			var got []string
			for _, task := range tasks {
				got = append(got, message(x, task))
			}
			assert.Equal(t, []string{"first", "second", "rest", "rest"}, got)
		})
	}
	t.Run("EachChildOfALoopHasItsOwn", func(t *testing.T) {
		x := fake.New(t).On("map", fake.Fail(1, "first"), fake.Succeed())
		for _, path := range []string{"map(0:a.b)", "map(1:c)"} {
			assert.Equal(t, "first", message(x, task(path+"(0)", "map")))
			assert.Equal(t, "Succeeded", message(x, task(path+"(1)", "map")))
		}
	})
	t.Run("EachRunHasItsOwn", func(t *testing.T) {
		x := fake.New(t).On("A", fake.Fail(1, "first"), fake.Succeed())
		for _, run := range []string{"one", "two"} {
			for attempt, want := range []string{"first", "Succeeded"} {
				a := again(task("A", "A"), attempt)
				a.ID.Run = run
				assert.Equal(t, want, message(x, a))
			}
			require.NoError(t, x.EndRun(t.Context(), &executor.Run{UID: run}, spec.Succeeded))
		}
	})
}

func TestMostExactScriptWins(t *testing.T) {
	x := fake.New(t)
	for _, key := range []string{"map", "api.map", "api.map(0:x)", "api.map(0:x)(1)", "[1].heads", "root"} {
		x.On(key, fake.Fail(1, key))
	}
	for _, tc := range []struct{ path, name, want string }{
		{"map", "map", "map"},
		{"web.map(3:z)(0)", "map", "map"},
		{"api.map(7:y)(0)", "map", "api.map"},
		{"api(1).map(7:y)", "map", "api.map"},
		{"api.map(0:x)(0)", "map", "api.map(0:x)"},
		{"api.map(0:x)(1)", "map", "api.map(0:x)(1)"},
		{"[1].heads", "heads", "[1].heads"},
		{"[0].heads", "heads", "Succeeded"},
		{"", "root", "root"},
	} {
		t.Run(tc.path, func(t *testing.T) { assert.Equal(t, tc.want, message(x, task(tc.path, tc.name))) })
	}
}

func TestOutputs(t *testing.T) {
	def := spec.AnyString("none")
	rows := spec.Parameter{Name: "rows", ValueFrom: &spec.ValueFrom{Path: "/out/rows"}}
	note := spec.Parameter{Name: "note", ValueFrom: &spec.ValueFrom{Path: "/out/note", Default: &def}}
	declared := []spec.Parameter{rows, note}
	for name, tc := range map[string]struct {
		script     []fake.Outcome
		declared   []spec.Parameter
		wantResult bool
		want       string // outputs and result, or the error
	}{
		"None":             {nil, nil, false, "[] nil"},
		"DefaultsSuffice":  {nil, []spec.Parameter{note}, false, "[{note none}] nil"},
		"Unscripted":       {nil, declared, false, `fake: nothing is scripted for "A", and the workflow wants output "rows": add On("A", fake.Succeed(...))`},
		"UnscriptedResult": {nil, nil, true, `fake: nothing is scripted for "A", and the workflow wants its result, the standard output: add On("A", fake.Succeed(...))`},
		"InTheirOrder":     {[]fake.Outcome{fake.Succeed(value{"note", "n"}, value{"rows", "4"})}, declared, false, "[{rows 4} {note n}] nil"},
		"Default":          {[]fake.Outcome{fake.Succeed(value{"rows", ""})}, declared, false, "[{rows } {note none}] nil"},
		"Lacking":          {[]fake.Outcome{fake.Succeed()}, declared, true, `fake: On("A"): Succeed() lacks output "rows" and its result, the standard output`},
		"Unknown":          {[]fake.Outcome{fake.Succeed(value{"rosw", "4"})}, declared, false, `fake: On("A"): Succeed(rosw): template "A-template" declares no output "rosw"; did you mean "rows"?`},
		"Result":           {[]fake.Outcome{fake.Succeed(value{"result", "out"})}, nil, true, `[] "out"`},
		"ResultNotWanted":  {[]fake.Outcome{fake.Succeed(value{"result", "out"})}, nil, false, "[] nil"},
		"Failed":           {[]fake.Outcome{fake.Fail(2, "")}, declared, true, `[{note none}] ""`},
	} {
		t.Run(name, func(t *testing.T) {
			x := fake.New(t)
			if tc.script != nil {
				x.On("A", tc.script...)
			}
			a := task("A", "A", tc.declared...)
			a.WantResult = tc.wantResult
			res, err := execute(x, a)
			got := fmt.Sprint(res.Outputs, " nil")
			if res.Result != nil {
				got = fmt.Sprintf("%v %q", res.Outputs, *res.Result)
			}
			if err != nil {
				got = err.Error()
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestTemplateWithoutValueIsAnError(t *testing.T) {
	a := task("A", "A")
	errTag := errors.New("{{x}} has no value")
	a.Template = func() (*spec.Template, error) { return nil, errTag }
	_, err := execute(fake.New(t), a)
	assert.ErrorIs(t, err, errTag)
}

func TestOnFunc(t *testing.T) {
	errBoom := errors.New("boom")
	x := fake.New(t).OnFunc("map", func(task *executor.Task) (fake.Outcome, error) {
		switch in, _ := task.Input("item"); in {
		case "panic":
			panic(errBoom)
		case "error":
			return fake.Outcome{}, errBoom
		case "goexit":
			require.FailNow(new(deaf), "not in the test's goroutine")
			return fake.Outcome{}, nil
		default:
			return fake.Fail(len(in), in), nil
		}
	})
	run := func(item string) (executor.Result, error) {
		a := task("map(0:"+item+")", "map")
		a.ID.Node, a.Inputs = a.Path, []executor.Value{{Name: "item", Value: item}}
		return execute(x, a)
	}
	res, err := run("abc")
	require.NoError(t, err)
	assert.Equal(t, 3, *res.ExitCode)
	_, err = run("error")
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorContains(t, err, `OnFunc("map")`)
	_, err = run("panic")
	assert.ErrorIs(t, err, errBoom)
	_, err = run("goexit")
	assert.ErrorIs(t, err, executor.ErrGoexit)
}

// deaf is a test whose FailNow only ends the goroutine.
type deaf struct{ testing.T }

func (*deaf) Errorf(string, ...any) {}

func TestFuncRunsUnlessScripted(t *testing.T) {
	x := fake.New(t).On("scripted", fake.Fail(4, "scripted"))
	for name, want := range map[string]string{"real": "Succeeded", "scripted": "scripted"} {
		called := false
		a := task(name, name)
		a.Func = func(context.Context, []executor.Value) ([]executor.Value, error) { called = true; return nil, nil }
		assert.Equal(t, want, message(x, a))
		assert.Equal(t, name == "real", called)
	}
	assert.Len(t, x.Calls(), 2)
}

func TestTimeIsVirtual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := fake.New(t).On("train", fake.Succeed().Taking(3*time.Hour))
		began := time.Now()
		assert.Equal(t, "Succeeded", message(x, task("train", "train")))
		assert.Equal(t, 3*time.Hour, time.Since(began))

		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("too long"))
		defer cancel()
		again := task("train", "train")
		again.ID.Attempt = 1
		_, err := x.Execute(ctx, again, func(executor.Update) {})
		assert.EqualError(t, err, "too long")
		assert.Equal(t, 4*time.Hour, time.Since(began))
	})
}

// begun executes a task until it is stopped, and gives what it told on the way.
func begun(t *testing.T, x *fake.Executor, task *executor.Task) (told []executor.Update, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 1000*time.Hour, errors.New("stopped"))
	defer cancel()
	_, err = x.Execute(ctx, task, func(u executor.Update) { told = append(told, u) })
	return told, err
}

func TestForeverRunsUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fake.Forever()
		o.IP, o.Host = "10.0.0.7", "node1"
		told, err := begun(t, fake.New(t).On("sleep", o), task("sleep", "sleep"))
		assert.EqualError(t, err, "stopped")
		assert.Equal(t, []executor.Update{{Phase: spec.Running}, {PodIP: "10.0.0.7", HostNode: "node1"}}, told)
	})
}

func TestActiveDeadlineSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := fake.New(t).On("A", fake.Forever(), fake.Succeed().Taking(10*time.Second), fake.Forever())
		for attempt, tc := range []struct{ seconds, want string }{
			{"20", "Pod was active on the node longer than the specified deadline"},
			{"20", "Succeeded"},
			{"soon", `activeDeadlineSeconds: "soon" is not a number of seconds above 0`},
		} {
			began := time.Now()
			a := task("A", "A")
			a.ID.Attempt = attempt
			filled, _ := a.Template()
			a.Written = filled.DeepCopy()
			a.Written.ActiveDeadlineSeconds = new(intstr.FromString("{{inputs.parameters.deadline}}"))
			filled.ActiveDeadlineSeconds = new(intstr.FromString(tc.seconds))
			assert.Equal(t, tc.want, message(x, a))
			assert.LessOrEqual(t, time.Since(began), 20*time.Second)
		}
	})
}

func TestDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := fake.Succeed()
		at.IP = "10.0.0.7"
		x := fake.New(t).On("at", at).On("fails", fake.Fail(1, "gone").Taking(time.Hour)).On("never", fake.Fail(1, "no"))
		yes := true
		for _, tc := range []struct{ name, err, ip string }{
			{"unscripted", "stopped", "127.0.0.1"}, {"at", "stopped", "10.0.0.7"}, {"fails", "", "127.0.0.1"}, {"never", "", ""},
		} {
			d := task(tc.name, tc.name)
			d.Written = &spec.Template{Container: &corev1.Container{}, Daemon: &yes}
			told, err := begun(t, x, d)
			if tc.err == "" {
				assert.NoError(t, err, tc.name)
			} else {
				assert.EqualError(t, err, tc.err, tc.name)
			}
			want := []executor.Update{{Phase: spec.Running}}
			if tc.ip != "" {
				want = append(want, executor.Update{PodIP: tc.ip, Ready: true})
			}
			assert.Equal(t, want, told, tc.name)
		}
	})
}

func TestCalls(t *testing.T) {
	x := fake.New(t)
	for _, path := range []string{"split", "map(0:a)", "map(1:b)", "reduce"} {
		a := task(path, path)
		a.Inputs = []executor.Value{{Name: "of", Value: path}}
		_, err := execute(x, a)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"split", "map(0:a)", "map(1:b)", "reduce"}, x.Paths())
	in, ok := x.Calls()[2].Input("of")
	assert.True(t, ok)
	assert.Equal(t, "map(1:b)", in)
}

// recorder is a test that keeps what it was told.
type recorder struct {
	errors  []string
	cleanup func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanup = f }
func (r *recorder) Errorf(f string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(f, args...))
}

func TestVerify(t *testing.T) {
	for name, tc := range map[string]struct {
		script func(*fake.Executor)
		want   string
	}{
		"AllUsed":          {func(x *fake.Executor) { x.On("fetch", fake.Fail(1, ""), fake.Succeed()) }, ""},
		"Optional":         {func(x *fake.Executor) { x.On("fetcher", fake.Succeed().Optional()) }, ""},
		"OptionalRest":     {func(x *fake.Executor) { x.On("fetch", fake.Succeed(), fake.Fail(1, ""), fake.Fail(2, "").Optional()) }, ""},
		"Misspelt":         {func(x *fake.Executor) { x.On("fecth", fake.Succeed()) }, `fake: On("fecth"): no node of that name ran; did you mean "fetch"?`},
		"MisspeltFunction": {func(x *fake.Executor) { x.OnFunc("fecth", nil) }, `fake: On("fecth") has no outcome`},
		"NeverRan":         {func(x *fake.Executor) { x.On("report", fake.Succeed()) }, `fake: On("report"): no node of that name ran`},
		"FewerAttempts": {func(x *fake.Executor) { x.On("fetch", fake.Succeed(), fake.Succeed(), fake.Fail(2, "bad day")) },
			`fake: On("fetch"): outcome 3 of 3, Fail(2, "bad day"), was not used: there were fewer attempts`},
		"Twice": {func(x *fake.Executor) { x.On("fetch", fake.Succeed()).On("fetch", fake.Fail(1, "")) },
			`fake: On("fetch") is there twice: give all outcomes to one`},
		"NoOutcome": {func(x *fake.Executor) { x.On("fetch") }, `fake: On("fetch") has no outcome`},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			x := fake.New(r)
			tc.script(x)
			_ = message(x, task("fetch(0)", "fetch"))
			_ = message(x, task("fetch(1)", "fetch"))
			r.cleanup()
			if tc.want == "" {
				assert.Empty(t, r.errors)
				assert.NoError(t, x.Verify())
				return
			}
			assert.Equal(t, []string{tc.want}, r.errors)
			assert.EqualError(t, x.Verify(), tc.want)
		})
	}
	t.Run("OfANameThatIsKnown", func(t *testing.T) {
		w := &spec.Workflow{}
		w.Spec.Templates = []spec.Template{{Name: "main", DAG: &spec.DAG{Tasks: []spec.Task{{Name: "a"}, {Name: "b"}, {Name: "monthly"}}}}}
		x := fake.New(nil).On("a", fake.Fail(2, "n")).On("b", fake.Succeed()).On("monthly(0)", fake.Succeed())
		require.NoError(t, x.Check(w, nil))
		_ = message(x, task("a", "a"))
		assert.EqualError(t, x.Verify(), "fake: On(\"b\"): no node of that name ran\nfake: On(\"monthly(0)\"): no node of that name ran")
	})
	t.Run("AfterARefusal", func(t *testing.T) {
		w := &spec.Workflow{}
		w.Spec.Templates = []spec.Template{{Name: "main", DAG: &spec.DAG{Tasks: []spec.Task{{Name: "fetch"}, {Name: "map"}}}}}
		x := fake.New(nil).On("map", fake.Succeed()).On("fecth", fake.Succeed())
		refusal := x.Check(w, nil)
		require.EqualError(t, refusal, `fake: On("fecth"): the workflow has no task or step "fecth"; did you mean "fetch"?`)
		assert.Equal(t, refusal, x.Verify())
		w.Spec.Templates[0].DAG.Tasks[0].Name = "fecth"
		require.NoError(t, x.Check(w, nil))
		assert.EqualError(t, x.Verify(), "fake: On(\"map\"): no node of that name ran\nfake: On(\"fecth\"): no node of that name ran")
	})
	t.Run("WithoutATest", func(t *testing.T) {
		x := fake.New(nil).On("a", fake.Succeed()).On("b", fake.Succeed())
		assert.EqualError(t, x.Verify(), "fake: On(\"a\"): no node of that name ran\nfake: On(\"b\"): no node of that name ran")
	})
}

func TestCheck(t *testing.T) {
	w := &spec.Workflow{}
	w.Spec.Entrypoint, w.Spec.OnExit = "main", "clean"
	w.Spec.Hooks = map[string]spec.LifecycleHook{"running": {Template: "tell"}}
	w.Spec.Templates = []spec.Template{
		{Name: "main", DAG: &spec.DAG{Tasks: []spec.Task{{Name: "api", Template: "build"}, {Name: "map", Inline: &spec.Template{
			Steps: [][]spec.Step{{{Name: "inner", Template: "leaf", Hooks: map[string]spec.LifecycleHook{"exit": {Template: "leaf"}}}}},
		}}}}},
		{Name: "build", Steps: [][]spec.Step{{{Name: "compile", Template: "leaf"}}}},
		{Name: "leaf", Container: &corev1.Container{}}, {Name: "clean", Container: &corev1.Container{}},
		{Name: "unused", Container: &corev1.Container{}},
	}
	x := fake.New(nil)
	for _, known := range []string{"compile", "api[0].compile", "[0].compile", "map(0:a.b)(1)", "map.inner", "inner.onExit", "onExit", "clean",
		"hooks.running", "tell"} {
		x.On(known, fake.Succeed())
	}
	require.NoError(t, x.Check(w, nil))

	x.On("compiel", fake.Succeed()).On("api.link", fake.Succeed()).On("unused", fake.Succeed()).On("map.inner", fake.Fail(1, ""))
	require.EqualError(t, x.Check(w, nil), `fake: On("map.inner") is there twice: give all outcomes to one
fake: On("compiel"): the workflow has no task or step "compiel"; did you mean "compile"?
fake: On("api.link"): the workflow has no task or step "link"
fake: On("unused"): the workflow has no task or step "unused"`)

	w.Spec.Templates[1].Steps[0][0] = spec.Step{Name: "compile", TemplateRef: &spec.TemplateRef{Name: "lib", Template: "dag"}}
	assert.EqualError(t, x.Check(w, nil), `fake: On("map.inner") is there twice: give all outcomes to one`, "a templateRef hides names")
}

func BenchmarkExecute(b *testing.B) {
	for name, x := range map[string]*fake.Executor{"Unscripted": fake.New(nil), "Scripted": fake.New(nil).On("A", fake.Succeed())} {
		b.Run(name, func(b *testing.B) {
			a := task("A", "A")
			b.ReportAllocs()
			for b.Loop() {
				again := *a
				if _, err := execute(x, &again); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
