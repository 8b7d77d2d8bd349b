package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// Each level is a node of another kind in the one before it.
func TestDeepNestingOfEveryKind(t *testing.T) {
	for name, around := range map[string]func(i int, inner workflow.Template) workflow.Template{
		"steps": func(i int, inner workflow.Template) workflow.Template {
			s := steps.New(fmt.Sprintf("s%d", i))
			s.Step("t", inner)
			return s
		},
		"loops": func(i int, inner workflow.Template) workflow.Template {
			d := dag.New(fmt.Sprintf("d%d", i))
			d.Task("t", inner).Each(workflow.Each(workflow.Items("x")))
			return d
		},
		"tries": func(i int, inner workflow.Template) workflow.Template {
			d := dag.New(fmt.Sprintf("d%d", i)).Retry(workflow.Retry{Limit: 0})
			d.Task("t", inner)
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			nested := func(levels int) *workflow.Workflow {
				var entry workflow.Template = workflow.Container("c", "a")
				for i := range levels {
					entry = around(i, entry)
				}
				wf, err := workflow.New("deep", entry)
				require.NoError(t, err)
				return wf
			}
			levels := 10_000
			if raceDetector {
				levels = 1000
			}
			run, err := nested(levels).Run(t.Context(), instant{})
			require.NoError(t, err)
			assert.Equal(t, workflow.Succeeded, run.Phase())
			if name == "steps" {
				levels = 1000 // each names the step that failed, and that name is as long as it is deep
			}
			run, err = nested(levels).Run(t.Context(), instant{"t"})
			failed := &workflow.RunError{}
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, workflow.Failed, run.Phase())
			require.Len(t, failed.Nodes, 1, "one root cause below all of them")
		})
	}
}

func TestDeepNestingInYAML(t *testing.T) {
	const levels = 2_000
	var text strings.Builder
	text.WriteString("templates:\n")
	for i := range levels {
		name, next := fmt.Sprintf("t%d", i), fmt.Sprintf("t%d", i+1)
		if i == 0 {
			name = "main"
		}
		if i == levels-1 {
			next = "leaf"
		}
		fmt.Fprintf(&text, "- {name: %s, steps: [[{name: t, template: %s}]]}\n", name, next)
	}
	run, err := loaded(t, text.String()).Run(t.Context(), instant{})
	require.NoError(t, err)
	assert.Equal(t, workflow.Succeeded, run.Node("[0].t").Phase)

	inline := "{name: t, template: leaf}"
	for range levels {
		inline = "{name: t, inline: {steps: [[" + inline + "]]}}"
	}
	_, err = workflow.Load(strings.NewReader(document("templates:\n- {name: main, dag: {tasks: [" + inline + "]}}")))
	assert.ErrorContains(t, err, "deeper than 100 levels")
}

// A million items take some seconds and some hundred bytes each. The race detector sees fewer.
func TestMillionItems(t *testing.T) {
	items := 1_000_000
	if testing.Short() || raceDetector {
		items = 50_000
	}
	var list strings.Builder
	for i := range items {
		fmt.Fprintf(&list, ",%d", i)
	}
	wf := loaded(t, `
arguments: {parameters: [{name: list}]}
templates:
- name: main
  dag: {tasks: [{name: A, template: echo, withParam: "{{workflow.parameters.list}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}]}`)
	before := heap()
	run, err := workflow.NewRunner(instant{}).Start(t.Context(), wf, workflow.Param[string]("list").Set("["+list.String()[1:]+"]"))
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	perItem := (heap() - before) / int64(items)
	assert.Less(t, perItem, int64(1000), "bytes of each item")
	count, last := 0, ""
	for n := range run.Nodes() {
		count++
		last = n.Path
	}
	assert.Equal(t, items+2, count)
	assert.Equal(t, fmt.Sprintf("A(%d:%d)", items-1, items-1), last)
	assert.Equal(t, fmt.Sprint(items/2), input(run, fmt.Sprintf("A(%d:%d)", items/2, items/2)))
	t.Logf("%d items, %d bytes of each", items, perItem)
}

// A run that would never end is stopped by the limits, whatever makes it grow, and says so.
func TestEndlessRunsAreStopped(t *testing.T) {
	for name, main := range map[string]string{
		"dag":   `dag: {tasks: [{name: A, template: main, when: "1 == 1"}]}`,
		"steps": `steps: [[{name: A, template: leaf}], [{name: B, template: main, when: "true"}]]`,
		"wide":  `steps: [[{name: A, template: main, when: "true"}, {name: B, template: main, when: "true"}]]`,
		"loop":  `dag: {tasks: [{name: A, template: main, withItems: [1, 2]}]}`,
		"loop of many": `dag: {tasks: [{name: B, template: leaf, withSequence: {count: 900}}, {name: A, depends: B.Succeeded, template: main,
    withSequence: {count: 900}}]}`,
		"wide loop": `steps: [[{name: A, template: main, withSequence: {count: 100}}]]`,
		"depends":   `dag: {tasks: [{name: A, template: leaf}, {name: B, template: main, depends: A.Succeeded || A.Failed}]}`,
		"parallel":  `parallelism: 1, steps: [[{name: A, template: main, when: "true"}, {name: B, template: main, when: "true"}]]`,
		"failFast":  `failFast: true, dag: {tasks: [{name: A, template: main, withItems: [1, 2]}]}`,
		"retry":     `retryStrategy: {retryPolicy: Always}, dag: {tasks: [{name: A, template: leaf, when: "{{workflow.parameters.broken}}"}]}`,
		"hook":      `steps: [[{name: A, template: leaf, hooks: {exit: {template: main}}}]]`,
	} {
		t.Run(name, func(t *testing.T) {
			wf := loaded(t, "arguments: {parameters: [{name: broken, value: 'a =='}]}\ntemplates:\n- {name: main, "+main+"}")
			for limit, option := range map[string]workflow.RunnerOption{
				"more than 300 nodes":       workflow.MaxNodes(300),
				"nested more than 300 deep": workflow.MaxDepth(300),
			} {
				if (name == "retry" || name == "loop of many") && strings.HasPrefix(limit, "nested") {
					continue // it grows in width
				}
				run, err := workflow.NewRunner(instant{}, option).Start(t.Context(), wf)
				require.NoError(t, err)
				err = run.Wait(t.Context())
				if name != "hook" { // which does not fail what it is of
					assert.ErrorContains(t, err, limit)
					assert.True(t, run.Phase().FailedOrErrored(), "%s", run.Phase())
				}
				count, said := 0, false
				for n := range run.Nodes() {
					count++
					said = said || strings.Contains(n.Message, limit)
				}
				assert.True(t, said, "some node says why")
				if strings.HasPrefix(limit, "more") {
					assert.LessOrEqual(t, count, 600, "nodes")
				}
			}
		})
	}
}

// What expands to more than anybody can hold is refused, and quickly.
func TestBillionLaughs(t *testing.T) {
	var text strings.Builder
	text.WriteString("arguments: {parameters: [{name: x, value: &a0 lol}]}\ntemplates:\n- {name: main, container: {image: busybox, args: &l0 [lol, lol]}}\n")
	for i := range 40 {
		fmt.Fprintf(&text, "- {name: t%d, container: {image: busybox, args: &l%d [*l%d, *l%d]}}\n", i, i+1, i, i)
	}
	_, err := workflow.Load(strings.NewReader(document(text.String())))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "line ", "it says where")
	assert.Less(t, len(err.Error()), 100_000)

	text.Reset()
	text.WriteString("templates:\n- {name: main, container: {image: busybox}}\n- &t0 {name: t0, steps: []}\n")
	for i := range 40 {
		fmt.Fprintf(&text, "- &t%d {name: t%d, steps: [[{name: a, inline: *t%d}, {name: b, inline: *t%d}]]}\n", i+1, i+1, i, i)
	}
	_, err = workflow.Load(strings.NewReader(document(text.String())))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "line ", "it says where")
}

// values are what an output may hold, of which nothing may be taken for anything but a value.
var values = append([]string{
	"{{workflow.name}}", "{{=workflow.name}}", "{{tasks.A.outputs.parameters.x}}", "{{item}}", "{{", "x' == 'x", `x" == "x`, "1 || true",
	"!", "[1]", "[\"a\"]", "{\"a\": \"b\"}", "\xff\xfe", "a\x00b", "\\u0041", "${x}", "*a", "&a", "- a", "? x", "\ufeff", "1e400", "\u2028",
}, hostileTexts...)

// passed is a workflow whose A gives x, and whose other tasks get it by every way there is.
const passed = `
templates:
- name: both
  inputs: {parameters: [{name: x}]}
  outputs: {parameters: [{name: x, valueFrom: {parameter: "{{steps.E.outputs.parameters.x}}"}}]}
  steps: [[{name: E, template: passes, arguments: {parameters: [{name: x, value: "{{inputs.parameters.x}}"}]}}]]
- {name: passes, inputs: {parameters: [{name: x}]}, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]},
   container: {image: busybox, args: ["{{inputs.parameters.x}}"], env: [{name: X, value: "{{=inputs.parameters.x}}"}]}}
- name: main
  dag:
    tasks:
    - {name: A, template: gives}
    - {name: B, depends: A, template: both, arguments: {parameters: [{name: x, value: "{{tasks.A.outputs.parameters.x}}"}]}}
    - {name: C, depends: B, template: both, arguments: {parameters: [{name: x, value: "{{=tasks.B.outputs.parameters.x}}"}]}}
    - {name: D, depends: C, template: both, arguments: {parameters: [{name: x, value: "{{=string(tasks.C.outputs.parameters.x) + ''}}"}]}}
    - {name: F, depends: D, template: echo, arguments: {parameters: [{name: x, value: "<{{tasks.D.outputs.parameters.x}}>"}]}}`

// What a task gives is what the others get, and their containers.
func TestHostileValuesArePassedOn(t *testing.T) {
	wf := loaded(t, passed)
	large := strings.Repeat("\"\\ é{{workflow.name}}\n\x00", 10<<20/24)
	for _, v := range append([]string{large}, values...) {
		run, err := wf.Run(t.Context(), passing{t, v})
		require.NoError(t, err)
		for _, path := range []string{"B", "B[0].E", "C", "C[0].E", "D", "D[0].E"} {
			if !assert.True(t, input(run, path) == v, "%s got %.80q, not %.80q", path, input(run, path), v) {
				break
			}
		}
		assert.True(t, input(run, "F") == "<"+v+">")
	}
}

// passing is an executor on which A gives a value, and every other node what it gets; it looks at what their containers get.
type passing struct {
	t     testing.TB
	value string
}

func (x passing) Execute(_ context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	v := x.value
	if in, ok := t.Input("x"); ok {
		s, err := t.Template()
		if err != nil {
			return executor.Result{}, err
		}
		v = in
		if s.Container.Args[0] != v || len(s.Container.Env) > 0 && s.Container.Env[0].Value != v {
			x.t.Errorf("the container of %s has the argument %.80q, not %.80q", t.Path, s.Container.Args[0], v)
		}
	}
	return executor.Result{Outputs: []executor.Value{{Name: "x", Value: v}}}, nil
}

// The elements of a list that a task gives are what the nodes of a loop get, and what they give is a list again.
func TestHostileValuesInLoops(t *testing.T) {
	wf := loaded(t, `
templates:
- {name: passes, inputs: {parameters: [{name: x}]}, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}, container: {image: busybox, args: ["{{inputs.parameters.x}}"]}}
- name: main
  dag:
    tasks:
    - {name: A, template: gives}
    - {name: B, depends: A, template: passes, withParam: "{{tasks.A.outputs.parameters.x}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}
    - {name: C, depends: B, template: passes, withParam: "{{tasks.B.outputs.parameters.x}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}
    - {name: D, depends: B, template: echo, arguments: {parameters: [{name: x, value: "{{tasks.B.outputs.parameters.x}}"}]}}`)
	var texts []string
	for _, v := range append([]string{strings.Repeat("\"\\é{{item}}", 100_000)}, values...) {
		if utf8.ValidString(v) { // JSON holds no others
			texts = append(texts, v)
		}
	}
	list, err := json.Marshal(texts)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), passing{t, string(list)})
	require.NoError(t, err)
	got := map[string]map[string]int{"B": {}, "C": {}}
	for n := range run.Nodes() {
		if task, _, ok := strings.Cut(n.Path, "("); ok {
			v, _ := n.Input("x")
			got[task][v]++
		}
	}
	for task := range got {
		for _, v := range texts {
			assert.Positive(t, got[task][v], "%s of %.80q", task, v)
		}
	}
	var again []string
	require.NoError(t, json.Unmarshal([]byte(input(run, "D")), &again))
	assert.Equal(t, texts, again)

	for _, v := range []string{"", "[", "[1,]", "{}", "null", "1", `"a"`, "[\"\xff\"", "[1] [2]", "{{item}}"} {
		run, err := workflow.NewRunner(passing{t, v}).Start(t.Context(), wf)
		require.NoError(t, err)
		require.Error(t, run.Wait(t.Context()), "%q is no list", v)
		assert.Equal(t, workflow.Errored, run.Node("B").Phase)
		assert.Contains(t, run.Node("B").Message, "withParam: ")
	}
}

// Whatever a value is, a condition that is built in Go compares it and nothing else.
func TestHostileValuesInConditions(t *testing.T) {
	d := dag.New("d")
	all := slices.DeleteFunc(append([]string{strings.Repeat("x' == 'x", 5_000)}, values...), func(v string) bool {
		return !utf8.ValidString(v) // an expression holds no others
	})
	gives := workflow.Container("gives", "busybox").Outputs(text.File("/x"))
	leaf := workflow.Container("leaf", "busybox")
	x := fake.New(nil)
	for i, v := range all {
		a := d.Task(fmt.Sprintf("A%d", i), gives)
		x.On(a.Name(), fake.Succeed(text.Set(v)))
		d.Task(fmt.Sprintf("is%d", i), leaf).When(text.Of(a).Is(v))
		d.Task(fmt.Sprintf("isNot%d", i), leaf).When(text.Of(a).IsNot(v))
		d.Task(fmt.Sprintf("other%d", i), leaf).When(text.Of(a).Is("another"))
	}
	wf, err := workflow.New("x-", d)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	for i, v := range all {
		assert.Equal(t, workflow.Succeeded, run.Node(fmt.Sprintf("is%d", i)).Phase, "%.80q is itself: %.200s", v, run.Node(fmt.Sprintf("is%d", i)).Message)
		assert.Equal(t, workflow.Skipped, run.Node(fmt.Sprintf("isNot%d", i)).Phase, "%.80q is itself", v)
		assert.Equal(t, workflow.Skipped, run.Node(fmt.Sprintf("other%d", i)).Phase, "%.80q is no other", v)
	}
}

// In the when of a YAML file a simple tag is replaced as text before that is evaluated, as Argo does: there a value may be
// code, and only an expression tag compares it.
func TestSimpleTagsInWhenAreText(t *testing.T) {
	wf := loaded(t, `
arguments: {parameters: [{name: x}]}
templates:
- name: main
  dag:
    tasks:
    - {name: text, template: leaf, when: "{{workflow.parameters.x}} == yes"}
    - {name: quoted, template: leaf, when: "'{{workflow.parameters.x}}' == 'yes'"}
    - {name: expression, template: leaf, when: "{{=workflow.parameters.x == 'yes'}}"}`)
	for _, tt := range []struct{ x, text, quoted, expression string }{
		{"yes", "Succeeded", "Succeeded", "Succeeded"},
		{"no", "Skipped", "Skipped", "Skipped"},
		{"true || a", "Succeeded", "Skipped", "Skipped"},
		{"x' == 'x' || '", "Error", "Succeeded", "Skipped"},
		{"x' == 'x", "Error", "Skipped", "Skipped"},
		{"", "Error", "Skipped", "Skipped"},
		{"two words", "Error", "Skipped", "Skipped"},
		{"{{workflow.name}}", "Error", "Skipped", "Skipped"},
		{"'", "Error", "Error", "Skipped"},
	} {
		run, err := workflow.NewRunner(instant{}).Start(t.Context(), wf, workflow.Param[string]("x").Set(tt.x))
		require.NoError(t, err)
		_ = run.Wait(t.Context())
		for name, want := range map[string]string{"text": tt.text, "quoted": tt.quoted, "expression": tt.expression} {
			assert.Equal(t, want, string(run.Node(name).Phase), "%s of %q: %s", name, tt.x, run.Node(name).Message)
		}
	}
}

// Values that hold tags stay as they are wherever they come from.
func TestValuesWithTagsAreNotExpanded(t *testing.T) {
	const tag = "{{workflow.name}} {{=workflow.uid}} {{inputs.parameters.x}} {{item}}"
	wf := loaded(t, `
arguments: {parameters: [{name: x}]}
templates:
- {name: asks, inputs: {parameters: [{name: x}]}, outputs: {parameters: [{name: x, valueFrom: {supplied: {}}}]}, suspend: {}}
- name: main
  steps:
  - - {name: item, template: echo, withParam: '["{{workflow.parameters.x}}"]', arguments: {parameters: [{name: x, value: "{{item}}"}]}}
    - {name: both, template: echo, arguments: {parameters: [{name: x, value: "{{workflow.parameters.x}}{{=workflow.parameters.x}}"}]}}
    - {name: all, template: echo, arguments: {parameters: [{name: x, value: "{{workflow.parameters}}"}]}}
    - {name: asks, template: asks, arguments: {parameters: [{name: x, value: "{{workflow.parameters.x}}"}]}}
  - - {name: told, template: echo, arguments: {parameters: [{name: x, value: "{{steps.asks.outputs.parameters.x}}"}]}}`)
	synctest.Test(t, func(t *testing.T) {
		run, err := workflow.NewRunner(passing{t, ""}).Start(t.Context(), wf, workflow.Param[string]("x").Set(tag))
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, run.Resume(t.Context(), "[0].asks", workflow.Output[string]("x").Set(tag)))
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, tag, input(run, "[0].both")[:len(tag)])
		assert.Equal(t, tag+tag, input(run, "[0].both"))
		assert.Equal(t, tag, input(run, "[0].asks"))
		assert.Equal(t, tag, input(run, "[1].told"))
		assert.Contains(t, input(run, "[0].all"), tag)
		items := 0
		for n := range run.Nodes() {
			if strings.HasPrefix(n.Path, "[0].item(") {
				assert.Equal(t, tag, input(run, n.Path))
				items++
			}
		}
		assert.Equal(t, 1, items)
	})
}
