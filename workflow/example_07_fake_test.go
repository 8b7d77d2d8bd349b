package workflow_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A unit test scripts how tasks end, and looks at what became of it: the run's tree, what ran, and with which inputs.
// In a test, fake.New(t) also fails it for a script that was not used.
func Example_unitTest() {
	const (
		url    = workflow.Param[string]("url")
		length = workflow.Output[int]("length")
		size   = workflow.Param[int]("size")
	)
	fetch := workflow.Container("fetch", "acme/fetch:1").Inputs(url).Command("fetch", url.Ref()).Outputs(length.File("/out/length"))
	store := workflow.Container("store", "acme/store:1").Inputs(size).Command("store", size.Ref())
	d := dag.New("mirror").Inputs(url)
	f := d.Task("fetch", fetch, url.Pass())
	d.Task("store", store, size.From(length.Of(f)))
	wf := workflow.Must(workflow.New("mirror-", d, url.Set("https://example.org")))

	x := fake.New(nil).
		OnFunc("fetch", func(task *executor.Task) (fake.Outcome, error) {
			from, err := url.Get(task)
			return fake.Succeed(length.Set(len(from))), err
		}).
		On("store", fake.Fail(28, "no space left"))
	_, err := wf.Run(context.Background(), x)

	if failed, ok := errors.AsType[*workflow.NodeError](err); ok {
		fmt.Println(failed.Path, failed.ExitCode, failed.Message)
	}
	fmt.Println(x.Paths())
	fmt.Println(size.Get(x.Calls()[1]))
	fmt.Println(x.Verify())
	// Output:
	// store 28 no space left
	// [fetch store]
	// 19 <nil>
	// <nil>
}
