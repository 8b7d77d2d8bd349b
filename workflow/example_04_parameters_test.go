package workflow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// Parameters have Go types. A dag takes some itself and passes them on; those of the entrypoint are the workflow's, and
// each run may set them.
func Example_parameters() {
	const (
		region = workflow.Param[string]("region")
		limit  = workflow.Param[time.Duration]("limit")
	)
	crawl := workflow.Container("crawl", "acme/crawl:1").
		Inputs(region.Enum("eu", "us"), limit).
		EnvVars(region.Env("REGION")). // where no shell reads the value
		Command("crawl", "--limit", limit.Ref())

	d := dag.New("crawling").Inputs(region.Default("eu").Enum("eu", "us"))
	d.Task("crawl", crawl, region.Pass(), limit.Set(90*time.Second))
	wf := workflow.Must(workflow.New("crawl-", d))

	run, err := wf.Run(context.Background(), fake.New(nil), region.Set("us"))
	if err != nil {
		fmt.Println(err)
		return
	}
	where, err := region.Get(run.Node("crawl"))
	fmt.Println(where, err)
	howLong, err := limit.Get(run.Node("crawl"))
	fmt.Println(howLong, err)

	_, err = wf.Run(context.Background(), fake.New(nil), region.Set("mars"))
	fmt.Println(err)
	// Output:
	// us <nil>
	// 1m30s <nil>
	// arguments.parameters[region]: the value "mars" is not one of the enum
}
