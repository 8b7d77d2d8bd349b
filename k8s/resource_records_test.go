package k8s_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// usesResources says that a record has resource templates, for which its test has to prepare the namespace.
func usesResources(w *spec.Workflow) bool {
	return slices.ContainsFunc(w.Spec.Templates, func(t spec.Template) bool { return t.Resource != nil })
}

// hurried are records whose workflows ask for a name as soon as its Pod is ready, which the cluster's DNS may learn a moment
// later: Argo takes its time between steps. They have so many tries, and the others one.
var hurried = map[string]int{"daemoned-stateful-set-with-service": 4}

// TestArgoResources runs Argo's records of resource templates, and compares the whole tree to what Argo's controller did.
// What Argo has there by itself is made first: its own object, and the Pod in which it has kubectl run. Its controller is
// played.
func TestArgoResources(t *testing.T) {
	c := newCluster(t, nil)
	c.argoKinds()
	c.bind(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "all"}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{"", "apps", "argoproj.io"},
		Resources: []string{"configmaps", "services", "statefulsets", "workflows", "pods"},
		Verbs:     []string{"get", "list", "watch", "create", "patch", "delete"},
	}}})
	c.playController()
	source := argotest.Source(t)
	x := c.executor(k8s.Waits{}, k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))
	ran := 0
	for _, want := range argotest.Records(t) {
		w, err := want.Workflow(t)
		if err != nil || !usesResources(w) {
			continue
		}
		ran++
		t.Run(want.Name, func(t *testing.T) {
			w.Name, w.GenerateName = strings.ReplaceAll(want.Name, ".", "-"), ""
			wf, err := workflow.FromSpec(w, workflow.Templates(t.Context(), source))
			require.NoError(t, err)
			c.makeOwn(w.Name)
			for try := 1; ; try++ {
				runner := workflow.NewRunner(argoNames{x}, workflow.WithConfig(source))
				run, err := runner.Start(t.Context(), wf)
				require.NoError(t, err)
				_ = run.Wait(t.Context()) // two are to fail
				require.NoError(t, runner.Close())
				sayAlike(t, want, run)
				if try >= hurried[want.Name] || len(argotest.Differences(want, run)) == 0 {
					argotest.Equal(t, want, run)
					break
				}
			}
			if strings.HasPrefix(want.Name, "k8s-patch") {
				assert.Equal(t, "bar", c.foo(w.Name))
			}
		})
	}
	assert.Equal(t, 12, ran)
}

// makeOwn makes the Pod and the Workflow that a workflow of that name is in Argo.
func (c *cluster) makeOwn(name string) {
	meta := metav1.ObjectMeta{Name: ownPod(name), Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"a": "b"}}
	pod := &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}},
		SchedulingGates: []corev1.PodSchedulingGate{{Name: "example.com/never"}}}}
	_, err := c.admin.CoreV1().Pods(c.namespace).Create(c.ctx, pod, metav1.CreateOptions{})
	require.NoError(c, err)
	w := &unstructured.Unstructured{}
	w.SetAPIVersion("argoproj.io/v1alpha1")
	w.SetKind("Workflow")
	w.SetName(name)
	w.SetLabels(meta.Labels)
	_, err = c.objects("workflows").Create(c.ctx, w, metav1.CreateOptions{})
	require.NoError(c, err)
}

// ownPod is the name that Argo gives the Pod of a workflow whose entry is the leaf main.
func ownPod(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("%s-main-%d", name, h.Sum32())
}

// argoNames gives nodes the names of Argo's Pods, one of which is made before the run is.
type argoNames struct{ *k8s.Executor }

func (argoNames) PodName(t *executor.Task) string { return ownPod(t.Run.Name) }

// foo is what the workflow has set in the Pod, or else in the Workflow, of its name.
func (c *cluster) foo(name string) string {
	if foo := c.pod(ownPod(name)).Annotations["foo"]; foo != "" {
		return foo
	}
	w, err := c.objects("workflows").Get(c.ctx, name, metav1.GetOptions{})
	require.NoError(c, err)
	return w.GetLabels()["foo"]
}

// playController lets all Workflows of the namespace succeed, as far as one sees.
func (c *cluster) playController() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil { // a busy server ends a watch at any time
			w, err := c.objects("workflows").Watch(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for e := range w.ResultChan() {
				if o, ok := e.Object.(*unstructured.Unstructured); ok && e.Type == watch.Added {
					_, err := c.objects("workflows").Patch(ctx, o.GetName(), types.MergePatchType, []byte(`{"status":{"phase":"Succeeded"}}`), metav1.PatchOptions{})
					assert.True(c, err == nil || apierrors.IsNotFound(err) || ctx.Err() != nil, "%v", err)
				}
			}
		}
	}()
	c.Cleanup(func() { cancel(); <-done })
}

var madeNames = regexp.MustCompile(`sleep-[a-z0-9]+`)

// sayAlike replaces in a record what cannot be the same: made names, and what kubectl says of a kind that is not there.
func sayAlike(t *testing.T, want *argotest.Record, run *workflow.Run) {
	got := argotest.Nodes(run)
	raw, err := json.Marshal(got)
	require.NoError(t, err)
	made := madeNames.FindString(string(raw))
	for name, n := range want.Nodes {
		for _, values := range []map[string]string{n.Inputs, n.Outputs} {
			for k, v := range values {
				values[k] = madeNames.ReplaceAllString(v, made)
			}
		}
		const unknown = "no matches for kind"
		if g := got[name]; g != nil && strings.Contains(n.Message, unknown) && strings.Contains(g.Message, unknown) {
			if want.Message == n.Message {
				want.Message = g.Message
			}
			n.Message = g.Message
		}
	}
}
