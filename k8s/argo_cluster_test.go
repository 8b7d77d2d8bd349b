package k8s_test

import (
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// random are the files whose containers toss coins: what they did once says nothing of what they do next.
var random = []string{"resubmit.yaml"}

// TestArgoExamples runs every example file of Argo that Load and Check accept as Pods, and compares the whole tree to
// what Argo's own controller recorded.
func TestArgoExamples(t *testing.T) {
	c := newCluster(t, nil)
	c.argoObjects()
	x := c.executor(k8s.Waits{}, k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))
	files := argotest.Examples(t)
	var ran atomic.Int32
	t.Run("files", func(t *testing.T) {
		for _, file := range slices.Sorted(maps.Keys(files)) {
			want := argotest.Golden(t, file)
			f, err := os.Open(files[file])
			require.NoError(t, err)
			wf, err := workflow.Load(f)
			require.NoError(t, f.Close())
			if want == nil || want.Timing || err != nil || slices.Contains(random, file) {
				continue
			}
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				run, err := wf.Run(t.Context(), x)
				if run == nil { // Check refused it before it began
					t.Log(err)
					return
				}
				argotest.Equal(t, want, run)
				ran.Add(1)
			})
		}
	})
	t.Logf("%d of %d files ran as Pods to the tree that Argo recorded", ran.Load(), len(files))
	assert.GreaterOrEqual(t, ran.Load(), int32(10))
	pods, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, pods.Items, "no Pod is left")
}

// argoObjects makes what the example files expect in their namespace.
func (c *cluster) argoObjects() {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "my-secret"}, StringData: map[string]string{"mypassword": "S00perS3cretPa55word"}}
	_, err := c.admin.CoreV1().Secrets(c.namespace).Create(c.ctx, secret, metav1.CreateOptions{})
	require.NoError(c, err)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "my-existing-volume"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}},
	}}
	_, err = c.admin.CoreV1().PersistentVolumeClaims(c.namespace).Create(c.ctx, claim, metav1.CreateOptions{})
	require.NoError(c, err)
}
