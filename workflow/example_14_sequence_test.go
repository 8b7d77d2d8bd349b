package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// A loop over numbers needs no list. FailFast begins no more of its nodes once one has failed.
func Example_sequence() {
	const shard = workflow.Param[int]("shard")
	index := workflow.Container("index", "acme/index:1").Inputs(shard).Command("index", "--shard", shard.Ref())

	s := steps.New("reindex").FailFast()
	s.Step("index", index, shard.Each(workflow.Sequence(0, 3)))
	wf := workflow.Must(workflow.New("reindex-", s))

	run, err := wf.Run(context.Background(), fake.New(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range run.Nodes() {
		if n.Template == "index" {
			number, err := shard.Get(n)
			fmt.Println(n.DisplayName, number, err)
		}
	}
	// Output:
	// index(0:0) 0 <nil>
	// index(1:1) 1 <nil>
	// index(2:2) 2 <nil>
	// index(3:3) 3 <nil>
}
