package k8s_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/executortest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

func TestConformance(t *testing.T) {
	t.Run("ImageVolume", func(t *testing.T) { conform(t, func(*k8s.Executor) {}) })
	t.Run("Copy", func(t *testing.T) { conform(t, (*k8s.Executor).AgentByCopy) })
}

func conform(t *testing.T, change func(*k8s.Executor)) {
	c := newCluster(t, nil)
	agent := withAgent(t)
	container := corev1.Container{Image: image, Command: []string{"true"}}
	executortest.Run(t, executortest.Config{
		New: func(t *testing.T) executor.Executor {
			x, err := k8s.FromConfig(c.config, c.namespace, append(agent, k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))...)
			require.NoError(t, err)
			x.Hasten(k8s.Waits{})
			change(x)
			t.Cleanup(func() { require.NoError(t, x.Close()) })
			return x
		},
		Image: image, Repository: c.bucket(),
		Refuse: map[string]spec.Template{
			"http": {HTTP: &spec.HTTP{URL: "http://example.com"}},
			"inputs.artifacts[in]": {Container: &container, Inputs: spec.Inputs{Artifacts: []spec.Artifact{{
				Name: "in", ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{}}}}}},
			"container.volumeMounts[v]": {Container: &corev1.Container{
				Image: image, VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}}},
		},
		Left: func(t *testing.T, _ executor.Executor) []string {
			list, err := c.admin.CoreV1().Pods(c.namespace).List(context.Background(), metav1.ListOptions{})
			if err != nil {
				return []string{err.Error()}
			}
			var names []string
			for _, p := range list.Items {
				if p.DeletionTimestamp == nil {
					names = append(names, p.Name)
				}
			}
			return names
		},
	})
}
