package k8s_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// soon are the waits of a test that waits for them to be over.
var soon = k8s.Waits{
	Auth: time.Second, Missing: time.Second, Config: 2 * time.Second, Sandbox: 2 * time.Second, Pull: 2 * time.Second,
	Events: time.Second,
}

// with changes a template.
func with(t spec.Template, change func(*spec.Template)) spec.Template {
	change(&t)
	return t
}

// patched is a template with a podSpecPatch.
func patched(t spec.Template, patch string) spec.Template {
	t.PodSpecPatch = patch
	return t
}

// trouble is one row of the table: what a template leads to.
type trouble struct {
	template spec.Template
	// failed are the messages that a program's failure may have, with codes the exit codes, and -1 for none.
	failed []string
	codes  []int
	// lost is the reason of a loss.
	lost string
	// broken is a part of an error that is not a loss.
	broken string
	// waited says that it is waited for a while whether it passes.
	waited bool
}

var troubles = map[string]trouble{
	"ErrImagePull":     {template: spec.Template{Container: &corev1.Container{Image: "nowhere/nothing:1"}}, broken: "mage", waited: true},
	"InvalidImageName": {template: spec.Template{Container: &corev1.Container{Image: "Not/An:Image:Name"}}, broken: "InvalidImageName"},
	"ErrImageNeverPull": {template: spec.Template{Container: &corev1.Container{
		Image: "nowhere/nothing:2", ImagePullPolicy: corev1.PullNever}}, broken: "ErrImageNeverPull"},
	"CreateContainerConfigError": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.Container.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "not-there"}}}}
	}), broken: `configmap "not-there" not found`, waited: true},
	"FailedMount": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: "no-secret"}}}}
		t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
	}), broken: `FailedMount: MountVolume.SetUp failed for volume "v" : secret "no-secret" not found`, waited: true},
	"StartError": {template: spec.Template{Container: &corev1.Container{Image: image, Command: []string{"/no/such/program"}}},
		broken: "/no/such/program"},
	"Exit":     {template: shell("exit 3"), failed: []string{"main: Error (exit code 3)"}, codes: []int{3}},
	"Signal9":  {template: shell("sh -c 'kill -9 $$$$'; exit $?"), failed: []string{"main: Error (exit code 137)"}, codes: []int{137}},
	"Signal15": {template: shell("sh -c 'kill -15 $$$$'; exit $?"), failed: []string{"main: Error (exit code 143)"}, codes: []int{143}},
	"OOMKilled": {template: with(shell("x=abcdefgh; while :; do x=$x$x; done"), func(t *spec.Template) {
		t.Container.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("20Mi")}
	}), failed: []string{"main: OOMKilled (exit code 137)", "main: Error (exit code 137)"}, codes: []int{137}}, // a busy runtime misses why
	"DeadlineExceeded": {template: with(shell(goesOn), func(t *spec.Template) {
		one := intstr.FromString("1")
		t.ActiveDeadlineSeconds = &one
	}), failed: []string{"Pod was active on the node longer than the specified deadline"}, codes: []int{-1, 0, 137, 143}}, // it may not have begun, or not have obeyed
	"Evicted": {template: with(shell("trap 'exit 9' TERM; head -c 3000000 /dev/zero >/v/file; sleep 1000 & wait"), func(t *spec.Template) {
		limit := resource.MustParse("1Mi")
		t.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}}}
		t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
	}), failed: []string{`Usage of EmptyDir volume "v" exceeds the limit "1Mi". `}, codes: []int{9, 137}}, // it has a second to obey
	"InitContainer": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.InitContainers = []spec.UserContainer{{Container: corev1.Container{
			Name: "prepare", Image: image, Command: []string{"sh", "-c", "exit 4"}}}}
	}), failed: []string{"prepare: Error (exit code 4)"}, codes: []int{-1}},
	"InitStartError": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.InitContainers = []spec.UserContainer{{Container: corev1.Container{
			Name: "prepare", Image: image, Command: []string{"/no/such/program"}}}}
	}), broken: "container prepare cannot start"},
	"Sidecar": {template: with(shell("touch /v/begun; while ! test -e /v/over; do sleep 0.1; done; sleep 5"), func(t *spec.Template) {
		yes := true
		t.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		t.Container.VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
		t.Sidecars = []spec.UserContainer{{MirrorVolumeMounts: &yes, Container: corev1.Container{
			Name: "aside", Image: image, Command: []string{"sh", "-c", "while ! test -e /v/begun; do sleep 0.1; done; touch /v/over; exit 5"}}}}
	}), failed: []string{"aside: Error (exit code 5)"}, codes: []int{0}},
	"OutOfcpu": {template: with(patched(shell("exit 0"), "nodeName: node1"), func(t *spec.Template) {
		t.Container.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5000")}
	}), lost: "OutOfcpu"},
	"NodeAffinity": {template: with(patched(shell("exit 0"), "nodeName: node1"), func(t *spec.Template) {
		t.NodeSelector = map[string]string{"no": "node"}
	}), lost: "NodeAffinity"},
	"SysctlForbidden": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "kernel.msgmax", Value: "65536"}}}
	}), broken: "SysctlForbidden"},
	"PodOSNotSupported": {template: patched(shell("exit 0"), "{os: {name: windows}, nodeName: node1}"), broken: "PodOSNotSupported"},
	"Invalid": {template: with(shell("exit 0"), func(t *spec.Template) {
		t.Container.Env = []corev1.EnvVar{{Name: "", Value: "x"}}
	}), broken: "spec.containers[0].env[0].name: Required value"},
	"NoServiceAccount": {template: with(shell("exit 0"), func(t *spec.Template) { t.ServiceAccountName = "nobody" }),
		broken: `serviceaccount "nobody" not found`, waited: true},
	"NoPriorityClass": {template: with(shell("exit 0"), func(t *spec.Template) { t.PriorityClassName = "no-class" }),
		broken: "no PriorityClass with name no-class was found", waited: true},
	"BadDeadline": {template: with(shell("exit 0"), func(t *spec.Template) {
		d := intstr.FromString("soon")
		t.ActiveDeadlineSeconds = &d
	}), broken: `activeDeadlineSeconds: "soon"`},
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x, hasty := c.executor(k8s.Waits{End: longest}), c.executor(soon)
	r := newRun(spec.WorkflowSpec{})
	for name, tc := range troubles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := newTask(r, "t-"+name, tc.template)
			by := x
			if tc.waited {
				by = hasty
			}
			result, err := execute(t, by, task).end()
			switch {
			case tc.failed != nil:
				require.NoError(t, err)
				assert.Equal(t, spec.Failed, result.Phase)
				assert.Contains(t, tc.failed, result.Message)
				code := -1
				if result.ExitCode != nil {
					code = *result.ExitCode
				}
				assert.Contains(t, tc.codes, code)
			case tc.lost != "":
				var loss *executor.LostError
				require.ErrorAs(t, err, &loss)
				assert.Equal(t, tc.lost, loss.Reason)
				assert.False(t, loss.Once)
			default:
				require.ErrorContains(t, err, tc.broken)
				var loss *executor.LostError
				assert.NotErrorAs(t, err, &loss)
				p := c.pod(k8s.PodName(task, c.namespace))
				assert.True(t, p == nil || p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodFailed ||
					len(p.Status.ContainerStatuses) > 0 && p.Status.ContainerStatuses[0].State.Terminated != nil, "it cannot begin any more")
			}
		})
	}
}

func TestTakenAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{})
	pods := c.admin.CoreV1().Pods(c.namespace)
	for name, tc := range map[string]struct {
		template spec.Template
		take     func(name string) error
		reason   string
		once     bool
	}{
		"Deleted": {shell(goesOn), func(n string) error { return pods.Delete(c.ctx, n, metav1.DeleteOptions{}) }, "Deleted", true},
		"DeletedByForce": {shell(goesOn), func(n string) error {
			return pods.Delete(c.ctx, n, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
		}, "Deleted", true},
		"Drained": {shell(goesOn), func(n string) error {
			return pods.EvictV1(c.ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: n}})
		}, "EvictionByEvictionAPI", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := newTask(newRun(spec.WorkflowSpec{}), "taken", tc.template)
			e := execute(t, x, task)
			e.running()
			require.NoError(t, tc.take(k8s.PodName(task, c.namespace)))
			_, err := e.end()
			var loss *executor.LostError
			require.ErrorAs(t, err, &loss)
			assert.Equal(t, tc.reason, loss.Reason)
			assert.Equal(t, tc.once, loss.Once)
		})
	}
}
