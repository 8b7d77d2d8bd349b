package k8s_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// ready waits until a daemon serves.
func (c *call) ready() executor.Update {
	c.Helper()
	return c.until("Ready", func(u executor.Update) bool { return u.Ready })
}

// onceTold is a shell command that ends when tell reaches it.
const onceTold = `printf 'HTTP/1.0 204 No Content\r\n\r\n' | nc -l -p 8080`

// tell lets a container that waits by onceTold go on.
func (c *cluster) tell(pod string) {
	c.Helper()
	eventually(c, pod+" is told", func() bool {
		_, err := c.admin.CoreV1().Pods(c.namespace).ProxyGet("http", pod, "8080", "/", nil).DoRaw(c.ctx)
		return err == nil
	})
}

// daemon is a container that runs a shell script beside the workflow.
func daemon(script string, probe *corev1.Probe) spec.Template {
	return with(shell(script), func(t *spec.Template) {
		yes := true
		t.Daemon, t.Container.ReadinessProbe = &yes, probe
	})
}

func TestDaemonIsReadyByItsProbe(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	task := newTask(newRun(spec.WorkflowSpec{}), "probed", daemon(onceTold+"; touch /tmp/ready; "+goesOn, &corev1.Probe{
		PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"test", "-f", "/tmp/ready"}}},
	}))
	e := execute(t, c.executor(k8s.Waits{}), task)
	u := e.until("Running", func(u executor.Update) bool { return u.Phase == spec.Running })
	assert.False(t, u.Ready, "it runs, and does not serve yet")
	c.tell(u.PodName)
	u = e.ready()
	p := c.pod(k8s.PodName(task, c.namespace))
	assert.Equal(t, executor.Update{Phase: spec.Running, PodName: p.Name, PodIP: p.Status.PodIP, HostNode: p.Spec.NodeName, Ready: true}, u)
	assert.NotEmpty(t, u.PodIP)
	e.cancel(errors.New("its scope has ended"))
	_, err := e.end()
	require.EqualError(t, err, "its scope has ended")
	assert.Nil(t, c.pod(p.Name), "it is waited for until it is gone")
}

func TestDaemonEndsByItself(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	e := execute(t, c.executor(k8s.Waits{}), newTask(newRun(spec.WorkflowSpec{}), "short", daemon(onceTold+"; exit 3", nil)))
	c.tell(e.ready().PodName)
	result, err := e.end()
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, result.Phase)
	assert.Equal(t, 3, *result.ExitCode)
}

func TestOthersAreNotReady(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	e := execute(t, c.executor(k8s.Waits{}), newTask(newRun(spec.WorkflowSpec{}), "plain", shell("sleep 2")))
	_, err := e.end()
	require.NoError(t, err)
	close(e.updates)
	for u := range e.updates {
		assert.False(t, u.Ready)
	}
}

// TestDaemonServes reaches a daemon by its IP from a later Pod.
func TestDaemonServes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	const ip = workflow.Param[string]("ip")
	server := workflow.Container("server", "busybox").
		Command("sh", "-c", "mkdir /www; echo hello > /www/greeting; exec httpd -f -p 8080 -h /www").
		Daemon().With(func(t *spec.Template) {
		t.Container.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
			Exec: &corev1.ExecAction{Command: []string{"wget", "-qO", "/dev/null", "http://127.0.0.1:8080/greeting"}}}}
	})
	client := workflow.Container("client", image).Inputs(ip).
		Command("sh", "-c", `test "$(wget -qO- "http://$SERVER:8080/greeting")" = hello`).Env("SERVER", ip.Ref())
	s := steps.New("serve")
	served := s.Step("server", server)
	s.Step("client", client, ip.From(workflow.IP.Of(served)))
	runner := workflow.NewRunner(c.executor(k8s.Waits{}, k8s.WithPodGC(spec.PodGCOnWorkflowCompletion)))
	defer func() { require.NoError(t, runner.Close()) }()
	run, err := runner.Start(t.Context(), workflow.Must(workflow.New("serve-", s)))
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	pods, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for _, p := range pods.Items {
		assert.NotNil(t, p.DeletionTimestamp, "%s goes on", p.Name)
	}
}
