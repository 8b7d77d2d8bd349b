package k8s_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
)

// {{pod.name}} is the name of the Pod, before there is one.
func TestPodNameTag(t *testing.T) {
	c := newCluster(t, nil)
	var name workflow.Result[string]
	say := workflow.Container("say", "busybox").Command("echo", "{{pod.name}}").Outputs(name)
	run, err := workflow.Must(workflow.New("say-", say)).Run(t.Context(), c.executor(k8s.Waits{}, withAgent(t)...))
	require.NoError(t, err)
	said, err := name.Get(run)
	require.NoError(t, err)
	assert.Equal(t, run.Node("").Pod, said)
}
