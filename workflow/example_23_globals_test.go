package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Some values belong to the whole run, and every template may use them without being passed them: its parameters, its
// name and the like, and outputs that a template makes global.
func Example_globals() {
	const (
		region  = workflow.Param[string]("region")
		file    = workflow.Output[string]("version")
		version = workflow.Global[string]("release-version")
		title   = workflow.Param[string]("title")
	)
	tag := workflow.Container("tag", "acme/tag:1").Command("tag", "--out", "/tmp/version").
		Outputs(file.File("/tmp/version").Global(version))
	prepare := dag.New("prepare")
	prepare.Task("tag", tag)
	deploy := workflow.Container("deploy", "acme/deploy:1").Inputs(title).
		EnvVars(region.OfWorkflow().Env("REGION")).
		Command("deploy", "--title", title.Ref(), "--run", workflow.Name.Ref())

	d := dag.New("main").Inputs(region)
	p := d.Task("prepare", prepare)
	d.Task("deploy", deploy, title.From(workflow.Textf("%s in %s", version, region.OfWorkflow()))).Dependencies(p)
	wf := workflow.Must(workflow.New("release-", d, region.Set("us")))

	x := fake.New(nil).On("tag", fake.Succeed(file.Set("v1.2.0")))
	run, err := wf.Run(context.Background(), x, region.Set("eu"), workflow.RunName("release-7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(title.Get(run.Node("deploy")))
	ran, err := x.Calls()[1].Template()
	fmt.Println(ran.Container.Command, ran.Container.Env[0].Value, err)
	// Output:
	// v1.2.0 in eu <nil>
	// [deploy --title v1.2.0 in eu --run release-7] eu <nil>
}
