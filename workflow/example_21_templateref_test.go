package workflow_test

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// A template may stand elsewhere, in a WorkflowTemplate: here one made in Go; [source.Dir] reads a directory of YAML
// files. It is read and checked when the workflow is made.
func Example_templateRef() {
	const (
		repo  = workflow.Param[string]("repo")
		image = workflow.Output[string]("image")
		run   = workflow.Param[string]("run")
	)
	library := workflow.Must(workflow.New("build", workflow.Container("build", "acme/build:1").Inputs(repo).
		Command("build", repo.Ref(), "--out", "/tmp/image").Outputs(image.File("/tmp/image")))).Spec()
	templates, err := source.Of(&spec.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: "library"}, Spec: library.Spec})
	if err != nil {
		fmt.Println(err)
		return
	}

	deploy := workflow.Container("deploy", "acme/deploy:1").Inputs(run).Command("deploy", run.Ref())
	d := dag.New("release")
	b := d.Task("build", workflow.TemplateRef("library", "build").Inputs(repo).Outputs(image), repo.Set("acme/shop"))
	d.Task("deploy", deploy, run.From(image.Of(b)))

	ctx := context.Background()
	wf := workflow.Must(workflow.New("release-", d, workflow.Templates(ctx, templates)))
	r, err := wf.Run(ctx, fake.New(nil).On("build", fake.Succeed(image.Set("acme/shop:1"))))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Get(r.Node("deploy")))

	d.Task("scan", workflow.TemplateRef("library", "biuld"))
	_, err = workflow.New("release-", d, workflow.Templates(ctx, templates))
	fmt.Println(err)
	// Output:
	// acme/shop:1 <nil>
	// templates[release].tasks[scan].templateRef.template: "library" has no template "biuld"; did you mean "build"?
}
