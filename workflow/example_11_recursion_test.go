package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// A template may call itself. A condition is its end; where one fails to hold, [workflow.MaxNodes] and
// [workflow.MaxDepth] stop the run.
func Example_recursion() {
	type side string
	var coin workflow.Result[side]
	flip := workflow.Script("flip", "python:3.14-alpine", "python",
		`import random; print(random.choice(["heads", "tails"]))`).Outputs(coin)
	won := workflow.Container("won", "busybox").Command("echo", "it was heads")

	game := steps.New("game")
	flipped := game.Step("flip", flip)
	then := game.Group()
	then.Step("heads", won).When(coin.Of(flipped).Is("heads"))
	then.Step("tails", game).When(coin.Of(flipped).Is("tails")) // once more
	wf := workflow.Must(workflow.New("coinflip-", game))

	x := fake.New(nil).
		On("[0].flip", fake.Succeed(coin.Set("tails"))).
		On("[1].tails[0].flip", fake.Succeed(coin.Set("heads")))
	run, err := wf.Run(context.Background(), x)
	fmt.Println(run.Phase(), err)
	fmt.Println(x.Paths())
	// Output:
	// Succeeded <nil>
	// [[0].flip [1].tails[0].flip [1].tails[1].heads]
}
