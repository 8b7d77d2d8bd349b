package k8s_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// TestQuota has room for one Pod at a time.
func TestQuota(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	quotas := c.admin.CoreV1().ResourceQuotas(c.namespace)
	_, err := quotas.Create(c.ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(t, "the quota counts", func() bool {
		q, err := quotas.Get(c.ctx, "one", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) > 0
	})
	x := c.executor(k8s.Waits{Most: time.Second})
	r := newRun(spec.WorkflowSpec{})
	first := execute(t, x, newTask(r, "first", shell(goesOn)))
	first.running()
	second := execute(t, x, newTask(r, "second", shell("exit 0")))
	second.pending("exceeded quota: one, requested: pods=1")
	first.cancel(errors.New("stopped"))
	_, err = first.end()
	require.EqualError(t, err, "stopped")
	_, err = second.end()
	require.NoError(t, err)
}

// TestWaitsForAPerson has Pods that go on only once somebody did something.
func TestWaitsForAPerson(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{Events: time.Second, Most: time.Second})
	core := c.admin.CoreV1()
	for name, tc := range map[string]struct {
		template spec.Template
		pending  string
		help     func(pod string) error
	}{
		"SchedulingGated": {patched(shell("exit 0"), "schedulingGates: [{name: test/gate}]"), "SchedulingGated", func(pod string) error {
			_, err := core.Pods(c.namespace).Patch(c.ctx, pod, types.JSONPatchType,
				[]byte(`[{"op": "remove", "path": "/spec/schedulingGates"}]`), metav1.PatchOptions{})
			return err
		}},
		"ConfigMap": {with(shell("exit 0"), func(t *spec.Template) {
			t.Container.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "late"}}}}
		}), "CreateContainerConfigError", func(string) error {
			_, err := core.ConfigMaps(c.namespace).Create(c.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
			return err
		}},
		"ServiceAccount": {with(shell("exit 0"), func(t *spec.Template) { t.ServiceAccountName = "late" }), "not found", func(string) error {
			_, err := core.ServiceAccounts(c.namespace).Create(c.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
			return err
		}},
		"Volume": {with(shell("exit 0"), func(t *spec.Template) {
			t.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "late"}}}}
			t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
		}), "FailedMount", func(string) error {
			_, err := core.Secrets(c.namespace).Create(c.ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := newTask(newRun(spec.WorkflowSpec{}), "late", tc.template)
			e := execute(t, x, task)
			e.pending(tc.pending)
			require.NoError(t, tc.help(k8s.PodName(task, c.namespace)))
			result, err := e.end()
			require.NoError(t, err)
			assert.Equal(t, spec.Succeeded, result.Phase)
		})
	}
	t.Run("Unschedulable", func(t *testing.T) {
		t.Parallel()
		task := newTask(newRun(spec.WorkflowSpec{NodeSelector: map[string]string{"no": "node"}}), "never", shell("exit 0"))
		e := execute(t, x, task)
		e.pending("Unschedulable: 0/")
		e.cancel(context.Canceled)
		_, err := e.end()
		require.ErrorIs(t, err, context.Canceled)
		assert.Nil(t, c.pod(k8s.PodName(task, c.namespace)))
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	t.Run("PodSecurity", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
		_, err := execute(t, c.executor(k8s.Waits{}), newTask(newRun(spec.WorkflowSpec{}), "root", shell("exit 0"))).end()
		require.ErrorContains(t, err, `violates PodSecurity "restricted:latest"`)
	})
	t.Run("LimitRange", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, nil)
		_, err := c.admin.CoreV1().LimitRanges(c.namespace).Create(c.ctx, &corev1.LimitRange{
			ObjectMeta: metav1.ObjectMeta{Name: "small"},
			Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
				Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}}},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		task := newTask(newRun(spec.WorkflowSpec{}), "large", with(shell("exit 0"), func(t *spec.Template) {
			t.Container.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}
		}))
		_, err = execute(t, c.executor(k8s.Waits{}), task).end()
		require.ErrorContains(t, err, "maximum cpu usage per Container is 1")
	})
	t.Run("NamespaceTerminating", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, nil)
		maps := c.admin.CoreV1().ConfigMaps(c.namespace)
		held, err := maps.Create(c.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Finalizers: []string{"test/held"}}}, metav1.CreateOptions{})
		require.NoError(t, err)
		x := c.executor(k8s.Waits{})
		require.NoError(t, c.admin.CoreV1().Namespaces().Delete(c.ctx, c.namespace, metav1.DeleteOptions{}))
		_, err = execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "late", shell("exit 0"))).end()
		require.Error(t, err)
		var loss *executor.LostError
		require.NotErrorAs(t, err, &loss)
		held.Finalizers = nil
		held.ResourceVersion = ""
		_, err = maps.Update(c.ctx, held, metav1.UpdateOptions{})
		require.NoError(t, err)
	})
}

// TestWebhooks has an admission webhook that first cannot be called, and then denies.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		_ = json.NewDecoder(r.Body).Decode(&review)
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Result: &metav1.Status{Message: "not on a Friday", Code: 500}}
		_ = json.NewEncoder(w).Encode(review)
	}))
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	hooks := c.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	none, nowhere := admission.SideEffectClassNone, "https://127.0.0.1:1/"
	hook := &admission.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		Webhooks: []admission.ValidatingWebhook{{
			Name: "deny.podflow.test", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admission.WebhookClientConfig{URL: &nowhere, CABundle: ca},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": c.namespace}},
			Rules: []admission.RuleWithOperations{{
				Operations: []admission.OperationType{admission.Create},
				Rule:       admission.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}
	hook, err := hooks.Create(c.ctx, hook, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = hooks.Delete(context.Background(), c.namespace, metav1.DeleteOptions{}) })

	// The API server takes a moment to know of the webhook: until then Pods are created.
	x := c.executor(k8s.Waits{Most: time.Second})
	var e *call
	eventually(t, "the webhook is called", func() bool {
		e = execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "asked", shell(goesOn)))
		u := e.until("a Pod, or a call that failed", func(u executor.Update) bool {
			return u.PodName != "" || strings.Contains(u.Message, "failed calling webhook")
		})
		if u.PodName != "" {
			e.cancel(context.Canceled)
			_, _ = e.end()
		}
		return u.PodName == ""
	})
	hook.Webhooks[0].ClientConfig.URL = &server.URL
	_, err = hooks.Update(c.ctx, hook, metav1.UpdateOptions{})
	require.NoError(t, err)
	_, err = e.end()
	require.ErrorContains(t, err, "denied the request: not on a Friday")
}

// TestSandbox has a runtime that nodes do not have.
func TestSandbox(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	classes := c.admin.NodeV1().RuntimeClasses()
	_, err := classes.Create(c.ctx, &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}, Handler: "nothing"}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = classes.Delete(context.Background(), c.namespace, metav1.DeleteOptions{}) })
	task := newTask(newRun(spec.WorkflowSpec{}), "boxed", patched(shell("exit 0"), "runtimeClassName: "+c.namespace))
	_, err = execute(t, c.executor(soon), task).end()
	var loss *executor.LostError
	require.ErrorAs(t, err, &loss)
	assert.Equal(t, "FailedCreatePodSandBox", loss.Reason)
}
