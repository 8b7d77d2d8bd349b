package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// What a task gave can be looped over, and All collects what the nodes of the loop gave, in the order of the items. The
// compiler sees that a list of strings becomes strings, and numbers a list of numbers.
func Example_mapReduce() {
	const (
		file  = workflow.Param[string]("file")
		words = workflow.Output[int]("words")
		all   = workflow.Param[[]int]("all")
		total = workflow.Output[int]("total")
	)
	var files workflow.Result[[]string]
	list := workflow.Container("list", "acme/words:1").Command("words", "list", "--json").Outputs(files)
	count := workflow.Container("count", "acme/words:1").Inputs(file).
		Command("words", "count", file.Ref(), "--out", "/tmp/words").Outputs(words.File("/tmp/words"))
	sum := workflow.Container("sum", "acme/words:1").Inputs(all).
		Command("words", "sum", all.Ref(), "--out", "/tmp/total").Outputs(total.File("/tmp/total"))

	d := dag.New("map-reduce")
	l := d.Task("list", list)
	c := d.Task("count", count, file.Each(files.Of(l)))
	s := d.Task("sum", sum, all.From(words.All(c)))
	d.Outputs(total.From(total.Of(s)))
	wf := workflow.Must(workflow.New("map-reduce-", d))

	x := fake.New(nil).
		On("list", fake.Succeed(files.Set([]string{"a.txt", "chapter.txt"}))).
		OnFunc("count", func(t *executor.Task) (fake.Outcome, error) {
			name, err := file.Get(t)
			return fake.Succeed(words.Set(len(name))), err
		}).
		OnFunc("sum", func(t *executor.Task) (fake.Outcome, error) {
			sum := 0
			counts, err := all.Get(t)
			for _, n := range counts {
				sum += n
			}
			return fake.Succeed(total.Set(sum)), err
		})
	run, err := wf.Run(context.Background(), x)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all.Get(run.Node("sum")))
	fmt.Println(total.Get(run))
	// Output:
	// [5 11] <nil>
	// 16 <nil>
}
