package k8s_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// agentAt is an image whose registry nobody answers at: it is pinned, so it is taken as it is.
var agentAt = "127.0.0.1:1/agent@sha256:" + strings.Repeat("a", 64)

func withAgentAt(t *testing.T, image string) *k8s.Executor {
	x, err := k8s.FromConfig(&rest.Config{Host: "https://127.0.0.1:1"}, "jobs", k8s.WithAgentImage(image))
	require.NoError(t, err)
	return x
}

func secretKey(name, key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}

func inBucket(key string) spec.ArtifactLocation {
	return spec.ArtifactLocation{S3: &spec.S3Artifact{Key: key, S3Bucket: spec.S3Bucket{
		Bucket: "artifacts", Endpoint: "minio:9000",
		AccessKeySecret: secretKey("cred", "access"), SecretKeySecret: secretKey("cred", "secret"),
	}}}
}

func atPath(name, path string, l spec.ArtifactLocation) spec.Artifact {
	return spec.Artifact{Name: name, Path: path, ArtifactLocation: l}
}

func TestAgentPodGolden(t *testing.T) {
	w, everything := everything()
	everything.Outputs.Parameters = []spec.Parameter{{Name: "rows", ValueFrom: &spec.ValueFrom{Path: "/tmp/rows"}}}
	everything.Outputs.Artifacts = []spec.Artifact{atPath("model", "/out/model", inBucket("run/model.tgz")), atPath("kept", "/out/kept", withKey(artifact.Volume("results"), "kept.tgz"))}
	in := atPath("data", "/in/data", inBucket("data.csv"))
	everything.Inputs.Artifacts = []spec.Artifact{in}
	full := fixedTask(w, everything)
	full.Artifacts = []executor.Artifact{{Artifact: in, Size: 3, SHA256: "ab"}}
	result := fixedTask(spec.WorkflowSpec{}, spec.Template{Container: &corev1.Container{Image: image, Command: []string{"date"}, Args: []string{"+%s"}}})
	result.WantResult = true
	set := fixedTask(spec.WorkflowSpec{}, spec.Template{ContainerSet: &spec.ContainerSet{
		VolumeMounts: []corev1.VolumeMount{{Name: "work", MountPath: "/work"}},
		Containers: []spec.ContainerNode{
			{Container: corev1.Container{Name: "a", Image: image, Command: []string{"true"}}},
			{Container: corev1.Container{Name: "b", Image: image, Command: []string{"true"}}, Dependencies: []string{"a"}},
		},
	}, Volumes: []corev1.Volume{{Name: "work"}}})

	for name, tc := range map[string]struct {
		task *executor.Task
		by   func(*k8s.Executor)
	}{
		"agent-everything": {full, (*k8s.Executor).AgentByCopy},
		"agent-result":     {result, (*k8s.Executor).AgentByVolume},
		"agent-set":        {set, (*k8s.Executor).AgentByVolume},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := tc.task.Template()
			require.NoError(t, err)
			before = before.DeepCopy()
			x := withAgentAt(t, agentAt)
			tc.by(x)
			p, err := x.PodOf(t.Context(), tc.task)
			require.NoError(t, err)
			after, _ := tc.task.Template()
			assert.Equal(t, before, after, "the template is shared")
			for _, c := range p.Spec.Containers {
				if c.Name == protocol.OutputsContainer {
					continue
				}
				told := instructions(t, &c)
				require.NotNil(t, told.Run)
				for _, a := range told.Run.Artifacts {
					assert.Empty(t, a.ArtifactLocation, "the program's container is not told where")
				}
				for _, v := range c.Env {
					assert.False(t, v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil, "and is given no credentials")
				}
			}
			blank(p)
			golden(t, name, p)
		})
	}
}

func withKey(l spec.ArtifactLocation, key string) spec.ArtifactLocation {
	return artifact.WithKey(l, key)
}

// instructions are what a container's agent is told.
func instructions(t *testing.T, c *corev1.Container) *protocol.Instructions {
	var environ []string
	for _, v := range c.Env {
		environ = append(environ, v.Name+"="+v.Value)
	}
	in, _, err := protocol.FromEnv(environ)
	require.NoError(t, err)
	return in
}

// blank takes the text of instructions away, which package protocol's tests are about.
func blank(p *corev1.Pod) {
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			for k := range list[i].Env {
				if v := &list[i].Env[k]; strings.HasPrefix(v.Name, "PODFLOW_AGENT") {
					v.Value = "INSTRUCTIONS"
				}
			}
		}
	}
}

func TestPlainPodsAreLeftAlone(t *testing.T) {
	x := withAgentAt(t, agentAt)
	task := fixedTask(spec.WorkflowSpec{}, spec.Template{Container: &corev1.Container{Image: "no/command"}})
	want, err := k8s.BuildPod(task, "jobs")
	require.NoError(t, err)
	got, err := x.PodOf(t.Context(), task)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// A clone takes more memory than a stream.
func TestMemoryOfInputs(t *testing.T) {
	for memory, location := range map[string]spec.ArtifactLocation{
		"128Mi": {HTTP: &spec.HTTPArtifact{URL: "http://x/y"}}, "512Mi": {Git: &spec.GitArtifact{Repo: "http://x/y.git"}},
	} {
		in := spec.Artifact{Name: "in", Path: "/in", ArtifactLocation: location}
		task := fixedTask(spec.WorkflowSpec{}, with(shell("exit 0"), func(t *spec.Template) { t.Inputs.Artifacts = []spec.Artifact{in} }))
		task.Artifacts = []executor.Artifact{{Artifact: in}}
		x := withAgentAt(t, agentAt)
		x.AgentByVolume()
		p, err := x.PodOf(t.Context(), task)
		require.NoError(t, err)
		assert.Equal(t, memory, p.Spec.InitContainers[0].Resources.Limits.Memory().String())
	}
}

func TestAgentErrors(t *testing.T) {
	used := func(t spec.Template) *executor.Task {
		task := fixedTask(spec.WorkflowSpec{}, t)
		task.WantResult = true
		return task
	}
	for name, tc := range map[string]struct {
		image string
		task  *executor.Task
		want  string
	}{
		"no image":       {"", used(shell("exit 0")), protocol.PushCommand},
		"unknown tag":    {"127.0.0.1:1/agent:v1", used(shell("exit 0")), "name it by digest"},
		"no command":     {agentAt, used(spec.Template{Container: &corev1.Container{Image: "127.0.0.1:1/say:v1"}}), "name the command"},
		"another system": {agentAt, used(with(shell("exit 0"), func(t *spec.Template) { t.PodSpecPatch = "os: {name: windows}" })), "windows"},
	} {
		t.Run(name, func(t *testing.T) {
			x := withAgentAt(t, tc.image)
			x.AgentByVolume()
			_, err := x.PodOf(t.Context(), tc.task)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAgentWithDriversOfItsOwn(t *testing.T) {
	template := shell("exit 0")
	template.Outputs.Artifacts = []spec.Artifact{atPath("out", "/out", spec.ArtifactLocation{GCS: &spec.GCSArtifact{}})}
	leaves := []executor.Leaf{{Path: "templates[a]", Template: &template}}
	require.ErrorContains(t, withAgentAt(t, agentAt).Check(&spec.Workflow{}, leaves), `name "gcs" to k8s.WithAgentImage`)
	x, err := k8s.FromConfig(&rest.Config{Host: "https://127.0.0.1:1"}, "jobs", k8s.WithAgentImage(agentAt, "gcs"))
	require.NoError(t, err)
	require.NoError(t, x.Check(&spec.Workflow{}, leaves))
}
