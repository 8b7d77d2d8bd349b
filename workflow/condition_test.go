package workflow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// evaluate is the value of a text that is one expression tag, or one tag, where every name has the value.
func evaluate(t *testing.T, text, value string) any {
	t.Helper()
	e, ok := strings.CutPrefix(text, "{{=")
	if !ok {
		return value
	}
	p, err := expr.Compile(strings.TrimSuffix(e, "}}"))
	require.NoError(t, err, text)
	v, err := p.Eval(func([]string) (any, bool) { return value, true })
	require.NoError(t, err, "%s of %q", text, value)
	return v
}

// whenOf is the when of a task with a condition on another's output.
func whenOf(t *testing.T, c func(a *dag.Task) workflow.Condition) string {
	t.Helper()
	d := dag.New("main")
	untyped := workflow.Container("src", "busybox")
	d.Task("b-1", untyped).When(c(d.Task("a-1", untyped)))
	w, err := workflow.Assemble("x-", d)
	require.NoError(t, err)
	tasks := w.Spec.Templates[0].DAG.Tasks
	task := tasks[slices.IndexFunc(tasks, func(t spec.Task) bool { return t.Name == "b-1" })]
	assert.Equal(t, []string{"a-1"}, task.Dependencies)
	return task.When
}

const text = workflow.Output[string]("text")

// Texts that would be more than a value if one only wrote them down.
var hostileTexts = []string{
	"heads", "", " ", `"`, `\`, `\"`, "'", "`", "a b", "x == x || heads", `" || true || "`, "}}", "{{inputs.parameters.x}}", "{{=1}}",
	"{", "line\nline", "\r\n\t", "\x00", "é日本\u2028", "null", "true", "1", "-0", "1e3", "$(rm)", "//", "/*", "#", "%s",
}

func TestConditionsOfTexts(t *testing.T) {
	for _, want := range hostileTexts {
		is := whenOf(t, func(a *dag.Task) workflow.Condition { return text.Of(a).Is(want) })
		isNot := whenOf(t, func(a *dag.Task) workflow.Condition { return text.Of(a).IsNot(want) })
		for _, got := range hostileTexts {
			assert.Equal(t, got == want, evaluate(t, is, got), "%s of %q", is, got)
			assert.Equal(t, got != want, evaluate(t, isNot, got), "%s of %q", isNot, got)
		}
		assert.NotContains(t, strings.TrimSuffix(strings.TrimPrefix(is, "{{"), "}}"), "}}")
		assert.NotContains(t, strings.TrimPrefix(is, "{{"), "{{")
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		c          func(a *dag.Task) workflow.Condition
		yes, no    string
	}{
		{"a word", `{{=tasks["a-1"].outputs.parameters.text == "yes"}}`,
			func(a *dag.Task) workflow.Condition { return text.Of(a).Is("yes") }, "yes", "no"},
		{"a number", `{{=asInt(tasks["a-1"].outputs.parameters.rows) == 5}}`,
			func(a *dag.Task) workflow.Condition { return rows.Of(a).Is(5) }, "05", "-5"},
		{"a float", `{{=asFloat(tasks["a-1"].outputs.parameters.rows) != 0.5}}`,
			func(a *dag.Task) workflow.Condition { return workflow.Output[float64]("rows").Of(a).IsNot(0.5) }, "0.25", "0.50"},
		{"a truth", `{{=tasks["a-1"].outputs.parameters.rows == "true"}}`,
			func(a *dag.Task) workflow.Condition { return workflow.Output[bool]("rows").Of(a).Is(true) }, "true", "false"},
		{"a duration", `{{=tasks["a-1"].outputs.parameters.rows == "1m0s"}}`,
			func(a *dag.Task) workflow.Condition {
				return workflow.Output[time.Duration]("rows").Of(a).Is(time.Minute)
			}, "1m0s", "60s"},
		{"a list", `{{=tasks["a-1"].outputs.parameters.rows == "[1,2]"}}`,
			func(a *dag.Task) workflow.Condition { return workflow.Output[[]int]("rows").Of(a).Is([]int{1, 2}) }, "[1,2]", "[1]"},
		{"the result", `{{=tasks["a-1"].outputs.result == "x"}}`,
			func(a *dag.Task) workflow.Condition { return stdout.Of(a).Is("x") }, "x", "y"},
		{"less", `{{=asInt(tasks["a-1"].outputs.parameters.rows) < -3}}`,
			func(a *dag.Task) workflow.Condition { return workflow.Less(rows.Of(a), -3) }, "-4", "-3"},
		{"and before or", `{{=tasks["a-1"].exitCode == "x" && tasks["a-1"].ip == "y" || tasks["a-1"].status == "z"}}`,
			func(a *dag.Task) workflow.Condition {
				x, y := workflow.Property[string]("exitCode").Of(a).Is("x"), workflow.IP.Of(a).Is("y")
				return x.And(y).Or(workflow.NodePhase.Of(a).Is("z"))
			}, "z", "x"},
		{"or in and", `{{=(tasks["a-1"].ip == "x" || tasks["a-1"].ip == "y") && tasks["a-1"].ip != "x"}}`,
			func(a *dag.Task) workflow.Condition {
				ip := workflow.IP.Of(a)
				return ip.Is("x").Or(ip.Is("y")).And(ip.IsNot("x"))
			}, "y", "x"},
		{"not", `{{=!(tasks["a-1"].ip == "x")}}`,
			func(a *dag.Task) workflow.Condition { return workflow.IP.Of(a).Is("x").Not() }, "y", "x"},
		{"own words", `{{=(tasks["a-1"].ip ?? "x") == "x"}}`,
			func(*dag.Task) workflow.Condition { return workflow.Expr(`(tasks["a-1"].ip ?? "x") == "x"`) }, "x", "y"},
		{"own words within", `{{=tasks["a-1"].ip == "x" && (true ? tasks["a-1"].ip == "x" : false)}}`,
			func(a *dag.Task) workflow.Condition {
				return workflow.IP.Of(a).Is("x").And(workflow.Expr(`true ? tasks["a-1"].ip == "x" : false`))
			}, "x", "y"},
		{"a text of several", `{{="it is " + tasks["a-1"].ip + "\x7d\x7d" == "it is x\x7d\x7d"}}`,
			func(a *dag.Task) workflow.Condition {
				return workflow.Textf("it is %s}}", workflow.IP.Of(a)).Is("it is x}}")
			}, "x", "y"},
		{"a value or another", `{{=asInt((tasks["a-1"].outputs.parameters.rows ?? "3")) == 3}}`,
			func(a *dag.Task) workflow.Condition { return rows.Of(a).Or(3).Is(3) }, "3", "4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			when := whenOf(t, tt.c)
			assert.Equal(t, tt.want, when)
			assert.Equal(t, true, evaluate(t, when, tt.yes))
			assert.Equal(t, false, evaluate(t, when, tt.no))
		})
	}
}

// The values of a loop, as Argo puts them together, are the list again that they were.
func TestAllRestores(t *testing.T) {
	restores(t, "a", "1", `{"a":1}`, "null", "", `say "x"`, "}}", "<&>")
	restores(t, `{"a":1}`, `[2]`)
	restores[string](t)
	restores(t, Heads, Tails)
	restores(t, 1, -2, 1<<62)
	restores(t, 0.5, 2)
	restores(t, true, false)
	restores(t, time.Second, time.Hour)
	restores(t, time.Unix(0, 0).UTC())
	restores(t, Part{1 << 60, "a"}, Part{2, "b"})
	restores(t, []int{1}, nil, []int{1 << 10, 2})
	restores(t, []int{1 << 60}, []int{})
	restores(t, map[string]string{"a": "b"}, nil)
	restores(t, [2]string{"a", "b"})
	restores[any](t, "a", 1.0, nil, true, map[string]any{"a": []any{"b"}})
	restores[*string](t, new(string), nil)
	restores(t, make([]int, 100_000)...)
}

func restores[T any](t *testing.T, values ...T) {
	t.Helper()
	if values == nil {
		values = []T{}
	}
	const in = "list"
	var out workflow.Output[T] = "v"
	var result workflow.Result[T]
	task := dag.New("main").Task("loop", srcTemplate())
	var texts []string
	for _, v := range values {
		_, text := out.Set(v).Output()
		texts = append(texts, text)
	}
	for all, joined := range map[string]string{
		out.All(task).Ref():    expr.Parameters(texts),
		result.All(task).Ref(): expr.Results(texts),
	} {
		if strings.Contains(all, "result") && len(texts) > 0 && (texts[0] == "a" || texts[0] == `{"a":1}`) {
			continue // a text that looks like JSON cannot be told from it, once it is a result
		}
		v, ok := evaluate(t, all, joined).(string)
		require.True(t, ok)
		got, err := workflow.Param[[]T](in).Get(inputs{in: v})
		require.NoError(t, err, "%s is %s", all, v)
		assert.Equal(t, values, got, all)
	}
}

type inputs map[string]string

func (in inputs) Input(name string) (string, bool) { v, ok := in[name]; return v, ok }

// Each element of a list of items is the text that an argument of its type travels as.
func TestItems(t *testing.T) {
	itemsAre(t, "a", "1", "null", `say "x"`, "<&>", "", "line\n")
	itemsAre(t, Heads)
	itemsAre(t, 1, -2, 1<<62)
	itemsAre(t, 0.5, 2)
	itemsAre(t, true)
	itemsAre(t, time.Second)
	itemsAre(t, time.Unix(0, 0).UTC())
	itemsAre(t, Part{1, "<a>"})
	itemsAre(t, []string{"a"}, nil)
}

func itemsAre[T any](t *testing.T, values ...T) {
	t.Helper()
	d := dag.New("main")
	var p workflow.Param[T] = "p"
	d.Task("loop", workflow.Container("c", "busybox").Inputs(p), p.Each(workflow.Items(values...)))
	w, err := workflow.Assemble("x-", d)
	require.NoError(t, err)
	var list []spec.Item = w.Spec.Templates[0].DAG.Tasks[0].WithItems
	items, err := expr.Items(list)
	require.NoError(t, err)
	require.Len(t, items, len(values))
	for i, v := range values {
		got, err := p.Get(inputs{"p": items[i].Text()})
		require.NoError(t, err, "%s", list[i])
		assert.Equal(t, v, got)
	}
}
