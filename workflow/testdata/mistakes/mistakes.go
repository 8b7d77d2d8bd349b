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

// own is not a template: only the module's own types are.
type own struct{}

func (own) template() {}

var _ workflow.Template = own{} // want `cannot use own{} (value of struct type own) as workflow.Template value in variable declaration`
