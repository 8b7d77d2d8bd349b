package k8s_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

var update = flag.Bool("update", false, "write the golden files")

// fixedTask is the first attempt of a leaf of a run that is always the same.
func fixedTask(w spec.WorkflowSpec, t spec.Template) *executor.Task {
	r := &executor.Run{Name: "diamond-x7k2p", UID: "8a1c", Workflow: &spec.Workflow{Spec: w}}
	task := newTask(r, "Build_It", t)
	task.ID.Node = "diamond-x7k2p.A"
	return task
}

func everything() (spec.WorkflowSpec, spec.Template) {
	yes, no, policy, deadline := true, false, corev1.DNSDefault, intstr.FromString("60")
	empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	w := spec.WorkflowSpec{
		Volumes:            []corev1.Volume{{Name: "shared", VolumeSource: empty}, {Name: "unused", VolumeSource: empty}},
		ServiceAccountName: "workflow", AutomountServiceAccountToken: &no,
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
		NodeSelector:     map[string]string{"pool": "cpu"}, SchedulerName: "workflow-scheduler", PodPriorityClassName: "low",
		Tolerations: []corev1.Toleration{{Key: "workflow"}}, HostNetwork: &yes, DNSPolicy: &policy,
		DNSConfig:       &corev1.PodDNSConfig{Nameservers: []string{"10.0.0.1"}},
		HostAliases:     []corev1.HostAlias{{IP: "10.0.0.2", Hostnames: []string{"workflow"}}},
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes},
		PodMetadata:     &spec.Metadata{Labels: map[string]string{"a": "workflow", "b": "workflow"}, Annotations: map[string]string{"note": "workflow"}},
		PodSpecPatch:    "terminationGracePeriodSeconds: 5",
	}
	t := spec.Template{
		Script: &spec.Script{Source: "print('hello')\n", Container: corev1.Container{
			Name: "ignored", Image: "python:3", Command: []string{"python"}, Args: []string{"-u"},
			Env:          []corev1.EnvVar{{Name: "WHO", Value: "$(x) {}"}},
			Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("2")}},
			VolumeMounts: []corev1.VolumeMount{{Name: "shared", MountPath: "/shared"}, {Name: "own", MountPath: "/own"}},
		}},
		Volumes:        []corev1.Volume{{Name: "own", VolumeSource: empty}},
		InitContainers: []spec.UserContainer{{Container: corev1.Container{Name: "prepare", Image: "alpine"}, MirrorVolumeMounts: &yes}},
		Sidecars: []spec.UserContainer{{MirrorVolumeMounts: &yes, Container: corev1.Container{
			Name: "aside", Image: "alpine", VolumeMounts: []corev1.VolumeMount{{Name: "shared", MountPath: "/own"}}}}},
		ServiceAccountName: "template", NodeSelector: map[string]string{"gpu": "yes"},
		Tolerations: []corev1.Toleration{{Key: "template"}}, PriorityClassName: "high",
		HostAliases:           []corev1.HostAlias{{IP: "10.0.0.3", Hostnames: []string{"template"}}},
		Affinity:              &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}},
		ActiveDeadlineSeconds: &deadline,
		Metadata:              spec.Metadata{Labels: map[string]string{"b": "template"}},
		PodSpecPatch:          `{"containers": [{"name": "main", "imagePullPolicy": "Always"}]}`,
	}
	return w, t
}

func TestPodGolden(t *testing.T) {
	w, everything := everything()
	for name, task := range map[string]*executor.Task{
		"plain":      fixedTask(spec.WorkflowSpec{}, spec.Template{Container: &corev1.Container{Image: image, Command: []string{"true"}}}),
		"everything": fixedTask(w, everything),
	} {
		t.Run(name, func(t *testing.T) {
			before, err := task.Template()
			require.NoError(t, err)
			before = before.DeepCopy()
			p, err := k8s.BuildPod(task, "jobs")
			require.NoError(t, err)
			golden(t, name, p)
			after, _ := task.Template()
			assert.Equal(t, before, after, "the template is shared")
		})
	}
}

func TestPodErrors(t *testing.T) {
	plain := func() spec.Template { return shell("exit 0") }
	zero := intstr.FromInt32(0)
	for name, tc := range map[string]struct {
		workflow spec.WorkflowSpec
		template spec.Template
		want     string
	}{
		"deadline": {template: with(plain(), func(t *spec.Template) { t.ActiveDeadlineSeconds = &zero }), want: `activeDeadlineSeconds: "0"`},
		"volume": {template: with(plain(), func(t *spec.Template) {
			t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/d"}}
		}), want: `no volume "data"`},
		"label":          {workflow: spec.WorkflowSpec{PodMetadata: &spec.Metadata{Labels: map[string]string{k8s.LabelRun: "x"}}}, template: plain(), want: k8s.LabelRun},
		"annotation":     {template: with(plain(), func(t *spec.Template) { t.Metadata.Annotations = map[string]string{k8s.AnnotationNode: "x"} }), want: k8s.AnnotationNode},
		"patch":          {template: patched(plain(), "{"), want: "podSpecPatch"},
		"patch type":     {template: patched(plain(), "containers: 7"), want: "podSpecPatch"},
		"patch restarts": {template: patched(plain(), "restartPolicy: Always"), want: "restartPolicy must stay Never"},
		"patch main":     {template: patched(plain(), "containers: [{name: main, $patch: delete}]"), want: "container main"},
		"source": {template: spec.Template{Script: &spec.Script{Source: strings.Repeat("x", 256<<10)}},
			want: "the script's source of 262144 bytes is kept as an annotation"},
		"annotations": {template: with(plain(), func(t *spec.Template) {
			t.Metadata.Annotations = map[string]string{"a": strings.Repeat("x", 256<<10)}
		}), want: "more than 262144"},
		"neither": {template: spec.Template{Name: "x"}, want: "neither a container nor a script"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k8s.BuildPod(fixedTask(tc.workflow, tc.template), "jobs")
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestPodName(t *testing.T) {
	task := func(run, template, node string, attempt int) *executor.Task {
		return &executor.Task{ID: executor.ID{Run: "u", Node: node, Attempt: attempt}, TemplateName: template, Run: &executor.Run{Name: run}}
	}
	long := strings.Repeat("a", 300)
	for name, tc := range map[string]struct {
		task *executor.Task
		want string
	}{
		"plain":           {task("diamond-x7k2p", "echo", "n", 0), "diamond-x7k2p-echo-"},
		"letters":         {task("run", "Build_It.Now", "n", 0), "run-build-it-now-"},
		"long template":   {task("run", long, "n", 0), "run-" + strings.Repeat("a", 217-4-14-len("run-")) + "-"},
		"long run":        {task(long, "echo", "n", 0), strings.Repeat("a", 217-4-14) + "-"},
		"nothing is left": {task("run", "___", "n", 0), "run-"},
	} {
		t.Run(name, func(t *testing.T) {
			got := k8s.PodName(tc.task, "jobs")
			assert.Equal(t, tc.want, got[:len(got)-13])
			assert.Empty(t, validation.IsDNS1123Subdomain(got))
			assert.LessOrEqual(t, len(got), 217-len("jobs"))
		})
	}
	names := map[string]bool{}
	for _, other := range []*executor.Task{
		task("r", "t", "n", 0), task("r", "t", "n", 1), task("r", "t", "m", 0), task("r", "t", "n(2723:2723)", 0), task("r", "t", "n(25106:25106)", 0),
	} {
		names[k8s.PodName(other, "jobs")] = true
	}
	assert.Len(t, names, 5)
}

// golden compares a Pod with the one in a file of that name.
func golden(t *testing.T, name string, p *corev1.Pod) {
	t.Helper()
	got, err := yaml.Marshal(p)
	require.NoError(t, err)
	file := filepath.Join("testdata", name+".yaml")
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}
