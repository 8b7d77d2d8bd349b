package k8s_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// unconnected is an Executor that asks no cluster.
func unconnected(t testing.TB) *k8s.Executor {
	x, err := k8s.FromConfig(&rest.Config{Host: "https://127.0.0.1:1"}, "jobs")
	require.NoError(t, err)
	return x
}

func TestCheckRefusesAllAtOnce(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	main := func() spec.Template { return spec.Template{Container: &corev1.Container{Image: image}} }
	w := &spec.Workflow{Spec: spec.WorkflowSpec{
		Executor: &spec.ExecutorConfig{}, ExecutorPlugins: []spec.ExecutorPlugin{{}},
		PodGC:         &spec.PodGC{Strategy: "OnPodSucces", LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"-": ""}}, DeleteDelayDuration: "5m"},
		PodMetadata:   &spec.Metadata{Labels: map[string]string{k8s.LabelRun: "x"}},
		Volumes:       []corev1.Volume{{Name: "data"}},
		VolumeClaimGC: &spec.VolumeClaimGC{Strategy: "OnWorkflowComplete"},
		VolumeClaimTemplates: []corev1.PersistentVolumeClaim{
			{ObjectMeta: metav1.ObjectMeta{Name: "work", Labels: map[string]string{k8s.LabelRun: "x"}}},
			{}, {ObjectMeta: metav1.ObjectMeta{Name: "data"}}, {ObjectMeta: metav1.ObjectMeta{Name: "work"}},
		},
		Templates: []spec.Template{{Name: "graph", DAG: &spec.DAG{}, NodeSelector: map[string]string{"a": "b"},
			Affinity: &corev1.Affinity{}, Tolerations: []corev1.Toleration{{}}}},
	}}
	var leaves []executor.Leaf
	var want []string
	leaf := func(name string, t spec.Template, paths ...string) {
		t.Name = name
		leaves = append(leaves, executor.Leaf{Path: "templates[" + name + "]", Template: &t})
		for _, p := range paths {
			want = append(want, "templates["+name+"]"+p)
		}
	}
	node := func(name string) spec.ContainerNode {
		return spec.ContainerNode{Container: corev1.Container{Name: name}}
	}
	leaf("sets", spec.Template{ContainerSet: &spec.ContainerSet{Containers: []spec.ContainerNode{node("podflow-init"), node("a")}}},
		".containerSet.containers[podflow-init]: ", ".containerSet.containers: outputs are those of container main", ": its standard output is used: it needs the agent")
	leaves[len(leaves)-1].UsesResult = true
	leaf("res", spec.Template{Resource: &spec.Resource{}}, ".resource.action: ", ".resource.manifest: ")
	leaf("data", spec.Template{Data: &spec.Data{}}, ".data: ")
	leaf("http", spec.Template{HTTP: &spec.HTTP{}}, ".http: ")
	leaf("plugin", spec.Template{Plugin: spec.Plugin{"x": nil}}, ".plugin: ")
	leaf("none", spec.Template{}, ": it has neither")
	leaf("all", with(main(), func(t *spec.Template) {
		t.Executor = &spec.ExecutorConfig{}
		t.Inputs.Artifacts = []spec.Artifact{{Name: "in", ArtifactLocation: spec.ArtifactLocation{GCS: &spec.GCSArtifact{}}}, {Name: "raw"}}
		t.Outputs.Artifacts = []spec.Artifact{{Name: "out", ArtifactLocation: artifact.Directory("/d")}}
		t.Outputs.Parameters = []spec.Parameter{{Name: "rows", ValueFrom: &spec.ValueFrom{Path: "/rows"}}}
		t.Metadata.Annotations = map[string]string{k8s.AnnotationSource: "x"}
		t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "date"}, {Name: "work"}, {Name: "{{inputs.parameters.v}}"}}
		t.Sidecars = []spec.UserContainer{{Container: corev1.Container{Name: "s", RestartPolicy: &always}}}
		t.InitContainers = []spec.UserContainer{{Container: corev1.Container{Name: "i", RestartPolicyRules: []corev1.ContainerRestartRule{{}}}}}
	}), ".executor: ", ".inputs.artifacts[in]: podflow's agent has no driver for gcs", ".outputs.artifacts[out]: ",
		": its output parameters are files: it needs the agent: build and push its image with",
		".metadata: ", `.container.volumeMounts[date]: no volume "date" in the template or the workflow; did you mean "data"?`,
		".sidecars[s].restartPolicy: ", ".initContainers[i].restartPolicyRules: ")
	leaf("used", main(), ": its standard output is used")
	leaves[len(leaves)-1].UsesResult = true
	leaf("func", spec.Template{})
	leaves[len(leaves)-1].Func = true

	err := unconnected(t).Check(w, leaves)
	require.Error(t, err)
	want = append(want, "executor: ", "executorPlugins: ", "podGC.labelSelector: ",
		"podGC.deleteDelayDuration: ", `podGC.strategy: unknown strategy "OnPodSucces"; did you mean "OnPodSuccess"?`, "podMetadata: ",
		`volumeClaimGC.strategy: unknown strategy "OnWorkflowComplete"; did you mean "OnWorkflowCompletion"?`,
		"volumeClaimTemplates[0].metadata: ", `volumeClaimTemplates[1].metadata.name: "" cannot be the name of a volume`,
		`volumeClaimTemplates[2].metadata.name: another volume is named "data"`,
		`volumeClaimTemplates[3].metadata.name: another volume is named "work"`,
		"templates[graph].nodeSelector: ", "templates[graph].affinity: ", "templates[graph].tolerations: ")
	got := strings.Split(err.Error(), "\n")
	assert.Len(t, got, len(want), "%s", err)
	for _, w := range want {
		assert.True(t, func() bool {
			for _, g := range got {
				if strings.HasPrefix(g, w) {
					return true
				}
			}
			return false
		}(), "%q is missing in\n%s", w, err)
	}
	assert.NotContains(t, err.Error(), "templates[func]")
}

// TestCheckKnowsAllFields fails when a field is added that nobody has decided about.
func TestCheckKnowsAllFields(t *testing.T) {
	const engine, pod, resource, refused, warned = "the engine's", "a Pod's", "asked of the API server", "refused", "the plan warns"
	fields := func(v any) (names []string) {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			names = append(names, f.Name)
		}
		return names
	}
	decided := func(groups map[string]string) (names []string) {
		for _, g := range groups {
			names = append(names, strings.Fields(g)...)
		}
		return names
	}
	assert.ElementsMatch(t, fields(spec.Template{}), decided(map[string]string{
		engine: "Name Inputs Outputs Suspend DAG Steps FailFast Parallelism Timeout PendingTimeout RetryStrategy Synchronization " +
			"Memoize Metrics Annotations",
		pod: "Container Script ContainerSet ArchiveLocation Daemon ActiveDeadlineSeconds Metadata Volumes InitContainers Sidecars ServiceAccountName " +
			"AutomountServiceAccountToken NodeSelector Affinity Tolerations SchedulerName PriorityClassName HostAliases SecurityContext " +
			"PodResources ResourceClaims PodSpecPatch",
		resource: "Resource",
		refused:  "Data HTTP Plugin Executor",
	}))
	assert.ElementsMatch(t, fields(spec.WorkflowSpec{}), decided(map[string]string{
		engine: "Entrypoint Arguments Templates TemplateDefaults WorkflowTemplateRef OnExit Hooks Suspend Shutdown ActiveDeadlineSeconds " +
			"Parallelism Priority RetryStrategy Synchronization Metrics TTLStrategy WorkflowMetadata ArtifactGC ArtifactRepositoryRef",
		pod: "PodGC PodDisruptionBudget VolumeClaimTemplates VolumeClaimGC Volumes ServiceAccountName AutomountServiceAccountToken ImagePullSecrets NodeSelector Affinity Tolerations " +
			"SchedulerName PodPriorityClassName PodMetadata PodResources ResourceClaims PodSpecPatch SecurityContext HostNetwork " +
			"HostAliases DNSPolicy DNSConfig",
		refused: "Executor ExecutorPlugins",
		warned:  "ArchiveLogs",
	}))
}

func TestNew(t *testing.T) {
	_, err := k8s.FromConfig(nil, "jobs")
	require.ErrorContains(t, err, "config is nil")
	_, err = k8s.FromConfig(&rest.Config{}, "")
	require.ErrorContains(t, err, "namespace is empty")
	_, err = k8s.FromConfig(&rest.Config{Host: "http://[::1"}, "jobs")
	require.Error(t, err)
	x := unconnected(t)
	require.NoError(t, x.Close())
	_, err = x.Execute(t.Context(), newTask(newRun(spec.WorkflowSpec{}), "a", shell("exit 0")), func(executor.Update) {})
	require.ErrorContains(t, err, "closed")
	require.ErrorContains(t, x.BeginRun(t.Context(), newRun(spec.WorkflowSpec{})), "closed")
}
