package k8s_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// claimOf is a claim for a little room.
func claimOf(name string) corev1.PersistentVolumeClaim {
	return corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Mi")}},
	}}
}

// sharing is a workflow whose steps, each a shell script, have a claim "work" in /work.
func sharing(scripts ...string) *workflow.Workflow {
	d := dag.New("chain")
	var last *dag.Task
	for i, script := range scripts {
		name := string(rune('a' + i))
		task := d.Task(name, workflow.Container(name, image).Command("sh", "-c", script).Mount("work", "/work"))
		if last != nil {
			task.Dependencies(last)
		}
		last = task
	}
	return workflow.Must(workflow.New("chain-", d, workflow.VolumeClaims(claimOf("work"))))
}

// claim is a claim as it is now, or nil.
func (c *cluster) claim(name string) *corev1.PersistentVolumeClaim {
	claim, err := c.admin.CoreV1().PersistentVolumeClaims(c.namespace).Get(c.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(c, err)
	return claim
}

func (c *cluster) untilNoClaim(name string) {
	eventually(c, "the claim is gone", func() bool { return c.claim(name) == nil })
}

func TestClaims(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	const write, read = "echo 42 > /work/x", `test "$(cat /work/x)" = 42`
	for name, tc := range map[string]struct {
		then  string
		gc    spec.VolumeClaimGCStrategy
		phase spec.Phase
		gone  bool
	}{
		"Succeeded":            {then: "exit 0", phase: spec.Succeeded, gone: true},
		"Failed":               {then: "exit 1", phase: spec.Failed},
		"Failed/OnCompletion":  {then: "exit 1", gc: spec.VolumeClaimGCOnCompletion, phase: spec.Failed, gone: true},
		"Failed/OnSuccess":     {then: "exit 1", gc: spec.VolumeClaimGCOnSuccess, phase: spec.Failed},
		"Succeeded/Completion": {then: "exit 0", gc: spec.VolumeClaimGCOnCompletion, phase: spec.Succeeded, gone: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sharing(write, read, tc.then).Spec()
			w.Spec.VolumeClaimGC = &spec.VolumeClaimGC{Strategy: tc.gc}
			wf, err := workflow.FromSpec(w)
			require.NoError(t, err)
			runner := workflow.NewRunner(c.executor(k8s.Waits{}, k8s.WithPodGC(spec.PodGCOnWorkflowCompletion)))
			defer func() { require.NoError(t, runner.Close()) }()
			run, err := runner.Start(t.Context(), wf)
			require.NoError(t, err)
			claim := c.claim(run.Name() + "-work")
			require.NotNil(t, claim, "it is there before the first Pod")
			assert.Equal(t, run.Name(), claim.Labels[k8s.LabelRun])
			_ = run.Wait(t.Context()) // some are to fail
			assert.Equal(t, tc.phase, run.Phase())
			assert.Equal(t, spec.Succeeded, run.Node("b").Phase, "what a wrote, b reads")
			if tc.gone {
				c.untilNoClaim(claim.Name)
				return
			}
			claim = c.claim(claim.Name)
			require.NotNil(t, claim)
			assert.Nil(t, claim.DeletionTimestamp)
		})
	}
}

// TestClaimsAdopted ends the process that drives a run, as far as the run can tell, and lets another go on.
func TestClaimsAdopted(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	wf := sharing("echo 42 > /work/x", "sleep 3", `test "$(cat /work/x)" = 42`)
	var records journal.Memory
	before := workflow.NewRunner(c.executor(k8s.Waits{}), workflow.WithJournal(&records))
	run, err := before.Start(t.Context(), wf)
	require.NoError(t, err)
	for e := range run.Events(t.Context()) {
		if e.Node.Path == "b" && e.Node.Phase == workflow.Running {
			break
		}
	}
	require.NoError(t, before.Close())
	claim := c.claim(run.Name() + "-work")
	require.NotNil(t, claim, "a run that is let go of keeps its claims")
	assert.Nil(t, claim.DeletionTimestamp)

	after := workflow.NewRunner(c.executor(k8s.Waits{}), workflow.WithJournal(&records))
	defer func() { require.NoError(t, after.Close()) }()
	runs, err := after.Recover(t.Context(), wf)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.NoError(t, runs[0].Wait(t.Context()), "c finds what a wrote")
	c.untilNoClaim(claim.Name)
}

func TestDisruptionBudget(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	budgets := c.admin.PolicyV1().PodDisruptionBudgets(c.namespace)
	many := intstr.FromInt32(9999)
	r := newRun(spec.WorkflowSpec{PodDisruptionBudget: &policyv1.PodDisruptionBudgetSpec{MinAvailable: &many}})
	x := c.executor(k8s.Waits{})
	require.NoError(t, x.BeginRun(c.ctx, r))
	require.NoError(t, x.BeginRun(c.ctx, r), "as after a restart")
	task := newTask(r, "kept", shell(goesOn))
	e := execute(t, x, task)
	e.running()
	err := c.admin.PolicyV1().Evictions(c.namespace).Evict(c.ctx, &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: k8s.PodName(task, c.namespace), Namespace: c.namespace}})
	require.True(t, apierrors.IsTooManyRequests(err), "a drain waits for the run: %v", err)
	e.cancel(errors.New("stopped"))
	_, err = e.end()
	require.EqualError(t, err, "stopped", "the run's own deletion does not wait")
	require.NoError(t, x.EndRun(c.ctx, r, spec.Failed))
	_, err = budgets.Get(c.ctx, r.Name, metav1.GetOptions{})
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
}

// TestSharedOfAnother finds a claim that belongs to somebody else, after what it has made before, one time without an
// answer.
func TestSharedOfAnother(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var posts atomic.Int32
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if r.Method != http.MethodPost || posts.Add(1) != 1 || !assert.NoError(t, err) {
			return resp, err
		}
		resp.Body.Close()
		return nil, errors.New("the connection broke")
	})
	one := intstr.FromInt32(1)
	r := newRun(spec.WorkflowSpec{
		PodDisruptionBudget:  &policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one},
		VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claimOf("mine"), claimOf("taken")},
	})
	taken := claimOf(r.Name + "-taken")
	_, err := c.admin.CoreV1().PersistentVolumeClaims(c.namespace).Create(c.ctx, &taken, metav1.CreateOptions{})
	require.NoError(t, err)
	err = c.executor(k8s.Waits{}).BeginRun(c.ctx, r)
	require.EqualError(t, err, "k8s: create PersistentVolumeClaim "+taken.Name+": it exists and does not belong to this run")
	c.untilNoClaim(r.Name + "-mine")
	left := c.claim(taken.Name)
	require.NotNil(t, left)
	assert.Nil(t, left.DeletionTimestamp)
	list, err := c.admin.PolicyV1().PodDisruptionBudgets(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, list.Items)
}
