package workflow_test

import (
	"time"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// Programs as users write them: the tests build, print and run them.

type Side string

const (
	Heads Side = "heads"
	Tails Side = "tails"
)

var side workflow.Result[Side]

// coinflip flips a coin until it is heads.
func coinflip() *steps.Steps {
	flip := workflow.Script("flip-coin", "python:alpine3.23", "python", `
import random
print("heads" if random.randint(0,1) == 0 else "tails")
`).Outputs(side)
	won := workflow.Container("heads", "busybox").Command("echo", "it was heads")

	coinflip := steps.New("coinflip")
	coin := coinflip.Step("flip-coin", flip)
	then := coinflip.Group()
	then.Step("heads", won).When(side.Of(coin).Is(Heads))
	then.Step("tails", coinflip).When(side.Of(coin).Is(Tails)) // again
	return coinflip
}

// Part is what split makes: one piece of the work.
type Part struct {
	ID  int    `json:"id"`
	Key string `json:"key"`
}

const (
	NumParts = workflow.Param[int]("num-parts")
	PartIn   = workflow.Param[Part]("part")
	Words    = workflow.Output[int]("words")
	Counts   = workflow.Param[[]int]("counts")
	Total    = workflow.Output[int]("total")
)

var Parts workflow.Result[[]Part]

// mapReduce counts the words of each part, and adds them.
func mapReduce() *dag.DAG {
	split := workflow.Script("split", "python:alpine3.23", "python", `
import json
print(json.dumps([{"id": i, "key": f"parts/{i}"} for i in range(`+NumParts.Ref()+`)]))
`).Inputs(NumParts).Outputs(Parts)
	count := workflow.Container("count", "acme/count:1").Inputs(PartIn).Outputs(Words.File("/out/words")).
		Command("count", "--part", PartIn.Ref())
	sum := workflow.Script("sum", "python:alpine3.23", "python", `
open("/out/total", "w").write(str(sum(`+Counts.Ref()+`)))
`).Inputs(Counts).Outputs(Total.File("/out/total"))

	d := dag.New("main").Inputs(NumParts)
	s := d.Task("split", split, NumParts.Pass())
	m := d.Task("map", count, PartIn.Each(Parts.Of(s))) // one node for each part
	r := d.Task("reduce", sum, Counts.From(Words.All(m)))
	return d.Outputs(Total.From(Total.Of(r)))
}

// nightly fetches and reports, and says how it went.
func nightly() (*dag.DAG, []workflow.Option) {
	fetch := workflow.Container("fetch", "acme/fetch:1").Command("fetch", "--day", "today").
		Timeout(10 * time.Minute).
		Retry(workflow.Retry{
			Limit:   4,
			Policy:  workflow.Always,
			Backoff: workflow.Backoff{Duration: time.Minute, Factor: 2, Cap: 5 * time.Minute},
		})
	report := workflow.Container("report", "acme/report:1").Command("report")

	d := dag.New("nightly")
	f := d.Task("fetch", fetch)
	d.Task("report", report).Dependencies(f).Timeout(time.Hour)

	mail := workflow.Container("mail", "acme/mail:1").
		Command("mail", workflow.Name.Ref()+" "+workflow.Status.Ref(), "--failures", workflow.Failures.Ref())
	page := workflow.Container("page", "acme/page:1").Command("page", "on-call")
	exit := steps.New("exit")
	g := exit.Group()
	g.Step("mail", mail)
	g.Step("page", page).When(workflow.Status.IsNot(workflow.Succeeded))
	return d, []workflow.Option{workflow.Deadline(6 * time.Hour), workflow.OnExit(exit)}
}

// What the template of a build and a test takes and gives.
const (
	Repo     = workflow.Param[string]("repo")
	Race     = workflow.Param[bool]("race")
	Image    = workflow.Output[string]("image")
	Coverage = workflow.Output[float64]("coverage")
)

func buildAndTest() workflow.Template {
	const image = workflow.Param[string]("image")
	build := workflow.Container("build", "acme/ko:1").Inputs(Repo).Outputs(Image.File("/out/image")).
		Command("build", Repo.Ref())
	test := workflow.Container("test", "acme/gotest:1").Inputs(image, Race).Outputs(Coverage.File("/out/cover")).
		Command("gotest", "--image", image.Ref(), "--race="+Race.Ref())

	d := dag.New("build-and-test").Inputs(Repo, Race.Default(true))
	b := d.Task("build", build, Repo.Pass())
	t := d.Task("test", test, image.From(Image.Of(b)), Race.Pass())
	return d.Outputs(Image.From(Image.Of(b)), Coverage.From(Coverage.Of(t)))
}

// release builds two services by one template, and deploys them together.
func release() *dag.DAG {
	const api, worker = workflow.Param[string]("api"), workflow.Param[string]("worker")
	deploy := workflow.Container("deploy", "acme/deploy:1").Inputs(api, worker).
		Command("deploy", "--api", api.Ref(), "--worker", worker.Ref())

	d := dag.New("release")
	a := d.Task("api", buildAndTest(), Repo.Set("acme/api"))
	w := d.Task("worker", buildAndTest(), Repo.Set("acme/worker"), Race.Set(false))
	d.Task("deploy", deploy, api.From(Image.Of(a)), worker.From(Image.Of(w)))
	return d
}

// rollout deploys to each region, one at a time, and rolls back if something is wrong.
func rollout(regions ...string) *dag.DAG {
	const region = workflow.Param[string]("region")
	deploy := workflow.Container("deploy", "acme/deploy:1").Inputs(region).Command("deploy", region.Ref()).
		Mutex("deploy")
	verify := workflow.Container("verify", "acme/verify:1").Command("verify")
	rollback := workflow.Container("rollback", "acme/deploy:1").Command("rollback")

	d := dag.New("rollout")
	var all []*dag.Task
	for _, r := range regions {
		all = append(all, d.Task("deploy-"+r, deploy, region.Set(r)))
	}
	v := d.Task("verify", verify).Dependencies(all...).ContinueOn(workflow.Failed)
	smoke := d.Task("smoke", verify)
	d.Task("rollback", rollback).Depends(v.Failed().Or(smoke.Failed()))
	d.Task("announce", verify).Depends(smoke.Succeeded().Or(v.Failed()))
	return d
}
