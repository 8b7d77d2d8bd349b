package k8s_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// floor runs a graph of Pods by bare client-go: a watch, a create for each Pod once those before it have succeeded, and
// deletes of 500 at a time. It keeps nothing and handles no trouble.
type floor struct {
	client kubernetes.Interface
	pods   []*corev1.Pod
	// after are the nodes that come after a node, and before how many are before it.
	after  [][]int
	before []int32
	index  map[string]int
	slots  chan struct{}
}

// newFloor makes the Pods of the graph, which costs no time of the floor.
func newFloor(t testing.TB, config *rest.Config, namespace string, deps [][]int, w spec.WorkflowSpec, template spec.Template) *floor {
	c := rest.CopyConfig(config)
	c.QPS = -1
	c.ContentType = "application/vnd.kubernetes.protobuf"
	c.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	f := &floor{
		client: kubernetes.NewForConfigOrDie(c), after: make([][]int, len(deps)), before: make([]int32, len(deps)),
		index: map[string]int{}, slots: make(chan struct{}, 100),
	}
	r := newRun(w)
	for i, d := range deps {
		p, err := k8s.BuildPod(newTask(r, fmt.Sprintf("n%d", i), template), namespace)
		require.NoError(t, err)
		f.pods = append(f.pods, p)
		f.index[p.Name] = i
		f.before[i] = int32(len(d))
		for _, on := range d {
			f.after[on] = append(f.after[on], i)
		}
	}
	return f
}

// run runs the graph to its end and deletes the Pods.
func (f *floor) run(t testing.TB, ctx context.Context) {
	api := f.client.CoreV1().Pods(f.pods[0].Namespace)
	selector := k8s.LabelRunUID + "=" + f.pods[0].Labels[k8s.LabelRunUID]
	list, err := api.List(ctx, metav1.ListOptions{LabelSelector: selector})
	require.NoError(t, err)
	at := list.ResourceVersion
	watch := func() watch.Interface {
		w, err := api.Watch(ctx, metav1.ListOptions{LabelSelector: selector, ResourceVersion: at})
		require.NoError(t, err)
		return w
	}
	w := watch()
	defer func() { w.Stop() }()
	create := func(i int) {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		_, err := api.Create(ctx, f.pods[i], metav1.CreateOptions{})
		if err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	for i, n := range f.before {
		if n == 0 {
			go create(i)
		}
	}
	ended := make([]bool, len(f.pods))
	for left := len(f.pods); left > 0; {
		e, ok := <-w.ResultChan()
		if ctx.Err() != nil {
			require.FailNow(t, "the floor has not ended in time", "%d of %d Pods have ended", len(f.pods)-left, len(f.pods))
		}
		if !ok { // a busy server ends a watch at any time
			w.Stop()
			w = watch()
			continue
		}
		p := e.Object.(*corev1.Pod)
		at = p.ResourceVersion
		i := f.index[p.Name]
		if !succeeded(p) || ended[i] {
			continue
		}
		ended[i] = true
		left--
		for _, next := range f.after[i] {
			if atomic.AddInt32(&f.before[next], -1) == 0 {
				go create(next)
			}
		}
	}
	for next := ""; ; {
		opts := metav1.ListOptions{LabelSelector: selector, Limit: 500, Continue: next}
		deleted := &corev1.PodList{}
		err := f.client.CoreV1().RESTClient().Delete().Namespace(f.pods[0].Namespace).Resource("pods").
			VersionedParams(&opts, scheme.ParameterCodec).Body(&metav1.DeleteOptions{}).Do(ctx).Into(deleted)
		require.NoError(t, err)
		if next = deleted.Continue; next == "" {
			return
		}
	}
}

// succeeded says that the only container has, which the kubelet tells before it tells so of the Pod.
func succeeded(p *corev1.Pod) bool {
	if len(p.Status.ContainerStatuses) == 0 {
		return p.Status.Phase == corev1.PodSucceeded
	}
	t := p.Status.ContainerStatuses[0].State.Terminated
	return t != nil && t.ExitCode == 0
}
