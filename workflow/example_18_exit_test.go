package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// An exit handler runs when the workflow has ended, however it ended, and knows how. Tasks may have one too.
func Example_exitHandler() {
	const text = workflow.Param[string]("text")
	mail := workflow.Container("mail", "acme/mail:1").Inputs(text).Command("mail", text.Ref(), "--failures", workflow.Failures.Ref())
	page := workflow.Container("page", "acme/page:1").Command("page", "on-call")
	exit := steps.New("exit")
	g := exit.Group()
	g.Step("mail", mail, text.From(workflow.Textf("%s: %s", workflow.Name, workflow.Status)))
	g.Step("page", page).When(workflow.Status.IsNot(workflow.Succeeded))

	backup := workflow.Container("backup", "acme/backup:1").Command("backup")
	unlock := workflow.Container("unlock", "acme/backup:1").Command("unlock")
	d := dag.New("main")
	d.Task("backup", backup).OnExit(unlock)
	wf := workflow.Must(workflow.New("nightly", d, workflow.OnExit(exit)))

	x := fake.New(nil).On("backup", fake.Fail(1, "disk full"))
	_, err := wf.Run(context.Background(), x)
	fmt.Println(err)
	for _, call := range x.Calls() {
		fmt.Println(call.Path, call.Inputs)
	}
	// Unordered output:
	// run nightly: Failed: backup: disk full (exit code 1)
	// backup []
	// backup.onExit []
	// onExit[0].mail [{text nightly: Failed}]
	// onExit[0].page []
}
