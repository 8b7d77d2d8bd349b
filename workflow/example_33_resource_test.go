package workflow_test

import (
	"context"
	"fmt"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// A resource template makes, changes or reads a Kubernetes object, waits for it, and gives fields of it. JSON puts a
// value into the manifest where it cannot be more than a value.
func Example_resource() {
	const (
		name  = workflow.Param[string]("name")
		ip    = workflow.Output[string]("ip")
		where = workflow.Param[string]("where")
	)
	service := workflow.Resource("service", "create", `
apiVersion: v1
kind: Service
metadata: {name: `+workflow.JSON(name)+`}
spec: {selector: {app: `+workflow.JSON(name)+`}, ports: [{port: 80}]}
`).Inputs(name).Owned().Outputs(ip.JSONPath("{.spec.clusterIP}"))
	probe := workflow.Container("probe", "acme/probe:1").Inputs(where).Command("probe", where.Ref())

	d := dag.New("main").Inputs(name)
	s := d.Task("service", service, name.Pass())
	d.Task("probe", probe, where.From(workflow.Textf("http://%s/health", ip.Of(s))))
	wf := workflow.Must(workflow.New("probe-", d))

	x := fake.New(nil).On("service", fake.Succeed(ip.Set("10.96.0.12")))
	run, err := wf.Run(context.Background(), x, name.Set(`shop", "x": "y`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(where.Get(run.Node("probe")))
	made, err := x.Calls()[0].Template()
	fmt.Println(made.Resource.Manifest, err)
	// Output:
	// http://10.96.0.12/health <nil>
	//
	// apiVersion: v1
	// kind: Service
	// metadata: {name: "shop\", \"x\": \"y"}
	// spec: {selector: {app: "shop\", \"x\": \"y"}, ports: [{port: 80}]}
	//  <nil>
}
