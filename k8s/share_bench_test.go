package k8s_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// memoryClass makes the class of memory/class.yaml with one volume on the cluster's node, which is this machine, and
// gives its name.
func (c *cluster) memoryClass() string {
	if os.Getenv("PODFLOW_CLUSTER") == "" {
		c.Skip("PODFLOW_CLUSTER is not set: the directory must be on the cluster's node")
	}
	text, err := os.ReadFile("memory/class.yaml")
	require.NoError(c, err)
	first, second, ok := strings.Cut(string(text), "\n---\n")
	require.True(c, ok)
	class, volume := &storagev1.StorageClass{}, &corev1.PersistentVolume{}
	require.NoError(c, yaml.UnmarshalStrict([]byte(first), class))
	require.NoError(c, yaml.UnmarshalStrict([]byte(second), volume))
	dir, err := os.MkdirTemp("/dev/shm", "podflow-")
	require.NoError(c, err)
	require.NoError(c, os.Chmod(dir, 0o777))
	class.Name, volume.Name, volume.Spec.StorageClassName, volume.Spec.Local.Path = c.namespace, c.namespace, c.namespace, dir
	classes, volumes := c.admin.StorageV1().StorageClasses(), c.admin.CoreV1().PersistentVolumes()
	_, err = classes.Create(c.ctx, class, metav1.CreateOptions{})
	require.NoError(c, err)
	_, err = volumes.Create(c.ctx, volume, metav1.CreateOptions{})
	require.NoError(c, err)
	c.Cleanup(func() {
		ctx := context.Background()
		assert.NoError(c, volumes.Delete(ctx, volume.Name, metav1.DeleteOptions{}))
		assert.NoError(c, classes.Delete(ctx, class.Name, metav1.DeleteOptions{}))
		assert.NoError(c, os.RemoveAll(dir))
	})
	return class.Name
}

// memoryRun is a run with a claim "work" of a class.
func memoryRun(class string) *executor.Run {
	return newRun(spec.WorkflowSpec{VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{
		ObjectMeta: metav1.ObjectMeta{Name: "work"},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}},
		},
	}}})
}

func mountsWork(t spec.Template) spec.Template {
	t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "work", MountPath: "/work"}}
	return t
}

// Steps of a run share the memory of a node by a claim of a class of such volumes.
func TestMemoryClaim(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{})
	r := memoryRun(c.memoryClass())
	require.NoError(t, x.BeginRun(t.Context(), r))
	for i, script := range []string{"echo hello > /work/a", `test "$(cat /work/a)" = hello && grep ' /work tmpfs ' /proc/mounts`} {
		result, err := execute(t, x, newTask(r, fmt.Sprintf("n%d", i), mountsWork(shell(script)))).end()
		require.NoError(t, err)
		assert.Equal(t, spec.Succeeded, result.Phase, result.Message)
	}
	require.NoError(t, x.EndRun(t.Context(), r, spec.Succeeded))
}

// BenchmarkPassing passes 256 MiB from one step to the next in the ways that there are, beside two steps that pass
// nothing.
func BenchmarkPassing(b *testing.B) {
	const write, read = "head -c 268435456 /dev/zero > ", "test $(wc -c < %s) = 268435456"
	c := newCluster(b, nil)
	class := c.memoryClass()
	x := c.executor(k8s.Waits{}, withAgent(b)...)
	places := map[string]spec.ArtifactLocation{"S3": c.bucket(), "claim": c.claimed("disk")}
	one := func(task *executor.Task) executor.Result {
		result, err := execute(b, x, task).end()
		require.NoError(b, err)
		require.Equal(b, spec.Succeeded, result.Phase, result.Message)
		return result
	}
	memory := memoryRun(class)
	require.NoError(b, x.BeginRun(b.Context(), memory))
	step := 0
	next := func(r *executor.Run, t spec.Template) *executor.Task {
		step++
		return newTask(r, fmt.Sprintf("n%d", step), t)
	}
	artifacts := func(place string) func() {
		return func() {
			make := shell(write + "/tmp/file")
			make.Outputs.Artifacts = []spec.Artifact{{Name: "f", Path: "/tmp/file", Archive: &spec.ArchiveStrategy{None: &spec.NoneStrategy{}},
				ArtifactLocation: artifact.WithKey(places[place], c.namespace+"/file")}}
			kept := one(next(newRun(spec.WorkflowSpec{}), make)).Artifacts[0]
			kept.Path = "/in/file"
			one(taking(shell(fmt.Sprintf(read, "/in/file")), kept))
		}
	}
	ways := []struct {
		name string
		pass func()
		took time.Duration
	}{
		{name: "nothing", pass: func() {
			one(next(memory, shell("true")))
			one(next(memory, shell("true")))
		}},
		{name: "S3", pass: artifacts("S3")},
		{name: "claim", pass: artifacts("claim")},
		{name: "memory-claim", pass: func() {
			one(next(memory, mountsWork(shell(write+"/work/file"))))
			one(next(memory, mountsWork(shell(fmt.Sprintf(read, "/work/file")))))
		}},
		{name: "memory-set", pass: func() {
			t := set(node("a", write+"/work/file"), node("b", fmt.Sprintf(read, "/work/file"), "a"))
			t.Volumes[0].EmptyDir = &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}
			one(next(newRun(spec.WorkflowSpec{}), t))
		}},
	}
	for i := range ways {
		ways[i].pass() // pulls the images
	}
	for b.Loop() {
		for i := range ways {
			begun := time.Now()
			ways[i].pass()
			ways[i].took += time.Since(begun)
		}
	}
	for i := range ways {
		b.ReportMetric(float64(ways[i].took.Milliseconds())/float64(b.N), ways[i].name+"-ms")
	}
	b.ReportMetric(0, "ns/op")
	require.NoError(b, x.EndRun(b.Context(), memory, spec.Succeeded))
}
