package cron_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
)

// A CronWorkflow is loaded and set; Run starts its runs until the program ends.
func Example() {
	nightly, err := cron.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 2 * * *"]
  timezone: Europe/Berlin
  concurrencyPolicy: Forbid
  workflowSpec:
    entrypoint: backup
    templates:
    - name: backup
      container: {image: acme/backup, command: [backup]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := workflow.NewRunner(fake.New(nil))
	defer runner.Close()

	c := cron.New(runner)
	if err := c.Set(nightly); err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background()) // a program takes signal.NotifyContext
	stop()                                                // and this example has no time to wait for the night
	fmt.Println(c.Run(ctx))

	status, err := c.Status("nightly")
	fmt.Println(status.Next.Format("15:04"), status.Succeeded, err)
	// Output:
	// context canceled
	// 02:00 0 <nil>
}
