package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

type platform struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CGO  bool   `json:"cgo"`
}

// A loop is one node for each item of a list. If one argument takes the item, Param.Each is the whole loop; if several
// take parts of it, the item has a name.
func Example_loop() {
	const (
		goos   = workflow.Param[string]("os")
		goarch = workflow.Param[string]("arch")
		os     = workflow.Field[string]("os")
		arch   = workflow.Field[string]("arch")
		cgo    = workflow.Field[bool]("cgo")
	)
	vet := workflow.Container("vet", "golang:1.26").Inputs(goos).EnvVars(goos.Env("GOOS")).Command("go", "vet", "./...")
	build := workflow.Container("build", "golang:1.26").Inputs(goos, goarch).
		EnvVars(goos.Env("GOOS"), goarch.Env("GOARCH")).Command("go", "build", "./...")

	d := dag.New("all-platforms")
	d.Task("vet", vet, goos.Each(workflow.Items("linux", "windows")))
	p := workflow.Each(workflow.Items(
		platform{OS: "linux", Arch: "amd64"}, platform{OS: "linux", Arch: "arm64"}, platform{OS: "darwin", Arch: "arm64", CGO: true}))
	d.Task("build", build, goos.From(os.Of(p)), goarch.From(arch.Of(p))).Each(p).When(cgo.Of(p).Is(false))

	wf := workflow.Must(workflow.New("build-", d))
	run, err := wf.Run(context.Background(), fake.New(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range run.Nodes() {
		if n.Parent == "vet" || n.Parent == "build" {
			fmt.Println(n.DisplayName, n.Phase)
		}
	}
	// Output:
	// vet(0:linux) Succeeded
	// vet(1:windows) Succeeded
	// build(0:arch:amd64,cgo:false,os:linux) Succeeded
	// build(1:arch:arm64,cgo:false,os:linux) Succeeded
	// build(2:arch:arm64,cgo:true,os:darwin) Skipped
}
