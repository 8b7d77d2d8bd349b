package cron_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExamples runs Argo's example CronWorkflows for the first minutes of the year 2000. Their templates are in the same
// file, or in that of the example's WorkflowTemplate.
func TestExamples(t *testing.T) {
	files := argotest.Examples(t)
	for file, want := range map[string][]string{
		"cron-workflow.yaml":                    {"00:01", "00:02", "00:03", "00:04", "00:05", "00:06", "00:07", "00:08", "00:09"},
		"cron-workflow-multiple-schedules.yaml": {"00:02", "00:03", "00:04", "00:06", "00:08", "00:09"}, // still Friday in Los Angeles
		"cron-when.yaml":                        {"00:01", "00:08"},
		"cron-backfill.yaml":                    {},
		"dag-inline-cronworkflow.yaml":          {"00:05"},
	} {
		t.Run(file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				data, err := os.ReadFile(files[file])
				require.NoError(t, err)
				more, err := os.ReadFile(files["dag-inline-workflowtemplate.yaml"])
				require.NoError(t, err)
				objects, err := spec.Decode(io.MultiReader(bytes.NewReader(data), strings.NewReader("\n---\n"), bytes.NewReader(more)))
				require.NoError(t, err)
				templates := &source.Memory{}
				for _, o := range objects {
					if o, ok := o.(*spec.WorkflowTemplate); ok {
						require.NoError(t, templates.Set(o))
					}
				}
				s, err := cron.Load(bytes.NewReader(data), workflow.Templates(t.Context(), templates))
				require.NoError(t, err)

				runner := workflow.NewRunner(fake.New(nil))
				defer runner.Close()
				c := cron.New(runner)
				require.NoError(t, c.Set(s))
				run(t, c, at(t, "2000-01-01T00:09:30Z"))
				assert.Equal(t, want, started(t, runner, "UTC", "15:04"))
				status, err := c.Status(s.Name)
				require.NoError(t, err)
				assert.EqualValues(t, len(want), status.Succeeded)
				for run := range runner.List() {
					assert.Equal(t, s.Name, run.Workflow().Labels[cron.Label])
				}
			})
		})
	}
}
