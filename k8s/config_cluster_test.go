package k8s_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
)

// configured is a cluster whose service account may do what rbac/config.yaml says.
func configured(t *testing.T) *cluster {
	c := newCluster(t, nil)
	text, err := os.ReadFile(filepath.Join("rbac", "config.yaml"))
	require.NoError(t, err)
	role := &rbacv1.Role{}
	require.NoError(t, yaml.UnmarshalStrict(text, role))
	c.bind(role)
	return c
}

var (
	_ workflow.ConfigSource   = (*k8s.Executor)(nil)
	_ workflow.TemplateSource = (*k8s.Executor)(nil)
	_ workflow.MemoStore      = (*k8s.Memo)(nil)
	_ artifact.Secrets        = (*k8s.Executor)(nil).Secret
)

func TestConfig(t *testing.T) {
	t.Parallel()
	c := configured(t)
	x := c.executor(k8s.Waits{Auth: time.Millisecond})
	c.makeConfigMap("limits", nil, map[string]string{"a": "1"})
	m, err := x.ConfigMap(t.Context(), "limits")
	require.NoError(t, err)
	assert.Equal(t, "1", m.Data["a"])
	for _, name := range []string{"limit", ""} {
		_, err = x.ConfigMap(t.Context(), name)
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.ErrorContains(t, err, "ConfigMap")
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s3"}, StringData: map[string]string{"key": "hunter2"}}
	_, err = c.admin.CoreV1().Secrets(c.namespace).Create(c.ctx, secret, metav1.CreateOptions{})
	require.NoError(t, err)
	yes := true
	of := func(name, key string) *corev1.SecretKeySelector {
		return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
	}
	value, err := x.Secret(t.Context(), of("s3", "key"))
	require.NoError(t, err)
	assert.Equal(t, "hunter2", string(value))
	for _, s := range []*corev1.SecretKeySelector{of("s3", "kee"), of("s4", "key")} {
		_, err = x.Secret(t.Context(), s)
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.NotContains(t, err.Error(), "hunter2")
		s.Optional = &yes
		value, err = x.Secret(t.Context(), s)
		require.NoError(t, err)
		assert.Nil(t, value)
	}
	plain, err := k8s.FromConfig(c.as("plain"), c.namespace)
	require.NoError(t, err)
	plain.Hasten(k8s.Waits{Auth: time.Millisecond})
	_, err = plain.ConfigMap(t.Context(), "limits")
	require.ErrorContains(t, err, `cannot get resource "configmaps"`)
	assert.NotErrorIs(t, err, fs.ErrNotExist)
}

// A workflow takes a parameter and the limit of a semaphore from ConfigMaps, and its template is memoized in one.
func TestConfigOfWorkflow(t *testing.T) {
	t.Parallel()
	c := configured(t)
	c.makeConfigMap("settings", nil, map[string]string{"greeting": "hello", "limit": "1"})
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: greet-}
spec:
  entrypoint: greet
  arguments: {parameters: [{name: g, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}]}
  templates:
  - name: greet
    inputs: {parameters: [{name: g, value: "{{workflow.parameters.g}}"}]}
    synchronization: {semaphores: [{configMapKeyRef: {name: settings, key: limit}}]}
    memoize: {key: "{{inputs.parameters.g}}-world", cache: {configMap: {name: greetings}}}
    container: {image: '` + image + `', command: [sh, -c, 'test {{inputs.parameters.g}} = hello']}
`))
	require.NoError(t, err)
	for _, memoized := range []bool{false, true} {
		pods := c.executor(k8s.Waits{})
		runner := workflow.NewRunner(pods, workflow.WithConfig(pods), workflow.WithMemo(pods.Memo()))
		run, err := runner.Start(t.Context(), wf)
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, memoized, run.Node("").Memoized)
		require.NoError(t, runner.Close())
	}
}

func TestMemo(t *testing.T) {
	t.Parallel()
	c := configured(t)
	var updates atomic.Int32
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodPut {
			updates.Add(1)
		}
		return next.RoundTrip(r)
	})
	one, two := c.executor(k8s.Waits{}).Memo(), c.executor(k8s.Waits{}).Memo()
	now := time.Now()
	_, _, err := one.Get(t.Context(), "cache", "key")
	require.ErrorIs(t, err, fs.ErrNotExist)

	var all sync.WaitGroup
	const n = 100
	for i := range n {
		for _, m := range []*k8s.Memo{one, two} {
			all.Go(func() {
				assert.NoError(t, m.Put(t.Context(), "cache", fmt.Sprintf("key-%d %p", i, m), fmt.Appendf(nil, `{"result":"%d"}`, i), now))
			})
		}
	}
	all.Wait()
	assert.Less(t, updates.Load(), int32(n), "what comes at once is written together")
	for i := range n {
		for _, m := range []*k8s.Memo{one, two} {
			outputs, stored, err := one.Get(t.Context(), "cache", fmt.Sprintf("key-%d %p", i, m))
			require.NoError(t, err)
			assert.JSONEq(t, fmt.Sprintf(`{"result":"%d"}`, i), string(outputs))
			assert.True(t, now.Equal(stored))
		}
	}
	_, _, err = one.Get(t.Context(), "cache", "another key")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, "Cache", c.configMap("cache").Labels["workflows.argoproj.io/configmap-type"])
}

// Who is to write for others and gives up does not take them along.
func TestMemoIsGivenUp(t *testing.T) {
	t.Parallel()
	c := configured(t)
	block, blocked := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(blocked) }) // a request may be made again
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/first") {
			once()
			<-block
		}
		return next.RoundTrip(r)
	})
	m := c.executor(k8s.Waits{}).Memo()
	var all sync.WaitGroup
	put := func(ctx context.Context, cache, key string) error {
		return m.Put(ctx, cache, key, []byte("{}"), time.Now())
	}
	all.Go(func() { assert.NoError(t, put(t.Context(), "first", "x")) })
	<-blocked // the turn is taken until block is closed
	ctx, cancel := context.WithCancelCause(t.Context())
	for i := range 10 {
		all.Go(func() { assert.NoError(t, put(t.Context(), "second", fmt.Sprint("stays-", i))) })
		all.Go(func() {
			if err := put(ctx, "second", fmt.Sprint("goes-", i)); err != nil { // it may have been written just before
				assert.ErrorIs(t, err, fs.ErrClosed)
			}
		})
	}
	cancel(fs.ErrClosed)
	close(block)
	all.Wait()
	for i := range 10 {
		_, _, err := m.Get(t.Context(), "second", fmt.Sprint("stays-", i))
		require.NoError(t, err)
	}
}

// What Argo kept is found, and a full ConfigMap loses its oldest entries and nothing else.
func TestMemoIsFull(t *testing.T) {
	t.Parallel()
	c := configured(t)
	c.makeConfigMap("cache", nil, map[string]string{"user": "data", "old": `{"nodeID":"hello-1","outputs":{"parameters":[{"name":"hello","value":"world"}],` +
		`"artifacts":[]},"creationTimestamp":"2025-01-02T03:04:05Z","lastHitTimestamp":"2025-01-02T03:04:05Z"}`})
	m := c.executor(k8s.Waits{}).Memo()
	outputs, stored, err := m.Get(t.Context(), "cache", "old")
	require.NoError(t, err)
	assert.Contains(t, string(outputs), "world")
	assert.Equal(t, 2025, stored.Year())

	begun := time.Now()
	large := []byte(`{"result":"` + strings.Repeat("x", 300<<10) + `"}`)
	for i := range 5 {
		require.NoError(t, m.Put(t.Context(), "cache", fmt.Sprint(i), large, begun.Add(time.Duration(i)*time.Second)))
	}
	var kept []string
	for k := range c.configMap("cache").Data {
		kept = append(kept, k)
	}
	slices.Sort(kept)
	assert.Equal(t, []string{"2", "3", "4", "user"}, kept)
	err = m.Put(t.Context(), "cache", "huge", append(bytes.Repeat([]byte(" "), 1<<20), '1', '2'), begun)
	require.NoError(t, err, "blanks of JSON are not kept")
	huge := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	require.ErrorContains(t, m.Put(t.Context(), "cache", "huge", huge, begun), "a ConfigMap holds 1048576")
	_, _, err = m.Get(t.Context(), "cache", "user")
	require.ErrorContains(t, err, "is not what a memoized template gave")
}

const kept = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: build}
spec: {templates: [{name: compile, container: {image: golang}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: {name: lint}
spec: {templates: [{name: vet, container: {image: golang}}]}
`

// Where Argo's kinds are not installed, templates are in ConfigMaps with a label.
func TestTemplatesInConfigMaps(t *testing.T) {
	t.Parallel()
	c := configured(t)
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) { // somebody else may have installed them
		resp, err := next.RoundTrip(r)
		if err == nil && r.URL.Path == "/apis" {
			text, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			resp.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(text, []byte("argoproj.io"), []byte("argoproj.no"))))
			resp.ContentLength = -1
		}
		return resp, err
	})
	x := c.executor(k8s.Waits{})
	label := map[string]string{k8s.LabelTemplates: "true"}
	c.makeConfigMap("templates", label, map[string]string{"a.yaml": kept})
	c.makeConfigMap("broken", label, map[string]string{"b.yaml": "kind: WorkflowTemplat"})
	c.makeConfigMap("other", nil, map[string]string{"a.yaml": kept})
	w, err := x.WorkflowTemplate(t.Context(), "build")
	require.NoError(t, err)
	assert.Equal(t, "compile", w.Spec.Templates[0].Name)
	cw, err := x.ClusterWorkflowTemplate(t.Context(), "lint")
	require.NoError(t, err)
	assert.Equal(t, "vet", cw.Spec.Templates[0].Name)
	_, err = x.WorkflowTemplate(t.Context(), "biuld")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, `did you mean "build"?`)
	assert.ErrorContains(t, err, `ConfigMap broken, b.yaml: `)
	c.makeConfigMap("twice", label, map[string]string{"a.yaml": kept})
	_, err = x.WorkflowTemplate(t.Context(), "build")
	require.ErrorContains(t, err, `WorkflowTemplate "build" is in ConfigMap templates and in ConfigMap twice`)
}

func TestTemplatesOfArgo(t *testing.T) {
	t.Parallel()
	c := configured(t)
	c.argoKinds()
	client := c.objects("workflowtemplates")
	x := c.executor(k8s.Waits{})
	var text map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(strings.Split(kept, "---")[0]), &text))
	_, err := client.Create(c.ctx, &unstructured.Unstructured{Object: text}, metav1.CreateOptions{})
	require.NoError(t, err)
	w, err := x.WorkflowTemplate(t.Context(), "build")
	require.NoError(t, err)
	assert.Equal(t, "compile", w.Spec.Templates[0].Name)
	_, err = x.WorkflowTemplate(t.Context(), "none")
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = workflow.Load(strings.NewReader(`{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {generateName: b-},
spec: {entrypoint: main, templates: [{name: main, steps: [[{name: a, templateRef: {name: build, template: compile}}]]}]}}`), workflow.Templates(t.Context(), x))
	require.NoError(t, err)
}

// argoKinds installs Argo's kinds, as far as they are asked for. They stay: others may want them, or had them before.
func (c *cluster) argoKinds() {
	definitions := dynamic.NewForConfigOrDie(adminConfig(c)).Resource(schema.GroupVersionResource{
		Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for kind, scope := range map[string]string{"Workflow": "Namespaced", "WorkflowTemplate": "Namespaced", "ClusterWorkflowTemplate": "Cluster"} {
		name := strings.ToLower(kind)
		o := map[string]any{}
		require.NoError(c, yaml.Unmarshal([]byte(`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: `+name+`s.argoproj.io},
spec: {group: argoproj.io, scope: `+scope+`, names: {kind: `+kind+`, plural: `+name+`s, singular: `+name+`}, versions: [{name: v1alpha1,
  served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}}`), &o))
		_, err := definitions.Create(c.ctx, &unstructured.Unstructured{Object: o}, metav1.CreateOptions{})
		require.True(c, err == nil || apierrors.IsAlreadyExists(err), "%v", err)
		eventually(c, kind+"s are served", func() bool {
			_, err := c.everywhere(name+"s").List(c.ctx, metav1.ListOptions{Limit: 1})
			return err == nil
		})
	}
	eventually(c, "Argo's kinds are announced", func() bool {
		_, lists, _ := c.admin.Discovery().ServerGroupsAndResources() // those of others may fail
		return slices.ContainsFunc(lists, func(l *metav1.APIResourceList) bool {
			return l.GroupVersion == "argoproj.io/v1alpha1" && len(l.APIResources) >= 3
		})
	})
}

// everywhere is the admin's client of one of Argo's kinds in all namespaces.
func (c *cluster) everywhere(resource string) dynamic.NamespaceableResourceInterface {
	return dynamic.NewForConfigOrDie(adminConfig(c)).Resource(schema.GroupVersionResource{
		Group: "argoproj.io", Version: "v1alpha1", Resource: resource})
}

// objects is the admin's client of one of Argo's kinds in the namespace.
func (c *cluster) objects(resource string) dynamic.ResourceInterface {
	return c.everywhere(resource).Namespace(c.namespace)
}
