package k8s_test

import (
	"bufio"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// TestArgoConfig runs Argo's records that take templates and values from the cluster, with all of both there as objects,
// and compares the whole tree to what Argo's controller did.
func TestArgoConfig(t *testing.T) {
	c := configured(t)
	c.argoKinds()
	c.makeExamples()
	c.letReadClusterTemplates()
	x := c.executor(k8s.Waits{}, append(withAgent(t), k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))...)
	ran := 0
	t.Run("records", func(t *testing.T) {
		for _, want := range argotest.Records(t) {
			fromCluster := strings.Contains(want.Name, "workflow-template__") || strings.Contains(want.Name, "configmap") || want.Name == "memoize-simple"
			_, tossed := chances[want.Name]
			if !fromCluster || tossed || strings.HasSuffix(want.Name, "archive-logs") {
				continue
			}
			ran++
			t.Run(want.Name, func(t *testing.T) {
				t.Parallel()
				w, err := want.Workflow(t)
				require.NoError(t, err)
				wf, err := workflow.FromSpec(w, workflow.Templates(t.Context(), x))
				require.NoError(t, err)
				runner := workflow.NewRunner(x, workflow.WithConfig(x), workflow.WithMemo(x.Memo()))
				defer func() { require.NoError(t, runner.Close()) }()
				run, err := runner.Start(t.Context(), wf)
				require.NoError(t, err)
				require.NoError(t, run.Wait(t.Context()))
				argotest.Equal(t, want, run)
			})
		}
	})
	assert.GreaterOrEqual(t, ran, 12)
}

// makeExamples makes the templates and the ConfigMaps of all example files.
func (c *cluster) makeExamples() {
	client := dynamic.NewForConfigOrDie(adminConfig(c))
	made := 0
	for _, path := range argotest.Examples(c) {
		f, err := os.Open(path)
		require.NoError(c, err)
		for documents := utilyaml.NewYAMLReader(bufio.NewReader(f)); ; {
			document, err := documents.Read()
			if err != nil {
				break
			}
			o := &unstructured.Unstructured{}
			if yaml.Unmarshal(document, &o.Object) != nil {
				continue // a file that is to be refused
			}
			var at schema.GroupVersionResource
			switch o.GetKind() {
			case "ConfigMap":
				at = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
			case "WorkflowTemplate", "ClusterWorkflowTemplate":
				at = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: strings.ToLower(o.GetKind()) + "s"}
			default:
				continue
			}
			var to dynamic.ResourceInterface = client.Resource(at).Namespace(c.namespace)
			if o.GetKind() == "ClusterWorkflowTemplate" {
				to = client.Resource(at)
			}
			if _, err = to.Create(c.ctx, o, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
				require.NoError(c, err, path)
				made++
			}
		}
		require.NoError(c, f.Close())
	}
	assert.Greater(c, made, 10)
}

// letReadClusterTemplates lets the service account read ClusterWorkflowTemplates, which takes a ClusterRole.
func (c *cluster) letReadClusterTemplates() {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{"argoproj.io"}, Resources: []string{"clusterworkflowtemplates"}, Verbs: []string{"get"},
	}}}
	_, err := c.admin.RbacV1().ClusterRoles().Create(c.ctx, role, metav1.CreateOptions{})
	require.NoError(c, err)
	_, err = c.admin.RbacV1().ClusterRoleBindings().Create(c.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "podflow", Namespace: c.namespace}},
	}, metav1.CreateOptions{})
	require.NoError(c, err)
	c.Cleanup(func() {
		assert.NoError(c, c.admin.RbacV1().ClusterRoles().Delete(context.Background(), c.namespace, metav1.DeleteOptions{}))
		assert.NoError(c, c.admin.RbacV1().ClusterRoleBindings().Delete(context.Background(), c.namespace, metav1.DeleteOptions{}))
	})
}
