package cron_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
)

// A run knows the time for which it was started, and its schedule.
func TestScheduledTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wf, err := workflow.New("x-", workflow.Container("work", "busybox").
			Command("work", "{{workflow.scheduledTime}}", "{{workflow.labels.workflows.argoproj.io/cron-workflow}}"),
			workflow.Labels(map[string]string{cron.Label: ""}))
		require.NoError(t, err)
		x := fake.New(t)
		runner := workflow.NewRunner(x)
		c := cron.New(runner)
		require.NoError(t, c.Set(&cron.Schedule{Name: "nightly", Workflow: wf, Times: []string{"0 2 * * *"}, Timezone: "Europe/Berlin"}))
		run(t, c, at(t, "2000-01-02"))

		require.Len(t, x.Calls(), 1)
		template, err := x.Calls()[0].Template()
		require.NoError(t, err)
		assert.Equal(t, []string{"work", "2000-01-01T01:00:00Z", "nightly"}, append(template.Container.Command, template.Container.Args...))
		require.NoError(t, runner.Close())
	})
}
