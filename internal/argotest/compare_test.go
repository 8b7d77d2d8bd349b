package argotest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
)

func TestDifferences(t *testing.T) {
	record := func() *argotest.Record { return argotest.Golden(t, "steps.yaml") }
	s, err := record().Workflow(t)
	require.NoError(t, err)
	wf, err := workflow.FromSpec(s)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	require.Empty(t, argotest.Differences(record(), run))

	const leaf = "WF[1].hello2a"
	other := "other"
	for want, change := range map[string]func(r *argotest.Record, n *argotest.Node){
		leaf + ": should not be there":                                 func(r *argotest.Record, _ *argotest.Node) { delete(r.Nodes, leaf) },
		"WF[2]: is not there":                                          func(r *argotest.Record, n *argotest.Node) { r.Nodes["WF[2]"] = n },
		"the workflow's phase is Succeeded, not Failed":                func(r *argotest.Record, _ *argotest.Node) { r.Phase = workflow.Failed },
		`the workflow's message is "", not "other"`:                    func(r *argotest.Record, _ *argotest.Node) { r.Message = other },
		leaf + ": type Pod, not DAG":                                   func(_ *argotest.Record, n *argotest.Node) { n.Type = "DAG" },
		leaf + ": phase Succeeded, not Skipped":                        func(_ *argotest.Record, n *argotest.Node) { n.Phase = workflow.Skipped },
		leaf + `: message "", not "other"`:                             func(_ *argotest.Record, n *argotest.Node) { n.Message = other },
		leaf + `: template "print-message", not "other"`:               func(_ *argotest.Record, n *argotest.Node) { n.Template = other },
		leaf + `: displayName "hello2a", not "other"`:                  func(_ *argotest.Record, n *argotest.Node) { n.DisplayName = other },
		leaf + `: inputs {"message":"hello2a"}, not {"message":"one"}`: func(_ *argotest.Record, n *argotest.Node) { n.Inputs["message"] = "one" },
		leaf + `: outputs {}, not {"message":"one"}`:                   func(_ *argotest.Record, n *argotest.Node) { n.Outputs["message"] = "one" },
		leaf + `: result null, not "other"`:                            func(_ *argotest.Record, n *argotest.Node) { n.Result = &other },
		leaf + `: exitCode "0", not null`:                              func(_ *argotest.Record, n *argotest.Node) { n.ExitCode = nil },
		leaf + `: children [], not ["WF[1]"]`:                          func(_ *argotest.Record, n *argotest.Node) { n.Children = []string{"WF[1]"} },
	} {
		r := record()
		change(r, r.Nodes[leaf])
		assert.Equal(t, []string{want}, argotest.Differences(r, run))
	}
}

// A time is equal to another, and what the program's end decides is left out of a record that depends on it.
func TestDifferencesThatTwoRunsHave(t *testing.T) {
	r := argotest.Golden(t, "steps.yaml")
	s, err := r.Workflow(t)
	require.NoError(t, err)
	for i := range s.Spec.Templates {
		for _, group := range s.Spec.Templates[i].Steps {
			*group[0].Arguments.Parameters[0].Value = "2026-11-25T09:11:35Z"
		}
	}
	wf, err := workflow.FromSpec(s)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)

	code := "143"
	for _, name := range []string{"WF[0].hello1", "WF[1].hello2a"} {
		r.Nodes[name].Inputs["message"] = "2000-01-01T00:00:00Z"
		r.Nodes[name].Message, r.Nodes[name].ExitCode = "Step exceeded its deadline", &code
	}
	assert.Len(t, argotest.Differences(r, run), 4)
	r.Timing = true
	assert.Empty(t, argotest.Differences(r, run))
}

func TestSource(t *testing.T) {
	m := argotest.Source(t)
	for _, name := range []string{"my-config", "simple-parameters"} {
		_, err := m.ConfigMap(t.Context(), name)
		assert.NoError(t, err)
	}
	_, err := m.WorkflowTemplate(t.Context(), "workflow-template-print-message")
	assert.NoError(t, err)
	_, err = m.ClusterWorkflowTemplate(t.Context(), "cluster-workflow-template-print-message")
	assert.NoError(t, err)
}
