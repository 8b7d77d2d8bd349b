package workflow_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

const (
	message  = workflow.Param[string]("message")
	mesage   = workflow.Param[string]("mesage")
	msgInt   = workflow.Param[int]("message")
	n        = workflow.Param[int]("n")
	rows     = workflow.Output[int]("rows")
	rowsText = workflow.Output[string]("rows")
	other    = workflow.Output[int]("other")
)

var (
	stdout workflow.Result[string]
)

func echoTemplate() *workflow.ContainerTemplate {
	return workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())
}

func numTemplate() *workflow.ContainerTemplate {
	return workflow.Container("num", "alpine:3.23").Inputs(n).Command("seq", n.Ref())
}

func srcTemplate() *workflow.ContainerTemplate {
	return workflow.Container("src", "alpine:3.23").Outputs(rows.File("/rows"))
}

// problems is the error of New as lines.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// mistake is a dag, or a whole template, that New refuses, and all that it says.
type mistake struct {
	name  string
	build func(d *dag.DAG)
	want  []string
}

func TestMistakesOfDAGs(t *testing.T) {
	echo, num, src := echoTemplate(), numTemplate(), srcTemplate()
	for _, tt := range []mistake{
		{"no such input", func(d *dag.DAG) { d.Task("A", echo, mesage.Set("x")) }, []string{
			`templates[main].tasks[A].arguments.parameters[mesage]: template "echo" has no input "mesage"; did you mean "message"?`,
			`templates[main].tasks[A].arguments: template "echo" needs the parameter "message"`,
		}},
		{"missing argument", func(d *dag.DAG) { d.Task("A", echo) }, []string{
			`templates[main].tasks[A].arguments: template "echo" needs the parameter "message"`,
		}},
		{"argument twice", func(d *dag.DAG) { d.Task("A", echo, message.Set("x"), message.Set("y")) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: the parameter is given twice`,
		}},
		{"type by another handle", func(d *dag.DAG) { d.Task("A", echo, msgInt.Set(3)) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: "message" is of type string in template "echo", not int`,
		}},
		{"output type by another handle", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", echo, message.From(rowsText.Of(a)))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[message]: output "rows" is of type int in template "src", not string`,
		}},
		{"no such output", func(d *dag.DAG) {
			a := d.Task("A", src)
			d.Task("B", num, n.From(workflow.Output[int]("row").Of(a)))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[n]: {{tasks.A.outputs.parameters.row}}: template "src" has no output "row"; did you mean "rows"?`,
		}},
		{"output of a task of another dag", func(d *dag.DAG) {
			d.Task("A", src)
			d.Task("B", num, n.From(rows.Of(dag.New("else").Task("A", src))))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[n]: uses "rows" of "A", which is in template "else"`,
		}},
		{"dependency of another dag", func(d *dag.DAG) {
			d.Task("A", src)
			d.Task("B", src).Dependencies(dag.New("else").Task("A", src))
		}, []string{
			`templates[main].tasks[B].dependencies: task "A" is in template "else"`,
		}},
		{"nil dependency", func(d *dag.DAG) { d.Task("B", src).Dependencies(nil) }, []string{
			`templates[main].tasks[B].dependencies: a task that is nil or that no dag made`,
		}},
		{"dag's output from another dag", func(d *dag.DAG) {
			d.Task("A", src)
			d.Outputs(rows.From(rows.Of(dag.New("else").Task("A", src))))
		}, []string{
			`templates[main].outputs.parameters[rows]: uses "rows" of "A", which is in template "else"`,
		}},
		{"cycle of three", func(d *dag.DAG) {
			a := d.Task("A", src)
			b := d.Task("B", src).Dependencies(a)
			a.Dependencies(d.Task("C", src).Dependencies(b))
		}, []string{`templates[main].dag: cycle: A → B → C → A`}},
		{"two cycles", func(d *dag.DAG) {
			a, b := d.Task("A", src), d.Task("B", src)
			a.Dependencies(b)
			b.Dependencies(a)
			c := d.Task("C", src)
			c.Dependencies(c)
		}, []string{`templates[main].dag: cycle: A → B → A`, `templates[main].dag: cycle: C → C`}},
		{"cycle by a text", func(d *dag.DAG) {
			a := d.Task("A", src)
			b := d.Task("B", echo, message.From(workflow.Textf("%s rows", rows.Of(a))))
			a.Dependencies(b)
		}, []string{`templates[main].dag: cycle: A → B → A`}},
		{"cycle by a tag in a plain text", func(d *dag.DAG) {
			a := d.Task("A", src)
			b := d.Task("B", echo, message.Set("rows: "+rows.Of(a).Ref()))
			a.Dependencies(b)
		}, []string{`templates[main].dag: cycle: A → B → A`}},
		{"two tasks of one name", func(d *dag.DAG) { d.Task("A", src); d.Task("A", src) }, []string{
			`templates[main].tasks[A]: the name is used twice: by the task number 1 and 2`,
		}},
		{"tag of a task that is not there", func(d *dag.DAG) {
			d.Task("load", src)
			d.Task("B", echo, message.Set("{{tasks.laod.outputs.parameters.rows}}"))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[message]: {{tasks.laod.outputs.parameters.rows}}: no task "laod"; did you mean "load"?`,
			`templates[main].tasks[B].dependencies: no task "laod"; did you mean "load"?`,
		}},
		{"no result", func(d *dag.DAG) {
			inner := dag.New("inner")
			inner.Task("x", src)
			a := d.Task("A", inner)
			d.Task("B", echo, message.From(stdout.Of(a)))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[message]: {{tasks.A.outputs.result}}: template "inner" is a dag template and has no standard output`,
		}},
		{"input that is not declared", func(d *dag.DAG) {
			d.Task("A", workflow.Container("bad", "a").Inputs(message).Command("echo", mesage.Ref()), message.Set("x"))
		}, []string{
			`templates[bad].container.command[1]: {{inputs.parameters.mesage}}: template "bad" declares no input "mesage"; did you mean "message"?`,
		}},
		{"passing an input that the dag has not", func(d *dag.DAG) { d.Task("A", echo, message.Pass()) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: {{inputs.parameters.message}}: template "main" declares no input "message"`,
		}},
		{"steps in a dag", func(d *dag.DAG) {
			d.Task("A", src)
			d.Task("B", echo, message.Set("{{steps.A.outputs.parameters.rows}}"))
		}, []string{
			`templates[main].tasks[B].arguments.parameters[message]: {{steps.A.outputs.parameters.rows}}: template "main" is a dag template`,
		}},
		{"tasks in a container", func(d *dag.DAG) {
			d.Task("A", workflow.Container("bad", "a").Command("echo", "{{tasks.B.outputs.result}}"))
		}, []string{
			`templates[bad].container.command[1]: {{tasks.B.outputs.result}}: there are no tasks here: only the arguments of a dag's tasks and its outputs can refer to them; pass the value as an input`,
		}},
		{"no such variable", func(d *dag.DAG) {
			d.Task("A", echo, message.Set("{{workflow.nam}} {{workflow.parameters.x}} {{workflow.labels.l}}"))
		}, []string{
			`templates[main].tasks[A].arguments.parameters[message]: {{workflow.nam}}: no such variable; did you mean "workflow.name"?`,
			`templates[main].tasks[A].arguments.parameters[message]: {{workflow.parameters.x}}: the workflow has no parameter "x"`,
			`templates[main].tasks[A].arguments.parameters[message]: {{workflow.labels.l}}: the workflow has no label "l"`,
		}},
		{"empty dag", func(d *dag.DAG) {}, []string{`templates[main].dag: has no tasks`}},
		{"nil template", func(d *dag.DAG) { d.Task("A", nil) }, []string{
			`templates[main].tasks[A].template: is nil, or one that no constructor made`,
		}},
		{"typed nil template", func(d *dag.DAG) { d.Task("A", (*workflow.ContainerTemplate)(nil)) }, []string{
			`templates[main].tasks[A].template: is nil, or one that no constructor made`,
		}},
		{"zero templates", func(d *dag.DAG) {
			d.Task("A", &dag.DAG{})
			d.Task("B", new(workflow.ContainerTemplate).Command("x").Env("a", "b").Mount("v", "/v"))
			d.Task("C", new(workflow.FuncTemplate))
			d.Task("D", &steps.Steps{})
		}, []string{
			`templates[main].tasks[A].template: is nil, or one that no constructor made`,
			`templates[main].tasks[B].template: is nil, or one that no constructor made`,
			`templates[main].tasks[C].template: is nil, or one that no constructor made`,
			`templates[main].tasks[D].template: is nil, or one that no constructor made`,
		}},
		{"nil argument", func(d *dag.DAG) { d.Task("A", src, nil) }, []string{
			`templates[main].tasks[A].arguments.parameters[]: the argument is nil`,
		}},
		{"nil source", func(d *dag.DAG) { d.Task("A", echo, message.From(nil)) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: the source is nil`,
		}},
		{"zero source", func(d *dag.DAG) { d.Task("A", echo, message.From(workflow.Value[string]{})) }, []string{
			`templates[main].tasks[A].arguments.parameters[message]: the source is the zero Value, which no task gives`,
		}},
		{"output of nil", func(d *dag.DAG) { d.Task("A", num, n.From(rows.Of((*dag.Task)(nil)))) }, []string{
			`templates[main].tasks[A].arguments.parameters[n]: uses "rows" of a task that is nil or that no constructor made`,
		}},
		{"nil declarations", func(d *dag.DAG) {
			d.Task("A", workflow.Container("bad", "a").Inputs(nil, (*workflow.ParamDecl[int])(nil)).Outputs(nil))
			d.Outputs(rows.From(nil))
		}, []string{
			`templates[main].outputs.parameters[rows]: the source is nil`,
			`templates[bad].inputs.parameters[]: the declaration is nil`,
			`templates[bad].outputs.parameters[]: the declaration is nil`,
		}},
		{"enum", func(d *dag.DAG) {
			one := workflow.Container("one", "a").Inputs(n.Enum(1, 2).Default(3))
			d.Task("A", one, n.Set(4))
			d.Task("B", one, n.Set(2))
		}, []string{
			`templates[one].inputs.parameters[n]: the value "3" is not permitted: the enum is "1", "2"`,
			`templates[main].tasks[A].arguments.parameters[n]: the value "4" is not permitted: the enum is "1", "2"`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := dag.New("main")
			tt.build(d)
			_, err := workflow.New("x-", d)
			assert.Equal(t, tt.want, problems(err))
		})
	}
}

func TestMistakesOfSteps(t *testing.T) {
	echo, num, src := echoTemplate(), numTemplate(), srcTemplate()
	for _, tt := range []struct {
		name  string
		build func(s *steps.Steps)
		want  []string
	}{
		{"later and same group", func(s *steps.Steps) {
			g := s.Group()
			later := s.Step("later", src)
			g.Step("early", num, n.From(rows.Of(later)))
			same := s.Group()
			p := same.Step("p", src)
			same.Step("q", num, n.From(rows.Of(p)))
		}, []string{
			`templates[main].steps[early].arguments.parameters[n]: {{steps.later.outputs.parameters.rows}}: step "later" does not run before this one: it must be in an earlier group`,
			`templates[main].steps[q].arguments.parameters[n]: {{steps.p.outputs.parameters.rows}}: step "p" does not run before this one: it must be in an earlier group`,
		}},
		{"itself", func(s *steps.Steps) { s.Step("a", echo, message.Set("{{steps.a.id}}")) }, []string{
			`templates[main].steps[a].arguments.parameters[message]: {{steps.a.id}}: refers to itself`,
		}},
		{"recursion", func(s *steps.Steps) { s.Step("again", s) }, []string{
			`templates[main]: calls its own template without a condition, so the recursion has no end: main → main`,
		}},
		{"long recursion", func(s *steps.Steps) {
			d := dag.New("d")
			d.Task("s", s)
			s.Step("d", d)
		}, []string{
			`templates[main]: calls its own template without a condition, so the recursion has no end: main → d → main`,
		}},
		{"empty", func(s *steps.Steps) {}, []string{`templates[main].steps: there are none`}},
		{"only an empty group", func(s *steps.Steps) { s.Group() }, []string{`templates[main].steps: there are none`}},
		{"two of one name in two groups", func(s *steps.Steps) { s.Step("a", src); s.Step("a", src) }, []string{
			`templates[main].steps[a]: the name is used twice: by the step number 1 and 2`,
		}},
		{"step of other steps", func(s *steps.Steps) {
			s.Step("a", src)
			s.Step("b", num, n.From(rows.Of(steps.New("else").Step("a", src))))
		}, []string{`templates[main].steps[b].arguments.parameters[n]: uses "rows" of "a", which is in template "else"`}},
		{"a zero group's step", func(s *steps.Steps) {
			s.Step("b", num, n.From(rows.Of(new(steps.Group).Step("a", src))))
		}, []string{`templates[main].steps[b].arguments.parameters[n]: uses "rows" of a step that is nil or that no constructor made`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := steps.New("main")
			tt.build(s)
			_, err := workflow.New("x-", s)
			assert.Equal(t, tt.want, problems(err))
		})
	}
}

type (
	badText struct{}
	panics  struct{ p *int }
)

func (badText) MarshalText() ([]byte, error)  { return nil, errors.New("no text today") }
func (p panics) MarshalJSON() ([]byte, error) { return []byte{byte(*p.p)}, nil }

func setAny[T any](v T) workflow.Argument { return workflow.Param[T]("v").Set(v) }

// A value that cannot be written as text is one error, wherever it is given.
func TestMistakesOfValues(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = loop
	for name, tt := range map[string]struct {
		arg  workflow.Argument
		want string
	}{
		"func":              {setAny(func() {}), "json: unsupported type: func()"},
		"nil func":          {setAny((func())(nil)), "json: unsupported type: func()"},
		"chan":              {setAny(make(chan int)), "json: unsupported type: chan int"},
		"NaN":               {setAny(math.NaN()), "json: unsupported value: NaN"},
		"Inf":               {setAny(math.Inf(-1)), "json: unsupported value: -Inf"},
		"MarshalText error": {setAny(badText{}), "no text today"},
		"MarshalText nil":   {setAny((*badText)(nil)), "nil has no text"},
		"panic":             {setAny(panics{}), "panic: runtime error: invalid memory address or nil pointer dereference"},
		"loop":              {setAny(loop), "json: unsupported value: encountered a cycle via map[string]interface {}"},
	} {
		t.Run(name, func(t *testing.T) {
			echo := workflow.Container("echo", "a").With(func(t *spec.Template) {
				t.Inputs.Parameters = []spec.Parameter{{Name: "v"}}
			})
			d := dag.New("main")
			d.Task("A", echo, tt.arg)
			_, err := workflow.New("x-", d)
			assert.Equal(t, []string{"templates[main].tasks[A].arguments.parameters[v]: the value cannot be written as text: " + tt.want}, problems(err))

			_, err = workflow.New("x-", echo, tt.arg)
			assert.Equal(t, []string{"arguments.parameters[v]: the value cannot be written as text: " + tt.want}, problems(err))

			wf := workflow.Must(workflow.New("x-", echo, workflow.Param[string]("v").Set("")))
			_, err = wf.WithArguments(tt.arg)
			assert.Equal(t, []string{"arguments.parameters[v]: the value cannot be written as text: " + tt.want}, problems(err))
		})
	}
	t.Run("default and enum", func(t *testing.T) {
		f := workflow.Param[float64]("f")
		_, err := workflow.New("x-", workflow.Container("c", "a").Inputs(f.Default(math.NaN())))
		assert.Equal(t, []string{"templates[c].inputs.parameters[f]: the value cannot be written as text: json: unsupported value: NaN"}, problems(err))
		_, err = workflow.New("x-", workflow.Container("c", "a").Inputs(f.Enum(1, math.NaN())), f.Set(1))
		assert.Equal(t, []string{"templates[c].inputs.parameters[f]: the value cannot be written as text: json: unsupported value: NaN"}, problems(err))
	})
}

func TestMistakesOfText(t *testing.T) {
	for name, tt := range map[string]struct {
		text func(*dag.Task) workflow.Value[string]
		want string
	}{
		"too few":   {func(a *dag.Task) workflow.Value[string] { return workflow.Textf("%s and %s", rows.Of(a)) }, `Textf("%s and %s"): 2 verbs for 1 references`},
		"too many":  {func(a *dag.Task) workflow.Value[string] { return workflow.Textf("none", rows.Of(a)) }, `Textf("none"): 0 verbs for 1 references`},
		"odd verb":  {func(a *dag.Task) workflow.Value[string] { return workflow.Textf("%d", rows.Of(a)) }, `Textf("%d"): the only verb is %s, and %% is a percent sign`},
		"open verb": {func(a *dag.Task) workflow.Value[string] { return workflow.Textf("100%") }, `Textf("100%"): the only verb is %s, and %% is a percent sign`},
		"nil":       {func(a *dag.Task) workflow.Value[string] { return workflow.Textf("%s", nil) }, `Textf("%s"): reference 1 is nil`},
	} {
		t.Run(name, func(t *testing.T) {
			d := dag.New("main")
			a := d.Task("A", srcTemplate())
			d.Task("B", echoTemplate(), message.From(tt.text(a)))
			_, err := workflow.New("x-", d)
			assert.Equal(t, []string{"templates[main].tasks[B].arguments.parameters[message]: " + tt.want}, problems(err))
		})
	}
}

type (
	funcIn  struct{ N int }
	funcOut struct{ M int }
)

func double(_ context.Context, in funcIn) (funcOut, error) { return funcOut{2 * in.N}, nil }

func TestMistakesOfTemplates(t *testing.T) {
	src := srcTemplate()
	both := func(a, b workflow.Template) workflow.Template {
		d := dag.New("main")
		d.Task("A", a)
		d.Task("B", b)
		return d
	}
	inner := func(image string) workflow.Template {
		d := dag.New("inner")
		d.Task("x", workflow.Container("c", image))
		return d
	}
	type unexported struct{ _ int }
	type embedsPointer struct{ *funcIn }
	type twice struct {
		A int `json:"B"`
		B int
	}
	for _, tt := range []struct {
		name  string
		entry workflow.Template
		want  []string
	}{
		{"no entry", nil, []string{`spec.entrypoint: there is no template, or one that no constructor made`}},
		{"typed nil entry", (*dag.DAG)(nil), []string{`spec.entrypoint: there is no template, or one that no constructor made`}},
		{"zero entry", &dag.DAG{}, []string{`spec.entrypoint: there is no template, or one that no constructor made`}},
		{"two templates of one name", both(workflow.Container("c", "a"), workflow.Container("c", "b")), []string{
			`templates[c]: two different templates have this name`}},
		{"a template made twice", both(workflow.Container("c", "a"), workflow.Container("c", "a")), nil},
		{"two below templates made twice", both(inner("a"), inner("b")), []string{
			`templates[c]: two different templates have this name`}},
		{"a dag made twice", both(inner("a"), inner("a")), nil},
		{"a container and a dag of one name", both(workflow.Container("inner", "a"), inner("a")), []string{
			`templates[inner]: two different templates have this name`}},
		{"two functions of one name", both(
			workflow.Func("f", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
			workflow.Func("f", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })), []string{
			`templates[f]: two different templates have this name`}},
		{"bad names", func() workflow.Template {
			d := dag.New("main dag")
			d.Task("a_b", workflow.Container("", "a"))
			d.Task("", src)
			d.Task("-x", src)
			d.Task(strings.Repeat("x", 129), src)
			d.Task("é", src)
			return d
		}(), []string{
			`templates[main dag]: the name "main dag" must be letters, digits and -, and begin with a letter or digit`,
			`templates[1]: the template has no name`,
			`templates[main dag].tasks[a_b]: the name "a_b" must be letters, digits and -, and begin with a letter or digit`,
			`templates[main dag].tasks[]: the task has no name`,
			`templates[main dag].tasks[-x]: the name "-x" must be letters, digits and -, and begin with a letter or digit`,
			`templates[main dag].tasks[` + strings.Repeat("x", 129) + `]: the name is too long: 129 characters, and may have 128`,
			`templates[main dag].tasks[é]: the name "é" must be letters, digits and -, and begin with a letter or digit`,
		}},
		{"bad parameter names", workflow.Container("c", "a").
			Inputs(workflow.Param[string]("").Default(""), workflow.Param[string]("a b").Default(""), message.Default(""), message.Default("")).
			Outputs(workflow.Output[string]("ü").File("/x"), rows.File("/a"), rows.File("/b")), []string{
			`templates[c].inputs.parameters[]: the parameter has no name`,
			`templates[c].inputs.parameters[a b]: the name "a b" must be letters, digits, - and _`,
			`templates[c].inputs.parameters[message]: two parameters have this name`,
			`templates[c].outputs.parameters[ü]: the name "ü" must be letters, digits, - and _`,
			`templates[c].outputs.parameters[rows]: two parameters have this name`,
		}},
		{"no image", workflow.Container("c", ""), []string{`templates[c].container: has no image`}},
		{"script without image or interpreter", both(workflow.Script("s", "", "sh", "x"), workflow.Script("r", "a", " ", "x")), []string{
			`templates[s].script: has no image`,
			`templates[r].script: has no command: it is the interpreter of the source, such as [python]`,
		}},
		{"no file", workflow.Container("c", "a").Outputs(rows.File("")), []string{
			`templates[c].outputs.parameters[rows].valueFrom: has no path: it is the file in which the container leaves the value`}},
		{"output of a container from a task", workflow.Container("c", "a").Outputs(rows.From(rows.Of(dag.New("d").Task("A", src)))), []string{
			`templates[c].outputs.parameters[rows]: uses "rows" of "A", which is in template "d"`,
		}},
		{"result of a dag", func() workflow.Template {
			d := dag.New("d").Outputs(stdout)
			d.Task("A", src)
			return d
		}(), []string{`templates[d].outputs.result: a dag template has no standard output`}},
		{"nil function", workflow.Func[struct{}, struct{}]("f", nil), []string{`templates[f]: the function is nil`}},
		{"function of no structs", workflow.Func("f", func(context.Context, int) (*funcOut, error) { return nil, nil }), []string{
			`templates[f]: the function's input is of type int; it must be a struct, whose fields are the parameters`,
			`templates[f]: the function's output is of type *workflow_test.funcOut; it must be a struct, whose fields are the parameters`,
		}},
		{"function whose argument Run gives", workflow.Func("f", double), nil},
		{"function with unexported fields only", workflow.Func("f", func(context.Context, unexported) (struct{}, error) { return struct{}{}, nil }), nil},
		{"function with an embedded pointer", workflow.Func("f", func(context.Context, embedsPointer) (struct{}, error) { return struct{}{}, nil }), []string{
			`templates[f]: the function's input embeds a *workflow_test.funcIn; embed the struct itself`}},
		{"function with two fields of one name", workflow.Func("f", func(context.Context, struct{}) (twice, error) { return twice{}, nil }), []string{
			`templates[f].outputs.parameters[B]: two parameters have this name`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := workflow.New("x-", tt.entry)
			assert.Equal(t, tt.want, problems(err))
		})
	}
}

func TestMistakesOfWorkflows(t *testing.T) {
	echo := echoTemplate()
	long := strings.Repeat("x", 64)
	for _, tt := range []struct {
		name, wf string
		opts     []workflow.Option
		want     []string
	}{
		{"no name", "", []workflow.Option{message.Set("x")}, []string{`metadata: the workflow has neither a name nor a generateName`}},
		{"bad name", "Hello", []workflow.Option{message.Set("x")}, []string{
			`metadata.name: must be lower-case letters, digits, - and ., and begin and end with a letter or digit`}},
		{"long name", long, []workflow.Option{message.Set("x")}, []string{
			`metadata.name: is too long for the name of a run: it has 64 characters, and may have 63`}},
		{"an argument that Run gives", "x-", nil, nil},
		{"no such argument", "x-", []workflow.Option{message.Set("x"), workflow.Param[string]("messages").Set("x")}, []string{
			`arguments.parameters[messages]: template "echo" has no input "messages"; did you mean "message"?`}},
		{"type of an argument", "x-", []workflow.Option{msgInt.Set(1)}, []string{
			`arguments.parameters[message]: "message" is of type string in template "echo", not int`}},
		{"argument twice", "x-", []workflow.Option{message.Set("x"), message.Set("y")}, []string{
			`arguments.parameters[message]: two parameters have this name`}},
		{"nil options", "x-", []workflow.Option{nil, message.Set("x"), workflow.With(nil)}, nil},
		{"tag in an argument", "x-", []workflow.Option{message.Set("{{workflow.nme}}")}, []string{
			`arguments.parameters[message]: {{workflow.nme}}: no such variable; did you mean "workflow.name"?`}},
		{"edited entrypoint", "x-", []workflow.Option{message.Set("x"), workflow.With(func(w *spec.Workflow) { w.Spec.Entrypoint = "ecko" })}, []string{
			`spec.entrypoint: no template "ecko"; did you mean "echo"?`}},
		{"no entrypoint", "x-", []workflow.Option{message.Set("x"), workflow.With(func(w *spec.Workflow) { w.Spec.Entrypoint = "" })}, []string{
			`spec.entrypoint: there is none`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := workflow.New(tt.wf, echo, tt.opts...)
			assert.Equal(t, tt.want, problems(err))
		})
	}
	t.Run("an argument that Run does not give", func(t *testing.T) {
		_, err := workflow.Must(workflow.New("x-", echo)).Run(t.Context(), fake.New(t))
		assert.Equal(t, []string{`arguments.parameters[message]: needs a value`}, problems(err))
	})
	t.Run("enum of an argument", func(t *testing.T) {
		one := workflow.Container("one", "a").Inputs(n.Enum(1, 2))
		_, err := workflow.New("x-", one, n.Set(3))
		assert.Equal(t, []string{`arguments.parameters[n]: the value "3" is not permitted: the enum is "1", "2"`}, problems(err))
	})
	t.Run("each is an Error with a path", func(t *testing.T) {
		_, err := workflow.New("", echo)
		e, ok := errors.AsType[*workflow.Error](err)
		assert.True(t, ok)
		assert.Equal(t, &workflow.Error{Path: "metadata", Problem: "the workflow has neither a name nor a generateName"}, e)
		assert.Panics(t, func() { workflow.Must(workflow.New("", echo)) })
	})
}
