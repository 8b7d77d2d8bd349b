package source_test

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func limits(name, value string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: named(name), Data: map[string]string{"limit": value}}
}

func TestOfRefuses(t *testing.T) {
	_, err := source.Of(
		nil,
		(*spec.WorkflowTemplate)(nil),
		&spec.Workflow{ObjectMeta: named("a")},
		&spec.WorkflowTemplate{},
		limits("a", "1"),
		&spec.WorkflowTemplate{ObjectMeta: named("a")},
		limits("a", "2"),
	)
	require.Error(t, err)
	assert.Equal(t, []string{
		"object 0: it is nil",
		"object 1: it is nil",
		"object 2: expected a WorkflowTemplate, ClusterWorkflowTemplate or ConfigMap, got a *spec.Workflow",
		"object 3: a WorkflowTemplate needs a metadata.name",
		`object 6: ConfigMap "a" is object 4 already`,
	}, strings.Split(err.Error(), "\n"))

	var m source.Memory
	require.EqualError(t, m.Set(&spec.WorkflowTemplate{}), "a WorkflowTemplate needs a metadata.name")
	require.EqualError(t, m.Remove(nil), "it is nil")
}

// A name belongs to a kind, and what a name has that is not there is said with the nearest of its kind.
func TestGet(t *testing.T) {
	m, err := source.Of(
		&spec.WorkflowTemplate{ObjectMeta: named("build")},
		&spec.ClusterWorkflowTemplate{ObjectMeta: named("build-all")},
		limits("limits", "1"),
	)
	require.NoError(t, err)
	for _, tt := range []struct {
		get  func(context.Context, string) (spec.Object, error)
		name string
		want string // the error; empty if there is none
	}{
		{anyOf(m.WorkflowTemplate), "build", ""},
		{anyOf(m.ClusterWorkflowTemplate), "build-all", ""},
		{anyOf(m.ConfigMap), "limits", ""},
		{anyOf(m.WorkflowTemplate), "biuld", `no WorkflowTemplate "biuld"; did you mean "build"?`},
		{anyOf(m.WorkflowTemplate), "build-all", `no WorkflowTemplate "build-all"`},
		{anyOf(m.ClusterWorkflowTemplate), "build", `no ClusterWorkflowTemplate "build"`},
		{anyOf(m.ConfigMap), "limit", `no ConfigMap "limit"; did you mean "limits"?`},
		{anyOf(new(source.Memory).ConfigMap), "", `no ConfigMap ""`},
	} {
		o, err := tt.get(t.Context(), tt.name)
		if tt.want == "" {
			require.NoError(t, err)
			assert.Equal(t, tt.name, o.GetName())
			continue
		}
		require.EqualError(t, err, tt.want)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func anyOf[T spec.Object](get func(context.Context, string) (T, error)) func(context.Context, string) (spec.Object, error) {
	return func(ctx context.Context, name string) (spec.Object, error) { return get(ctx, name) }
}

// What is in a Memory changes by Set and Remove only, and by them at once.
func TestSet(t *testing.T) {
	given := limits("limits", "1")
	m, err := source.Of(given)
	require.NoError(t, err)
	limit := func() string {
		c, err := m.ConfigMap(t.Context(), "limits")
		require.NoError(t, err)
		defer func() { c.Data["limit"] = "changed outside" }()
		return c.Data["limit"]
	}
	given.Data["limit"] = "changed outside"
	assert.Equal(t, "1", limit())
	assert.Equal(t, "1", limit())
	require.NoError(t, m.Set(limits("limits", "2")))
	assert.Equal(t, "2", limit())
	require.NoError(t, m.Reload())
	assert.Equal(t, "2", limit(), "there are no files")
	require.NoError(t, m.Remove(&spec.WorkflowTemplate{ObjectMeta: named("limits")}))
	assert.Equal(t, "2", limit())
	require.NoError(t, m.Remove(given))
	_, err = m.ConfigMap(t.Context(), "limits")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// For the race detector.
func TestAtTheSameTime(t *testing.T) {
	m, err := source.FS(tree{"a.yaml": configMap("limits", "1")}.fs())
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { assert.NoError(t, m.Set(limits("limits", "2"))) })
		wg.Go(func() { assert.NoError(t, m.Reload()) })
		wg.Go(func() {
			c, err := m.ConfigMap(t.Context(), "limits")
			if assert.NoError(t, err) {
				assert.Contains(t, []string{"1", "2"}, c.Data["limit"])
			}
		})
	}
	wg.Wait()
}
