package k8s_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// BenchmarkAgentPod compares how long a Pod with the agent takes, from before its Create until its result is known, with
// a plain one. With input artifacts there is an init container, whose end the kubelet notices up to a second later. The
// kinds take turns, so that what else the machine does is the same for all.
func BenchmarkAgentPod(b *testing.B) {
	c := newCluster(b, nil)
	agent := withAgent(b)
	kinds := []struct {
		name   string
		change func(*k8s.Executor)
		result bool
		inputs []executor.Artifact
		took   time.Duration
	}{
		{name: "plain", change: func(*k8s.Executor) {}},
		{name: "volume", change: (*k8s.Executor).AgentByVolume, result: true},
		{name: "copy", change: (*k8s.Executor).AgentByCopy, result: true},
		{name: "inputs", change: (*k8s.Executor).AgentByVolume, result: true, inputs: []executor.Artifact{raw("in", "/in", "hello")}},
	}
	executors := make([]*k8s.Executor, len(kinds))
	for i := range kinds {
		executors[i] = c.executor(k8s.Waits{}, agent...)
		kinds[i].change(executors[i])
	}
	one := func(i int) time.Duration {
		task := taking(shell("echo hello"), kinds[i].inputs...)
		task.WantResult = kinds[i].result
		begun := time.Now()
		result, err := execute(b, executors[i], task).end()
		took := time.Since(begun)
		require.NoError(b, err)
		require.Equal(b, kinds[i].result, result.Result != nil && *result.Result == "hello")
		return took
	}
	for i := range kinds {
		one(i) // pulls the images
	}
	for b.Loop() {
		for i := range kinds {
			kinds[i].took += one(i)
		}
	}
	for i := range kinds {
		b.ReportMetric(float64(kinds[i].took.Milliseconds())/float64(b.N), kinds[i].name+"-ms")
		b.ReportMetric(float64(kinds[i].took)/float64(kinds[0].took), kinds[i].name+"-x-plain")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkResultChain compares a chain of real Pods that pass a result each with the same chain of plain Pods that pass
// nothing, by bare client-go.
func BenchmarkResultChain(b *testing.B) {
	const n = 10
	c := newCluster(b, nil)
	agent := withAgent(b)
	w := resultChain(b, n)
	for _, kind := range []struct {
		name   string
		change func(*k8s.Executor)
	}{{"volume", (*k8s.Executor).AgentByVolume}, {"copy", (*k8s.Executor).AgentByCopy}} {
		b.Run(kind.name, func(b *testing.B) {
			x, err := k8s.FromConfig(c.config, c.namespace, agent...)
			require.NoError(b, err)
			kind.change(x)
			runFloor := func() time.Duration {
				f := newFloor(b, rest.CopyConfig(c.config), c.namespace, chain(n), spec.WorkflowSpec{}, shell("echo hello"))
				ctx, cancel := context.WithTimeout(b.Context(), benchLimit)
				defer cancel()
				begun := time.Now()
				f.run(b, ctx)
				took := time.Since(begun)
				c.untilEmpty()
				return took
			}
			runOurs := func() time.Duration {
				begun := time.Now()
				runWithin(b, w, x)
				took := time.Since(begun)
				c.untilEmpty()
				return took
			}
			runFloor() // it pulls the image
			compare(b, runFloor, runOurs)
			b.ReportMetric(0, "ns/op")
		})
	}
}

// resultChain is a chain of containers that each print what the one before printed, and a letter.
func resultChain(t testing.TB, n int) *workflow.Workflow {
	const sofar = workflow.Param[string]("sofar")
	var result workflow.Result[string]
	add := workflow.Container("add", image).Inputs(sofar).Outputs(result).Command("sh", "-c", `echo "$0"x`).Args(sofar.Ref())
	d := dag.New("chain")
	task := d.Task("n0", add, sofar.Set(""))
	for i := 1; i < n; i++ {
		task = d.Task(fmt.Sprintf("n%d", i), add, sofar.From(result.Of(task)))
	}
	w, err := workflow.New("chain-", d)
	require.NoError(t, err)
	return w
}
