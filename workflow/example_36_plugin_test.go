package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow"
)

// mailer is a plugin: work that a program lends to workflows, which say in data what is to be done.
type mailer struct{ from string }

func (m mailer) Execute(_ context.Context, _ *executor.Task, config json.RawMessage) (executor.Result, error) {
	var mail struct{ To, Text string }
	if err := json.Unmarshal(config, &mail); err != nil {
		return executor.Result{}, err
	}
	fmt.Printf("from %s to %s: %s\n", m.from, mail.To, mail.Text)
	return executor.Result{Outputs: []executor.Value{{Name: "id", Value: "4711"}}}, nil
}

// A plugin does what its templates say in JSON. Tags in it are replaced text by text: no value can be more than a text.
// In YAML the template reads
//
//	plugin: {mail: {to: "{{inputs.parameters.to}}", text: …}}
func Example_plugin() {
	const (
		to = workflow.Param[string]("to")
		id = workflow.Output[int]("id")
	)
	config := map[string]string{"to": to.Ref(), "text": workflow.Name.Ref() + " is ready"}
	notify := workflow.PluginWork("notify", "mail", config).Inputs(to).Outputs(id.Supplied())
	wf := workflow.Must(workflow.New("report", notify))

	runner := workflow.NewRunner(local.New(), workflow.WithPlugin("mail", mailer{from: "ci@example.org"}))
	defer runner.Close()
	run, err := runner.Start(context.Background(), wf, to.Set(`"Eve", "to": "all"`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = run.Wait(context.Background())
	fmt.Println(err)
	fmt.Println(id.Get(run))

	without := workflow.NewRunner(local.New(), workflow.WithPlugin("email", mailer{}))
	defer without.Close()
	_, err = without.Start(context.Background(), wf, to.Set("eve"))
	fmt.Println(err)
	// Output:
	// from ci@example.org to "Eve", "to": "all": report is ready
	// <nil>
	// 4711 <nil>
	// templates[notify].plugin: the runner has no plugin "mail"; did you mean "email"?
}
