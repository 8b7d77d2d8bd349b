package argotest

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// Source holds what was on the cluster when the records were made: every WorkflowTemplate, ClusterWorkflowTemplate and
// ConfigMap of the example files, and the ConfigMap my-config. It is read once and shared: do not change it.
func Source(t testing.TB) *source.Memory {
	t.Helper()
	once.Lock()
	defer once.Unlock()
	if once.source == nil {
		once.source = readSource(t)
	}
	return once.source
}

var once struct {
	sync.Mutex
	source *source.Memory
}

func readSource(t testing.TB) *source.Memory {
	t.Helper()
	m, err := source.Of(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "my-config"}, Data: map[string]string{"template": "3", "workflow": "2"},
	})
	require.NoError(t, err)
	files := Examples(t)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		objects, err := decode(t, files[file])
		if err != nil {
			continue // what is wrong with it is for the tests of the files
		}
		for _, o := range objects {
			switch o.(type) {
			case *spec.WorkflowTemplate, *spec.ClusterWorkflowTemplate, *corev1.ConfigMap:
				require.NoError(t, m.Set(o), file)
			}
		}
	}
	return m
}
