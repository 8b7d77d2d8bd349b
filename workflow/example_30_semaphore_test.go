package workflow_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// As many nodes run at a time that hold a semaphore as a ConfigMap says, in all runs of a Runner. A mutex, for one at a
// time, needs no ConfigMap.
func Example_semaphore() {
	const table = workflow.Param[string]("table")
	query := workflow.Container("query", "postgres:17").Inputs(table).
		Command("psql", "-c", "select count(*) from "+table.Ref()).
		Semaphore("limits", "database")
	d := dag.New("count")
	name := workflow.Each(workflow.Items("users", "orders", "events"))
	d.Task("count", query, table.From(name)).Each(name)

	limits := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "limits"}, Data: map[string]string{"database": "2"}}
	config, err := source.Of(limits)
	if err != nil {
		panic(err)
	}
	r := workflow.NewRunner(fake.New(nil), workflow.WithConfig(config))
	defer r.Close()
	run, err := r.Start(context.Background(), workflow.Must(workflow.New("count-", d)))
	if err != nil {
		panic(err)
	}
	if err := run.Wait(context.Background()); err != nil {
		panic(err)
	}
	running, most := map[string]bool{}, 0
	for e := range run.Events(context.Background()) {
		delete(running, e.Node.Path)
		if e.Node.Type == spec.TypePod && e.Node.Phase == workflow.Running {
			running[e.Node.Path] = true
		}
		most = max(most, len(running))
	}
	fmt.Println("at most two at a time:", most <= 2)
	// Output: at most two at a time: true
}
