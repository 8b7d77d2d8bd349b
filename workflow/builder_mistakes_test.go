package workflow_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// What only the builders can know to be wrong.
func TestMistakesOfBuilders(t *testing.T) {
	const (
		files = workflow.Artifact("files")
		other = workflow.Artifact("fils")
		key   = workflow.Field[string]("key")
		id    = workflow.Field[string]("id")
		kay   = workflow.Field[string]("kay")
		not   = workflow.Output[float64]("rows")
	)
	src := workflow.Container("src", "busybox").Outputs(rows.File("/rows"), files.At("/files"))
	echo, num := echoTemplate(), numTemplate()
	takes := workflow.Container("takes", "busybox").Inputs(files.At("/files"))
	elsewhere := func() *dag.Task { return dag.New("else").Task("A", src) }
	inner := dag.New("inner")
	inner.Task("x", src)
	for _, tt := range []mistake{
		{"an item without Each", func(d *dag.DAG) {
			d.Task("A", num, n.From(workflow.Each(workflow.Items(1, 2))))
		}, []string{`templates[main].tasks[A].arguments.parameters[n]: uses the item of a loop, but nothing says that this is one: add Each`}},
		{"an item in a condition without Each", func(d *dag.DAG) {
			d.Task("A", src).When(workflow.Each(workflow.Items(1, 2)).Is(1))
		}, []string{`templates[main].tasks[A].when: uses the item of a loop, but nothing says that this is one: add Each`}},
		{"items of two loops", func(d *dag.DAG) {
			i, j := workflow.Each(workflow.Items(1, 2)), workflow.Each(workflow.Items("a"))
			d.Task("A", workflow.Container("two", "busybox").Inputs(n, message), n.From(i), message.From(j)).Each(i)
		}, []string{`templates[main].tasks[A].arguments.parameters[message]: uses the items of two loops`}},
		{"two loops of arguments", func(d *dag.DAG) {
			d.Task("A", workflow.Container("two", "busybox").Inputs(n, message), n.Each(workflow.Items(1)), message.Each(workflow.Items("a")))
		}, []string{`templates[main].tasks[A].arguments.parameters[message]: uses the items of two loops`}},
		{"a loop of an item", func(d *dag.DAG) {
			i := workflow.Each(workflow.Items([]int{1}))
			d.Task("A", num, n.Each(i))
		}, []string{`templates[main].tasks[A].each: uses the items of two loops`}},
		{"the zero item", func(d *dag.DAG) {
			d.Task("A", num, n.From(workflow.Item[int]{})).Each(workflow.Item[int]{})
		}, []string{
			`templates[main].tasks[A].arguments.parameters[n]: the item is the zero Item, which no Each made`,
			`templates[main].tasks[A].each: the item is nil, or one that Each did not make`,
		}},
		{"a nil list", func(d *dag.DAG) { d.Task("A", num, n.Each(nil)) }, []string{
			`templates[main].tasks[A].each: the source is nil`}},
		{"an item that cannot be written", func(d *dag.DAG) {
			d.Task("A", src).Each(workflow.Each(workflow.Items(1, math.NaN())))
		}, []string{`templates[main].tasks[A].each: item 1: the value cannot be written as text: json: unsupported value: NaN`}},
		{"a loop with Of", func(d *dag.DAG) {
			a := d.Task("A", src).Each(workflow.Each(workflow.Items(1, 2)))
			d.Task("B", num, n.From(rows.Of(a)))
		}, []string{`templates[main].tasks[B].arguments.parameters[n]: uses "rows" of "A" with Of, but that is a loop: use All`}},
		{"no loop with All", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", num, n.Each(rows.All(a)))
		}, []string{`templates[main].tasks[B].each: uses "rows" of "A" with All, but that is no loop: use Of`}},
		{"artifacts of a loop", func(d *dag.DAG) {
			a := d.Task("A", src).Each(workflow.Each(workflow.Items(1, 2)))
			d.Task("B", takes, files.From(files.Of(a)))
		}, []string{`templates[main].tasks[B].arguments.artifacts[files]: uses the artifact "files" of "A", but that is a loop, and the artifacts of a loop cannot be taken together`}},
		{"no such field", func(d *dag.DAG) {
			i := workflow.Each(workflow.Items(Part{}))
			d.Task("A", echo, message.From(kay.Of(i))).Each(i)
		}, []string{`templates[main].tasks[A].arguments.parameters[message]: workflow_test.Part has no field "kay"; did you mean "key"?`}},
		{"a field of another type", func(d *dag.DAG) {
			i := workflow.Each(workflow.Items(Part{}))
			d.Task("A", echo, message.From(id.Of(i))).Each(i).When(key.Of(i).Is("x"))
		}, []string{`templates[main].tasks[A].arguments.parameters[message]: field "id" of workflow_test.Part is of type int, not string`}},
		{"a field of a map of other values", func(d *dag.DAG) {
			i := workflow.Each(workflow.Items(map[string]int{}))
			d.Task("A", echo, message.From(id.Of(i))).Each(i)
		}, []string{`templates[main].tasks[A].arguments.parameters[message]: field "id" of map[string]int is of type int, not string`}},
		{"a field of nothing", func(d *dag.DAG) { d.Task("A", echo, message.From(id.Of(nil))) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: the item is nil`}},

		{"a condition on another dag's task", func(d *dag.DAG) { d.Task("A", src).When(rows.Of(elsewhere()).Is(1)) }, []string{
			`templates[main].tasks[A].when: uses "rows" of "A", which is in template "else"`}},
		{"a condition on another type", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", src).When(not.Of(a).Is(1).And(workflow.Expr("true")))
		}, []string{`templates[main].tasks[B].when: output "rows" is of type int in template "src", not float64`}},
		{"an empty condition", func(d *dag.DAG) {
			d.Task("A", src).When(workflow.Condition{})
			d.Task("B", src).When(workflow.Expr("").And(workflow.Name.Is("x")).Not())
		}, []string{`templates[main].tasks[A].when: the condition is empty`, `templates[main].tasks[B].when: the condition is empty`}},
		{"a condition with a value that has no text", func(d *dag.DAG) {
			d.Task("A", src).When(workflow.Duration.Is(math.NaN()))
		}, []string{`templates[main].tasks[A].when: the value cannot be written as text: json: unsupported value: NaN`}},
		{"a condition on nothing", func(d *dag.DAG) { d.Task("A", src).When(workflow.Less[int](nil, 1)) }, []string{
			`templates[main].tasks[A].when: the source is nil`}},
		{"a choice of nothing", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", num, n.From(workflow.If(workflow.Condition{}, rows.Of(a), rows.Of(a))))
			d.Task("C", num, n.From(workflow.If(workflow.Name.Is("x"), rows.Of(a), nil)))
			d.Task("D", num, n.From(workflow.Eval[int](" ")))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[n]: the condition is empty`,
			`templates[main].tasks[C].arguments.parameters[n]: the source is nil`,
			`templates[main].tasks[D].arguments.parameters[n]: the expression is empty`,
		}},

		{"depends on another dag's task", func(d *dag.DAG) {
			d.Task("A", src)
			d.Task("B", src).Depends(elsewhere().Failed())
		}, []string{`templates[main].tasks[B].depends: task "A" is in template "else"`}},
		{"depends on nil", func(d *dag.DAG) { d.Task("B", src).Depends((*dag.Task)(nil).Failed()) }, []string{
			`templates[main].tasks[B].depends: a task that is nil or that no dag made`}},
		{"depends on nothing", func(d *dag.DAG) { d.Task("B", src).Depends(dag.Depends{}.Not()) }, []string{
			`templates[main].tasks[B].depends: the expression is empty`}},
		{"depends without a task whose value is used", func(d *dag.DAG) {
			a, b := d.Task("A", src), d.Task("B", src)
			d.Task("C", num, n.From(rows.Of(a))).Depends(b.Succeeded())
			d.Task("D", src).Depends(b.Failed()).When(rows.Of(a).Is(1))
		}, []string{
			`templates[main].tasks[C].depends: uses a value of task "A", which its Depends does not name`,
			`templates[main].tasks[D].depends: uses a value of task "A", which its Depends does not name`,
		}},
		{"continueOn of the last beside depends", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", src).Depends(a.Failed()).ContinueOn(workflow.Failed)
		}, []string{`templates[main].tasks[B].continueOn: no task waits for this one, and Argo has no continueOn in a dag where a task has a depends expression`}},
		{"continueOn of no phase, or a good one", func(d *dag.DAG) {
			d.Task("A", src).ContinueOn()
			d.Task("B", src).ContinueOn(workflow.Succeeded)
		}, []string{
			`templates[main].tasks[A].continueOn: names no phase; it may be Failed and Error`,
			`templates[main].tasks[B].continueOn: names the phase "Succeeded"; it may be Failed and Error`,
		}},
		{"target of another dag", func(d *dag.DAG) { d.Task("A", src); d.Target(elsewhere(), nil) }, []string{
			`templates[main].dag.target: task "A" is in template "else"`,
			`templates[main].dag.target: a task that is nil or that no dag made`,
		}},

		{"timeout of a dag", func(d *dag.DAG) { d.Task("A", inner).Timeout(time.Second) }, []string{
			`templates[main].tasks[A].timeout: a dag template has no timeout: give one to each of the leaves below`}},
		{"timeout of no time", func(d *dag.DAG) { d.Task("A", src).Timeout(-time.Second) }, []string{
			`templates[main].tasks[A].timeout: is -1s; it must be positive`}},

		{"hooks", func(d *dag.DAG) {
			d.Task("A", src).OnExit(nil).OnExit(echo, msgInt.Set(1)).Hook("late", workflow.Condition{}, src).
				Hook("other", rows.Of(elsewhere()).Is(1), echo, message.From(rows.Of(elsewhere()).Text()))
		}, []string{
			`templates[main].tasks[A].hooks[exit].template: is nil, or one that no constructor made`,
			`templates[main].tasks[A].hooks[exit]: two hooks have this name`,
			`templates[main].tasks[A].hooks[exit].arguments.parameters[message]: "message" is of type string in template "echo", not int`,
			`templates[main].tasks[A].hooks[late].expression: the condition is empty`,
			`templates[main].tasks[A].hooks[other].expression: uses "rows" of "A", which is in template "else"`,
			`templates[main].tasks[A].hooks[other].arguments.parameters[message]: uses "rows" of "A", which is in template "else"`,
		}},

		{"no such artifact", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", takes, other.From(files.Of(a)))
			d.Task("C", takes, files.From(other.Of(a)))
			d.Task("D", takes, files.From(workflow.Files{}))
			d.Task("E", takes, files.From(files.Of(elsewhere())))
		}, []string{
			`templates[main].tasks[B].arguments.artifacts[fils]: template "takes" has no input artifact "fils"; did you mean "files"?`,
			`templates[main].tasks[C].arguments.artifacts[files]: template "src" has no output artifact "fils"; did you mean "files"?`,
			`templates[main].tasks[D].arguments.artifacts[files]: the files are the zero Files, which no task left`,
			`templates[main].tasks[E].arguments.artifacts[files]: uses "files" of "A", which is in template "else"`,
		}},

		{"what a referenced template does not declare", func(d *dag.DAG) {
			ref := workflow.TemplateRef("tools", "print").Inputs(message.Enum("x")).Outputs(rows)
			a := d.Task("A", ref, mesage.Set("x"), message.Set("x"))
			d.Task("B", num, n.From(workflow.Output[int]("row").Of(a)))
			d.Task("C", workflow.TemplateRef("tools", "nil").Inputs(nil).Outputs(nil))
		}, []string{
			`templates[main].tasks[A].arguments.parameters[mesage]: template "tools/print" has no input "mesage"; did you mean "message"?`,
			`templates[main].tasks[B].arguments.parameters[n]: template "tools/print" has no output "row"; did you mean "rows"?`,
			`templateRef[tools/nil].inputs.parameters[]: the declaration is nil`,
			`templateRef[tools/nil].outputs.parameters[]: the handle is nil`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := dag.New("main")
			tt.build(d)
			_, err := workflow.Assemble("x-", d)
			assert.Equal(t, tt.want, problems(err))
		})
	}
}

func TestMistakesOfSettings(t *testing.T) {
	src := srcTemplate()
	set := workflow.ContainerSet("c")
	set.Container("a", "busybox").Dependencies(nil, workflow.ContainerSet("d").Container("x", "busybox"))
	twins := func(a, b workflow.Template) workflow.Template {
		d := dag.New("main")
		d.Task("a", a)
		d.Task("b", b)
		return d
	}
	with := func(s string) workflow.Template {
		return workflow.Container("c", "busybox").With(func(t *spec.Template) { t.Container.Image = s })
	}
	looped := func(values ...int) workflow.Template {
		d := dag.New("c")
		d.Task("x", src).Each(workflow.Each(workflow.Items(values...)))
		return d
	}
	retry := func(r workflow.Retry) workflow.Template { return workflow.Container("c", "busybox").Retry(r) }
	var zero workflow.ContainerSetTemplate
	zero.Container("x", "y").EnvVars(corev1.EnvVar{}).Dependencies(nil)
	var zeroDAG dag.DAG
	for _, tt := range []struct {
		name  string
		entry workflow.Template
		want  []string
	}{
		{"retry", retry(workflow.Retry{Limit: -2}), []string{`templates[c].retryStrategy: the limit is -2; it must be at least 0, or Unlimited`}},
		{"retry policy", retry(workflow.Retry{Policy: "Sometimes"}), []string{`templates[c].retryStrategy: there is no policy "Sometimes"`}},
		{"retry backoff", retry(workflow.Retry{Backoff: workflow.Backoff{Factor: 2}}), []string{
			`templates[c].retryStrategy: the backoff needs a positive Duration, and nothing of it may be negative`}},
		{"retry expression", retry(workflow.Retry{Expression: rows.Of(dag.New("x").Task("A", src)).Is(1)}), []string{
			`templates[c].retryStrategy: expression: it knows the last try only, no task and no item`}},
		{"durations", workflow.Container("c", "busybox").Timeout(0).PendingTimeout(-1).Memoize("c", "k", -time.Second), []string{
			`templates[c].timeout: is 0s; it must be positive`, `templates[c].pendingTimeout: is -1ns; it must be positive`,
			`templates[c].memoize.maxAge: is -1s; it must be positive`}},
		{"parallelism", steps.New("c").Parallelism(0), []string{`templates[c].parallelism: is 0; it must be at least 1`}},
		{"suspend", workflow.Suspend("c").For(0), []string{`templates[c].suspend.duration: is 0s; it must be positive`}},
		{"http", workflow.HTTP("c", "u").Success(workflow.Condition{}), []string{`templates[c].http.successCondition: the condition is empty`}},
		{"container set", set, []string{
			`templates[c].containerSet.containers[a].dependencies: a container that is nil or of another set`}},
		{"the zero container set", &zero, []string{`spec.entrypoint: there is no template, or one that no constructor made`}},
		{"the zero dag", zeroDAG.FailFast(true).Target(nil), []string{`spec.entrypoint: there is no template, or one that no constructor made`}},
		{"a referenced entrypoint", workflow.TemplateRef("a", "b"), []string{
			`spec.entrypoint: template "a/b" is of another object: call it from a dag or steps`}},
		{"templates that edits make different", twins(with("a"), with("b")), []string{`templates[c]: two different templates have this name`}},
		{"templates that edits make the same", twins(with("a"), with("a")), nil},
		{"loops over different items", twins(looped(1), looped(2)), []string{`templates[c]: two different templates have this name`}},
		{"loops over the same items", twins(looped(1, 2), looped(1, 2)), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := workflow.Assemble("x-", tt.entry)
			assert.Equal(t, tt.want, problems(err))
		})
	}
	t.Run("options", func(t *testing.T) {
		_, err := workflow.Assemble("x-", src, workflow.Deadline(-1), workflow.Parallelism(0), workflow.OnExit(nil),
			workflow.Hook("h", workflow.Condition{}, echoTemplate(), message.From(stdout.Of(dag.New("d").Task("A", src)))))
		assert.Equal(t, []string{
			`spec.activeDeadlineSeconds: is -1ns; it must be positive`,
			`spec.parallelism: must be at least 1`,
			`spec.hooks[exit].template: is nil, or one that no constructor made`,
			`spec.hooks[h].expression: the condition is empty`,
			`spec.hooks[h].arguments.parameters[message]: uses "result" of "A", which is in template "d": the workflow's hooks know workflow.outputs only`,
		}, problems(err))
	})
}
