package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/executortest"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow/spec"
)

func TestConformance(t *testing.T) {
	kept := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	sh := func(edit func(*spec.Template)) spec.Template {
		s := spec.Template{Container: &corev1.Container{Image: "alpine:3.23", Command: []string{"sh", "-c", "true"}}}
		edit(&s)
		return s
	}
	executortest.Run(t, executortest.Config{
		New: func(*testing.T) executor.Executor {
			x := local.New()
			x.Directory = kept
			return x
		},
		Image: "alpine:3.23",
		Left:  left,
		Refuse: map[string]spec.Template{
			"container.command":       {Container: &corev1.Container{Image: "whalesay", Args: []string{"hello"}}},
			"script.command":          {Script: &spec.Script{Container: corev1.Container{Image: "python"}, Source: "print(1)"}},
			"resource":                {Resource: &spec.Resource{Action: "get"}},
			"http":                    {HTTP: &spec.HTTP{URL: "http://example.com"}},
			"containerSet":            {ContainerSet: &spec.ContainerSet{}},
			"data":                    {Data: &spec.Data{}},
			"plugin":                  {Plugin: spec.Plugin{"x": nil}},
			"daemon":                  sh(func(t *spec.Template) { t.Daemon = new(true) }),
			"podSpecPatch":            sh(func(t *spec.Template) { t.PodSpecPatch = "{}" }),
			"initContainers[prepare]": sh(func(t *spec.Template) { t.InitContainers = container("prepare") }),
			"sidecars[proxy]":         sh(func(t *spec.Template) { t.Sidecars = container("proxy") }),
			"inputs.artifacts[src]": sh(func(t *spec.Template) {
				t.Inputs.Artifacts = []spec.Artifact{{Name: "src", Path: "/src", ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{GCSBucket: spec.GCSBucket{Bucket: "b"}}}}}
			}),
			"outputs.artifacts[bin]": sh(func(t *spec.Template) {
				t.Outputs.Artifacts = []spec.Artifact{{Name: "bin", Path: "/bin", ArtifactLocation: artifact.Volume("claim")}}
			}),
			"outputs.parameters[rows]": sh(func(t *spec.Template) { t.Outputs.Parameters = []spec.Parameter{{Name: "rows"}} }),
			"container.envFrom[0]":     sh(func(t *spec.Template) { t.Container.EnvFrom = []corev1.EnvFromSource{{}} }),
			"container.env[A].valueFrom": sh(func(t *spec.Template) {
				t.Container.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{}}}
			}),
			"container.lifecycle": sh(func(t *spec.Template) { t.Container.Lifecycle = &corev1.Lifecycle{} }),
			"container.volumeMounts[no-volume]": sh(func(t *spec.Template) {
				t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "no-volume", MountPath: "/x"}}
			}),
			"container.volumeMounts[claim]": sh(func(t *spec.Template) {
				t.Volumes = []corev1.Volume{{Name: "claim", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}}}
				t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "claim", MountPath: "/x"}}
			}),
		},
	})
}

func container(name string) []spec.UserContainer {
	return []spec.UserContainer{{Container: corev1.Container{Name: name}}}
}

// left lists the files in the temporary directory, and on Linux the processes whose env points there.
func left(t *testing.T, _ executor.Executor) []string {
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(files, processes()...)
}

// processes lists the processes that live in the temporary directory, where /proc tells.
func processes() (found []string) {
	envs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range envs {
		if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, []byte("PODFLOW_ROOT="+os.TempDir())) {
			found = append(found, file)
		}
	}
	return found
}
