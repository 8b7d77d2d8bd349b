package argotest

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

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

// Repository is where the artifacts of the records were kept.
func Repository() spec.ArtifactLocation {
	secret := func(key string) *corev1.SecretKeySelector {
		return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "my-minio-cred"}, Key: key}
	}
	insecure := true
	return spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{
		Endpoint: "minio:9000", Bucket: "my-bucket", Insecure: &insecure,
		AccessKeySecret: secret("accesskey"), SecretKeySecret: secret("secretkey"),
	}}}
}

// Configs are the ConfigMaps that the example files need and do not hold: my-config, and artifact-repositories, which
// names [Repository] as my-key.
func Configs() []spec.Object {
	repository, err := yaml.Marshal(spec.ArtifactRepository{S3: &spec.S3ArtifactRepository{S3Bucket: Repository().S3.S3Bucket}})
	if err != nil {
		panic(err) // it is data
	}
	return []spec.Object{
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "my-config"}, Data: map[string]string{"template": "3", "workflow": "2"}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "artifact-repositories"}, Data: map[string]string{"my-key": string(repository)}},
	}
}

func readSource(t testing.TB) *source.Memory {
	t.Helper()
	m, err := source.Of(Configs()...)
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
