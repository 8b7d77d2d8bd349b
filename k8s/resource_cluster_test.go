package k8s_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// allow lets the service account do something more with resources of the namespace.
func (c *cluster) allow(group, resource string, verbs ...string) {
	c.bind(&rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "more-"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}},
	})
}

// resources is a cluster whose service account may do all with ConfigMaps and Jobs.
func resources(t *testing.T) *cluster {
	c := newCluster(t, nil)
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	c.allow("", "configmaps", all...)
	c.allow("batch", "jobs", all...)
	return c
}

// configMap is a ConfigMap as it is now, or nil.
func (c *cluster) configMap(name string) *corev1.ConfigMap {
	m, err := c.admin.CoreV1().ConfigMaps(c.namespace).Get(c.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(c, err)
	return m
}

func (c *cluster) makeConfigMap(name string, labels, data map[string]string) *corev1.ConfigMap {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: data}
	m, err := c.admin.CoreV1().ConfigMaps(c.namespace).Create(c.ctx, m, metav1.CreateOptions{})
	require.NoError(c, err)
	return m
}

// resourceOf is a resource template; outputs are names with a jsonPath or, without braces, a jqFilter.
func resourceOf(r spec.Resource, outputs ...string) spec.Template {
	t := spec.Template{Resource: &r}
	for i := 0; i < len(outputs); i += 2 {
		from := &spec.ValueFrom{JQFilter: outputs[i+1]}
		if strings.Contains(outputs[i+1], "{.") {
			from = &spec.ValueFrom{JSONPath: outputs[i+1]}
		}
		t.Outputs.Parameters = append(t.Outputs.Parameters, spec.Parameter{Name: outputs[i], ValueFrom: from})
	}
	return t
}

func manifestOf(name, data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {" + data + "}\n"
}

func TestResourceActions(t *testing.T) {
	t.Parallel()
	c := resources(t)
	x := c.executor(k8s.Waits{Auth: time.Millisecond})
	c.makeConfigMap("there", map[string]string{"app": "x"}, map[string]string{"a": "1"})
	run := newRun(spec.WorkflowSpec{})
	for _, tt := range []struct {
		name string
		r    spec.Resource
		// outputs and values are what the template is to give; of a failure fails is part of the message.
		outputs, values []string
		fails           string
	}{
		{name: "get", r: spec.Resource{Action: "get", Manifest: manifestOf("there", "")},
			outputs: []string{"a", "{.data.a}", "b", ".data", "none", "{.data.none}", "two", ".data.a, .metadata.labels"},
			values:  []string{"1", `{"a":"1"}`, "", "1\n{\"app\":\"x\"}"}},
		{name: "get by flags", r: spec.Resource{Action: "get", Flags: []string{"cm/there"}}, outputs: []string{"a", "{.data.a}"}, values: []string{"1"}},
		{name: "get by labels", r: spec.Resource{Action: "get", Flags: []string{"configmaps", "-l", "app=x"}},
			outputs: []string{"all", "{.items[*].metadata.name}", "kind", ".kind"}, values: []string{"there", "List"}},
		{name: "get none", r: spec.Resource{Action: "get", Flags: []string{"configmap", "none"}}, fails: `get ConfigMap none: configmaps "none" not found`},
		{name: "get none, which is fine", r: spec.Resource{Action: "get", Flags: []string{"configmap", "none", "--ignore-not-found"}},
			outputs: []string{"a", "{.data.a}"}, values: []string{""}},
		{name: "create, which is there", r: spec.Resource{Action: "create", Manifest: manifestOf("there", "")}, fails: `configmaps "there" already exists`},
		{name: "create two", r: spec.Resource{Action: "create", Manifest: manifestOf("one", "k: '1'") + "---\n" + manifestOf("two", "k: '2'")},
			outputs: []string{"all", "{.items[*].data.k}"}, values: []string{"1 2"}},
		{name: "create with an unknown field", r: spec.Resource{Action: "create", Manifest: manifestOf("odd", "") + "datta: {}"}, fails: `unknown field "datta"`},
		{name: "create and not look at fields", r: spec.Resource{Action: "create", Flags: []string{"--validate=false"}, Manifest: manifestOf("odd", "") + "datta: {}"}},
		{name: "only as if", r: spec.Resource{Action: "create", Flags: []string{"--dry-run=server"}, Manifest: manifestOf("never", "")},
			outputs: []string{"n", "{.metadata.name}"}, values: []string{"never"}},
		{name: "apply what is new", r: spec.Resource{Action: "apply", Manifest: manifestOf("applied", "a: '1', b: '2'")}},
		{name: "apply again", r: spec.Resource{Action: "apply", Manifest: manifestOf("applied", "b: '3'")}, outputs: []string{"d", ".data"}, values: []string{`{"b":"3"}`}},
		{name: "apply with an unknown field", r: spec.Resource{Action: "apply", Manifest: manifestOf("applied", "") + "datta: {}"}, fails: `datta`},
		{name: "replace", r: spec.Resource{Action: "replace", Manifest: manifestOf("applied", "c: '4'")}, outputs: []string{"d", ".data"}, values: []string{`{"c":"4"}`}},
		{name: "replace none", r: spec.Resource{Action: "replace", Manifest: manifestOf("none", "")}, fails: "not found"},
		{name: "patch", r: spec.Resource{Action: "patch", Manifest: manifestOf("applied", "d: '5'")}, outputs: []string{"d", ".data"}, values: []string{`{"c":"4","d":"5"}`}},
		{name: "patch by merge", r: spec.Resource{Action: "patch", MergeStrategy: "merge", Flags: []string{"configmap", "applied"}, Manifest: "data: {d: null}"},
			outputs: []string{"d", ".data"}, values: []string{`{"c":"4"}`}},
		{name: "patch by json", r: spec.Resource{Action: "patch", MergeStrategy: "json", Flags: []string{"configmap", "applied"},
			Manifest: "- {op: add, path: /data/e, value: '6'}"}, outputs: []string{"d", ".data"}, values: []string{`{"c":"4","e":"6"}`}},
		{name: "delete", r: spec.Resource{Action: "delete", Manifest: manifestOf("applied", "")}},
		{name: "delete again", r: spec.Resource{Action: "delete", Flags: []string{"--ignore-not-found"}, Manifest: manifestOf("applied", "")}},
		{name: "delete by labels", r: spec.Resource{Action: "delete", Flags: []string{"configmap", "--selector", "app=x"}}},
		{name: "no such kind", r: spec.Resource{Action: "create", Manifest: "apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {name: x}"},
			fails: `the cluster does not have it: no matches for kind "TFJob" in version "kubeflow.org/v1"`},
		{name: "no right", r: spec.Resource{Action: "get", Flags: []string{"secret", "x"}}, fails: `cannot get resource "secrets"`},
		{name: "another namespace", r: spec.Resource{Action: "get", Flags: []string{"-n", "kube-system", "configmap", "x"}}, fails: `in the namespace "kube-system"`},
		{name: "a namespace for what has none", r: spec.Resource{Action: "get", Flags: []string{"-n", "x", "node", "x"}}, fails: "a Node is the cluster's"},
	} {
		name := strings.NewReplacer(" ", "-", ",", "").Replace(tt.name)
		r, err := execute(t, x, newTask(run, name, resourceOf(tt.r, tt.outputs...))).end()
		require.NoError(t, err, tt.name)
		if tt.fails != "" {
			assert.Equal(t, spec.Failed, r.Phase, tt.name)
			assert.Equal(t, 64, *r.ExitCode, tt.name)
			assert.Contains(t, r.Message, tt.fails, tt.name)
			continue
		}
		assert.Equal(t, spec.Succeeded, r.Phase, "%s: %s", tt.name, r.Message)
		var values []string
		for _, v := range r.Outputs {
			values = append(values, v.Value)
		}
		assert.Equal(t, tt.values, values, tt.name)
	}
	assert.Nil(t, c.configMap("there"))
	assert.Nil(t, c.configMap("never"))
	assert.Nil(t, c.configMap("applied"))
	assert.NotNil(t, c.configMap("two"))
}

// An attempt that is executed again, as after a restart, finds what it created; another does not take it.
func TestResourceIsAdopted(t *testing.T) {
	t.Parallel()
	c := resources(t)
	var drop atomic.Bool
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if r.Method != http.MethodPost || !drop.Swap(false) || !assert.NoError(t, err) {
			return resp, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		assert.NoError(t, resp.Body.Close())
		return nil, errors.New("the answer is lost")
	})
	run := newRun(spec.WorkflowSpec{})
	named := newTask(run, "named", resourceOf(spec.Resource{Action: "create", Manifest: manifestOf("x", "")}, "uid", "{.metadata.uid}"))
	made := newTask(run, "made", resourceOf(spec.Resource{Action: "create",
		Manifest: strings.Repeat("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-}\n---\n", 2)}, "names", "{.items[*].metadata.name}"))
	for _, task := range []*executor.Task{named, made} {
		drop.Store(true)
		first, err := execute(t, c.executor(k8s.Waits{}), task).end()
		require.NoError(t, err)
		require.Equal(t, spec.Succeeded, first.Phase, first.Message)
		again, err := execute(t, c.executor(k8s.Waits{}), task).end()
		require.NoError(t, err)
		assert.Equal(t, first, again)
	}
	others := metav1.ListOptions{FieldSelector: "metadata.name!=kube-root-ca.crt"} // which comes at any time
	list, err := c.admin.CoreV1().ConfigMaps(c.namespace).List(c.ctx, others)
	require.NoError(t, err)
	assert.Len(t, list.Items, 3, "x, and two that are made")

	second := *named
	second.ID.Attempt++
	r, err := execute(t, c.executor(k8s.Waits{}), &second).end()
	require.NoError(t, err)
	assert.Contains(t, r.Message, "already exists")
}

func jobOf(name, command string) string {
	return `{apiVersion: batch/v1, kind: Job, metadata: {name: ` + name + `}, spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never,
  containers: [{name: main, image: '` + image + `', command: [sh, -c, '` + command + `']}]}}}}`
}

func TestResourceConditions(t *testing.T) {
	t.Parallel()
	c := resources(t)
	x := c.executor(k8s.Waits{Watch: time.Second})
	job := func(name, command string) spec.Template {
		return resourceOf(spec.Resource{Action: "create", Manifest: jobOf(name, command), SuccessCondition: "status.succeeded > 0, status.ready == 0",
			FailureCondition: "status.failed > 0"}, "type", "{.status.conditions[*].type}")
	}
	run := newRun(spec.WorkflowSpec{})
	good, bad := execute(t, x, newTask(run, "good", job("good", "sleep 3"))), execute(t, x, newTask(run, "bad", job("bad", "exit 1")))
	r, err := good.end()
	require.NoError(t, err)
	assert.Equal(t, spec.Succeeded, r.Phase, r.Message)
	r, err = bad.end()
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, r.Phase)
	assert.Equal(t, "Job bad: the failure condition status.failed>0 is met", r.Message)
}

// What waits for an object goes on when the watch does not, and ends when the object, its time or its context do.
func TestResourceWaits(t *testing.T) {
	t.Parallel()
	c := resources(t)
	var mu sync.Mutex
	watches := map[string]int{} // by the name of what is watched
	watched := func(name string, more int) int {
		mu.Lock()
		defer mu.Unlock()
		watches[name] += more
		return watches[name]
	}
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if q := r.URL.Query(); q.Has("watch") {
			name := strings.TrimPrefix(q.Get("fieldSelector"), "metadata.name=")
			if watched(name, 1) == 1 && name == "changes" {
				return nil, errors.New("the connection is lost")
			}
		}
		return next.RoundTrip(r)
	})
	x := c.executor(k8s.Waits{})
	run := newRun(spec.WorkflowSpec{})
	waitFor := func(name string) spec.Template {
		c.makeConfigMap(name, nil, nil)
		return resourceOf(spec.Resource{Action: "get", Manifest: manifestOf(name, ""), SuccessCondition: "data.state in (good, fine)"})
	}
	set := func(name string) {
		_, err := c.admin.CoreV1().ConfigMaps(c.namespace).Patch(c.ctx, name, types.MergePatchType, []byte(`{"data":{"state":"fine"}}`), metav1.PatchOptions{})
		require.NoError(c, err)
	}
	seen := func(name string, n int) {
		eventually(t, name+" is watched", func() bool { return watched(name, 0) >= n })
	}
	a := execute(t, x, newTask(run, "changes", waitFor("changes")))
	seen("changes", 2)
	set("changes")
	r, err := a.end()
	require.NoError(t, err)
	assert.Equal(t, spec.Succeeded, r.Phase, r.Message)

	a = execute(t, x, newTask(run, "goes", waitFor("goes")))
	seen("goes", 1)
	require.NoError(t, c.admin.CoreV1().ConfigMaps(c.namespace).Delete(c.ctx, "goes", metav1.DeleteOptions{}))
	r, err = a.end()
	require.NoError(t, err)
	assert.Equal(t, "ConfigMap goes: it was deleted before its conditions were met", r.Message)

	late := waitFor("late")
	late.ActiveDeadlineSeconds = new(intstr.FromString("1"))
	r, err = execute(t, x, newTask(run, "late", late)).end()
	require.NoError(t, err)
	assert.Equal(t, executor.Result{Phase: spec.Failed, Message: "its activeDeadlineSeconds are over (1)"}, r)

	for name, cause := range map[string]error{"detached": executor.ErrDetach, "stopped": errors.New("it is stopped")} {
		a = execute(t, x, newTask(run, name, waitFor(name)))
		a.running()
		a.cancel(cause)
		_, err = a.end()
		require.ErrorIs(t, err, cause)
		assert.NotNil(t, c.configMap(name))
	}
}

// Who may read an object and not watch it cannot wait for it.
func TestResourceMayNotWatch(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	c.allow("", "configmaps", "get", "delete")
	c.makeConfigMap("x", nil, nil)
	x := c.executor(k8s.Waits{Auth: time.Millisecond})
	run := newRun(spec.WorkflowSpec{})
	r, err := execute(t, x, newTask(run, "wait", resourceOf(spec.Resource{Action: "get", Manifest: manifestOf("x", ""), SuccessCondition: "data"}))).end()
	require.NoError(t, err)
	assert.Contains(t, r.Message, `ConfigMap x: watch: `)
	assert.Contains(t, r.Message, `cannot watch resource "configmaps"`)
	r, err = execute(t, x, newTask(run, "delete", resourceOf(spec.Resource{Action: "delete", Manifest: manifestOf("x", "")}))).end()
	require.NoError(t, err)
	assert.Equal(t, spec.Succeeded, r.Phase, "it is gone at once")
}

// What a run owns goes when the run has succeeded, and stays when it has failed.
func TestResourceOwner(t *testing.T) {
	t.Parallel()
	c := resources(t)
	for name, phase := range map[string]spec.Phase{"succeeds": spec.Succeeded, "fails": spec.Failed} {
		x := c.executor(k8s.Waits{})
		run := newRun(spec.WorkflowSpec{})
		task := newTask(run, name, resourceOf(spec.Resource{Action: "apply", SetOwnerReference: true, Manifest: manifestOf(name, "a: b")}))
		run.Workflow.Spec.Templates = []spec.Template{{Steps: [][]spec.Step{{{TemplateRef: &spec.TemplateRef{Name: "of another"}}}}}}
		require.NoError(t, x.BeginRun(t.Context(), run))
		for range 2 {
			r, err := execute(t, x, task).end()
			require.NoError(t, err)
			require.Equal(t, spec.Succeeded, r.Phase, r.Message)
		}
		owner := c.configMap(run.Name + "-owner")
		require.NotNil(t, owner)
		require.Len(t, c.configMap(name).OwnerReferences, 1)
		assert.Equal(t, owner.UID, c.configMap(name).OwnerReferences[0].UID)
		require.NoError(t, c.executor(k8s.Waits{}).EndRun(t.Context(), run, phase)) // another process
		if phase == spec.Succeeded {
			eventually(t, "what the run owns is gone", func() bool { return c.configMap(name) == nil })
			continue
		}
		assert.NotNil(t, c.configMap(owner.Name))
	}
	// Who may not look at the owner of a run has made none.
	other, err := k8s.FromConfig(c.as("other"), c.namespace)
	require.NoError(t, err)
	require.NoError(t, other.EndRun(t.Context(), newRun(spec.WorkflowSpec{WorkflowTemplateRef: &spec.WorkflowTemplateRef{Name: "x"}, PodGC: &spec.PodGC{}}), spec.Succeeded))
	r, err := execute(t, c.executor(k8s.Waits{}), newTask(newRun(spec.WorkflowSpec{}), "far", resourceOf(spec.Resource{Action: "create", SetOwnerReference: true,
		Manifest: "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}"}))).end()
	require.NoError(t, err)
	assert.Contains(t, r.Message, "owns only objects of that namespace")
}

// A workflow in Go makes an object, waits for it and takes a field of it.
func TestResourceWorkflow(t *testing.T) {
	t.Parallel()
	c := resources(t)
	const name, uid = workflow.Param[string]("name"), workflow.Output[string]("uid")
	job := workflow.Resource("job", "create", `{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": `+workflow.JSON(name)+`}, "spec": {"template": {"spec": {
		"restartPolicy": "Never", "containers": [{"name": "main", "image": "`+image+`", "command": ["true"]}]}}}}`).
		Inputs(name).Owned().Success("status.succeeded > 0").Outputs(uid.JSONPath("{.metadata.uid}"))
	wf, err := workflow.New("job-", job)
	require.NoError(t, err)
	run, err := wf.Run(t.Context(), c.executor(k8s.Waits{}), name.Set("once"))
	require.NoError(t, err)
	made, err := uid.Get(run.Node(""))
	require.NoError(t, err)
	assert.NotEmpty(t, made)
}
