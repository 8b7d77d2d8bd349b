// Package mistakes is what must not compile, and what the compiler says of it: TestMistakesOfTypes compares.
package mistakes

import (
	"context"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

const (
	message = workflow.Param[string]("message")
	rows    = workflow.Output[int]("rows")
)

var (
	words workflow.Result[[]string]
	echo  = workflow.Container("echo", "alpine:3.23")
	d     = dag.New("d")
	s     = steps.New("s")
	task  = d.Task("a", echo)
	step  = s.Step("x", echo)
)

// Values of another type than the parameter's.
func values() {
	message.Set(3)                         // want `cannot use 3 (untyped int constant) as string value in argument to message.Set`
	message.Default(true)                  // want `cannot use true (untyped bool constant) as string value in argument to message.Default`
	message.Enum("a", 1.5)                 // want `cannot use 1.5 (untyped float constant) as string value in argument to message.Enum`
	message.From(rows.Of(task))            // want `does not implement workflow.Source[string] (wrong type for method supplies)`
	message.From(words.Of(task))           // want `does not implement workflow.Source[string] (wrong type for method supplies)`
	message.From("hello")                  // want `does not implement workflow.Source[string] (missing method`
	rows.From(words.Of(task))              // want `does not implement workflow.Source[int] (wrong type for method supplies)`
	workflow.Textf("%s", "hello")          // want `does not implement workflow.Reference (missing method`
	_ = message.Set("x").Ref()             // want `message.Set("x").Ref undefined`
	var _ workflow.Value[string] = message // want `cannot use message (constant "message" of string type workflow.Param[string]) as workflow.Value[string] value in variable declaration`
}

// Things of one kind where another is wanted.
func kinds(ctx context.Context) {
	echo.Inputs(rows)                     // want `does not implement workflow.InputDecl (missing method input)`
	echo.Outputs(message)                 // want `does not implement workflow.OutputDecl (missing method output)`
	echo.Outputs(rows)                    // want `does not implement workflow.OutputDecl (missing method output)`
	task.Dependencies(step)               // want `cannot use step (variable of type *steps.Step) as *dag.Task value in argument to task.Dependencies`
	step.Dependencies(task)               // want `step.Dependencies undefined (type *steps.Step has no field or method Dependencies)`
	d.Task("b", task)                     // want `does not implement workflow.Template`
	d.Task("b", "echo")                   // want `does not implement workflow.Template`
	d.Task("b", echo, rows.Of(task))      // want `does not implement workflow.Binding (missing method binding)`
	d.Task("b", echo, message)            // want `does not implement workflow.Binding (missing method binding)`
	rows.Of(echo)                         // want `does not implement workflow.Node`
	workflow.New("x-", task)              // want `does not implement workflow.Template`
	workflow.New("x-", d, message.Pass()) // want `does not implement workflow.Option (missing method apply)`
	wf, _ := workflow.New("x-", d)
	wf.Run(ctx, nil, message.From(workflow.Name))         // want `does not implement workflow.RunOption (missing method applyRun)`
	workflow.Func("f", func(in int) error { return nil }) // want `does not match func(context.Context, In) (Out, error)`
}

const (
	side  = workflow.Output[Side]("side")
	total = workflow.Global[string]("total")
	files = workflow.Artifact("files")
	key   = workflow.Field[int]("key")
)

// Side is a type of its own.
type Side string

// Conditions, loops, expressions over ends, and artifacts, of things that do not fit.
func language() {
	task.When(rows.Of(task).Is("x"))                              // want `cannot use "x" (untyped string constant) as int value in argument to rows.Of(task).Is`
	task.When(side.Of(task).Is(workflow.Failed))                  // want `cannot use workflow.Failed (constant "Failed" of string type spec.Phase) as Side value in argument to side.Of(task).Is`
	task.When(message)                                            // want `cannot use message (constant "message" of string type workflow.Param[string]) as workflow.Condition value in argument to task.When`
	task.When("x == y")                                           // want `cannot use "x == y" (untyped string constant) as workflow.Condition value in argument to task.When`
	task.When(task.Failed())                                      // want `cannot use task.Failed() (value of struct type dag.Depends) as workflow.Condition value in argument to task.When`
	task.Depends(rows.Of(task).Is(1))                             // want `as dag.Depends value in argument to task.Depends`
	step.Depends(task.Failed())                                   // want `step.Depends undefined (type *steps.Step has no field or method Depends)`
	workflow.Less(message, "x")                                   // want `string does not satisfy int | int64 | float64`
	workflow.If(workflow.Expr("x"), rows.Of(task), side.Of(task)) // want `type workflow.Value[Side] of side.Of(task) does not match inferred type workflow.Source[int]`
	message.From(workflow.Each(workflow.Items(1, 2)))             // want `does not implement workflow.Source[string] (wrong type for method supplies)`
	message.Each(workflow.Items(1, 2))                            // want `does not implement workflow.Source[[]string] (wrong type for method supplies)`
	message.Each(rows.Of(task))                                   // want `does not implement workflow.Source[[]string] (wrong type for method supplies)`
	message.From(rows.All(task))                                  // want `does not implement workflow.Source[string] (wrong type for method supplies)`
	message.From(key.Of(workflow.Each(workflow.Items(1))))        // want `does not implement workflow.Source[string] (wrong type for method supplies)`
	key.Of(workflow.Items(1))                                     // want `does not implement workflow.Loop`
	task.Each(workflow.Items(1))                                  // want `does not implement workflow.Loop`
	rows.File("/rows").Global(total)                              // want `cannot use total (constant "total" of string type workflow.Global[string]) as workflow.Global[int] value`
	rows.File("/rows").Default("x")                               // want `cannot use "x" (untyped string constant) as int value`
	message.From(files.Of(task))                                  // want `does not implement workflow.Source[string] (missing method`
	files.From(rows.Of(task))                                     // want `as workflow.Files value in argument to files.From`
	workflow.New("x-", d, files.From(files.Of(task)))             // want `does not implement workflow.Option (missing method apply)`
	workflow.Suspend("s").Command("x")                            // want `has no field or method Command`
	d.Target(step)                                                // want `cannot use step (variable of type *steps.Step) as *dag.Task value in argument to d.Target`
	task.OnExit(task)                                             // want `does not implement workflow.Template`
	task.OnExit(echo, message)                                    // want `does not implement workflow.Binding (missing method binding)`
	d.Retry(workflow.Backoff{})                                   // want `cannot use workflow.Backoff{} (value of struct type workflow.Backoff) as workflow.Retry value in argument to d.Retry`
	workflow.TemplateRef("a", "b").Outputs(rows.File("/x"))       // want `does not implement workflow.OutputHandle`
}

// own is not a template: only the module's own types are.
type own struct{}

func (own) template() {}

var _ workflow.Template = own{} // want `cannot use own{} (value of struct type own) as workflow.Template value in variable declaration`
