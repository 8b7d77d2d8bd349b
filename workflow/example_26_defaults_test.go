package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// What all templates are to have is said once; a template that says otherwise has it its own way. Such edits reach all
// of Argo's fields, also those that have no method here.
func Example_templateDefaults() {
	report := workflow.Container("report", "acme/report:1").Command("report")
	page := workflow.Container("page", "acme/page:1").Command("page").
		With(func(t *spec.Template) { t.PriorityClassName = "urgent" })
	d := dag.New("main")
	r := d.Task("report", report)
	d.Task("page", page).Dependencies(r)
	wf := workflow.Must(workflow.New("report-", d, workflow.TemplateDefaults(func(t *spec.Template) {
		t.PriorityClassName = "batch"
		t.ServiceAccountName = "reporter"
	})))

	x := fake.New(nil)
	if _, err := wf.Run(context.Background(), x); err != nil {
		fmt.Println(err)
		return
	}
	for _, call := range x.Calls() {
		t, err := call.Template()
		fmt.Println(t.Name, t.PriorityClassName, t.ServiceAccountName, err)
	}
	// Output:
	// report batch reporter <nil>
	// page urgent reporter <nil>
}
