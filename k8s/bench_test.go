package k8s_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// fakeSpec sends Pods to simulated nodes, where they succeed at once.
var fakeSpec = spec.WorkflowSpec{
	NodeSelector: map[string]string{"type": "kwok"},
	Tolerations:  []corev1.Toleration{{Key: "kwok.x-k8s.io/node", Value: "fake", Effect: corev1.TaintEffectNoSchedule}},
}

func fakeTemplate() spec.Template {
	return spec.Template{Container: &corev1.Container{Image: image, Command: []string{"true"}}}
}

// needFakeNodes skips the test unless the cluster has simulated nodes.
func (c *cluster) needFakeNodes() {
	nodes, err := c.admin.CoreV1().Nodes().List(c.ctx, metav1.ListOptions{LabelSelector: "type=kwok"})
	require.NoError(c, err)
	if len(nodes.Items) == 0 {
		c.Skip("the cluster has no simulated nodes (label type=kwok, taint kwok.x-k8s.io/node=fake)")
	}
}

// The shapes of graphs: for each node, the nodes before it.
func chain(n int) [][]int {
	deps := make([][]int, n)
	for i := 1; i < n; i++ {
		deps[i] = []int{i - 1}
	}
	return deps
}

func fan(n int) [][]int { return make([][]int, n) }

func layers(n, width int) [][]int {
	deps := make([][]int, n)
	for i := width; i < n; i++ {
		deps[i] = []int{i - width, i - width + 1 - i%width/(width-1)*width}
	}
	return deps
}

// fakeWorkflow is a workflow of the graph on simulated nodes.
func fakeWorkflow(t testing.TB, deps [][]int, edit func(*spec.Template)) *workflow.Workflow {
	template := workflow.Container("true", image).Command("true").NodeSelector(fakeSpec.NodeSelector).With(func(t *spec.Template) {
		t.Tolerations = fakeSpec.Tolerations
		if edit != nil {
			edit(t)
		}
	})
	d := dag.New("graph")
	tasks := make([]*dag.Task, len(deps))
	for i, on := range deps {
		tasks[i] = d.Task(fmt.Sprintf("n%d", i), template)
		for _, j := range on {
			tasks[i].Dependencies(tasks[j])
		}
	}
	w, err := workflow.New("bench-", d)
	require.NoError(t, err)
	return w
}

// BenchmarkCluster compares a run with the floor. Both act as an account that has only the Role, so that the API
// server's fairness is the same for both, and one after the other, so that they do not disturb each other.
func BenchmarkCluster(b *testing.B) {
	for _, shape := range []struct {
		name string
		deps [][]int
	}{
		{"chain50", chain(50)}, {"fan190", fan(190)}, {"layers200", layers(200, 100)}, {"fan5000", fan(5000)},
	} {
		b.Run(shape.name, func(b *testing.B) {
			c := newCluster(b, nil)
			c.needFakeNodes()
			var requests atomic.Int64
			plain := rest.CopyConfig(c.config)
			c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				requests.Add(1)
				return next.RoundTrip(r)
			})
			w := fakeWorkflow(b, shape.deps, nil)
			x, err := k8s.FromConfig(c.config, c.namespace)
			require.NoError(b, err)
			runFloor := func() time.Duration {
				f := newFloor(b, plain, c.namespace, shape.deps, fakeSpec, fakeTemplate())
				begun := time.Now()
				ctx, cancel := context.WithTimeout(b.Context(), benchLimit)
				defer cancel()
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
			compare(b, runFloor, runOurs)
			b.ReportMetric(float64(requests.Load())/float64(b.N*len(shape.deps)), "requests/node")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// compare measures a floor and ours as often as b says, now the one first and now the other.
func compare(b *testing.B, floor, ours func() time.Duration) {
	var floorTime, ourTime time.Duration
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			floorTime += floor()
			ourTime += ours()
		} else {
			ourTime += ours()
			floorTime += floor()
		}
	}
	b.ReportMetric(float64(ourTime)/float64(floorTime), "x-floor")
	b.ReportMetric(floorTime.Seconds()*1000/float64(b.N), "floor-ms")
	b.ReportMetric(ourTime.Seconds()*1000/float64(b.N), "ours-ms")
}

// benchLimit is for how long a run or a floor goes on at most. Two cores that do nothing else run 5,000 Pods in 75
// seconds; what takes twice as long measures what else the machine does.
const benchLimit = 150 * time.Second

// runWithin runs the workflow, and says how far it came if it does not end in time.
func runWithin(b *testing.B, w *workflow.Workflow, x *k8s.Executor) {
	runner := workflow.NewRunner(x)
	run, err := runner.Start(b.Context(), w)
	require.NoError(b, err)
	ctx, cancel := context.WithTimeout(b.Context(), benchLimit)
	defer cancel()
	if err := run.Wait(ctx); err == nil || ctx.Err() == nil {
		require.NoError(b, err)
		return
	}
	phases := map[spec.Phase]int{}
	for n := range run.Nodes() {
		phases[n.Phase]++
	}
	_ = runner.Close() // the Pods go with the namespace
	b.Fatalf("the run has not ended after %v: %v", benchLimit, phases)
}

// untilEmpty waits until no Pod is left.
func (c *cluster) untilEmpty() {
	require.Eventually(c, func() bool {
		l, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{Limit: 1})
		return err == nil && len(l.Items) == 0
	}, 2*time.Minute, 20*time.Millisecond)
}

// TestRunOfMany counts the requests of a run on simulated nodes, and the memory that it holds while they run.
func TestRunOfMany(t *testing.T) {
	const n = 1000
	c := newCluster(t, nil)
	c.needFakeNodes()
	counts := c.count()
	x := c.executor(k8s.Waits{Events: time.Hour}) // on a busy cluster Pods wait so long that their events would be looked at
	w := fakeWorkflow(t, fan(n), func(t *spec.Template) {
		t.Metadata.Annotations = map[string]string{"test/run-for": "1h"}
	})
	before := memory()
	ctx, cancel := context.WithCancelCause(context.Background())
	runner := workflow.NewRunner(x)
	run, err := runner.Start(ctx, w)
	require.NoError(t, err)
	running := 0
	for e := range run.Events(ctx) {
		if e.Node.Phase == spec.Running && e.Node.Path != "" {
			if running++; running == n {
				break
			}
		}
	}
	perNode := (memory() - before) / n
	t.Logf("%d bytes a running node", perNode)
	assert.Less(t, perNode, int64(8<<10))
	assert.Equal(t, map[string]int{"POST pods": n}, counts.all())
	run.Cancel(errors.New("stopped"))
	require.Error(t, run.Wait(context.Background()))
	cancel(nil)
	assert.Equal(t, map[string]int{"POST pods": n, "DELETE pods/NAME": n}, counts.all())
}

// memory is the bytes that are held: the heap's objects and the stacks.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
