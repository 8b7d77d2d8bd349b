package k8s_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/k8s/agent/image/imagetest"
	"github.com/podflow/podflow/workflow/spec"
)

const image = "alpine:3.23"

// longest is how long a test waits for what does not come. It ends only tests that fail, also on a busy machine.
const longest = 5 * time.Minute

// eventually waits until something is so. It asks in the goroutine of the test.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, longest, true, func(context.Context) (bool, error) {
		return is(), nil
	})
	require.NoError(t, err, what)
}

// cluster is a namespace of a real cluster, for one test.
type cluster struct {
	testing.TB
	ctx       context.Context
	namespace string
	// admin may do everything; config is for a service account that has only the Role of rbac/role.yaml.
	admin  kubernetes.Interface
	config *rest.Config
}

// adminConfig is the configuration of the cluster's admin. Without a cluster the test is skipped.
func adminConfig(t testing.TB) *rest.Config {
	t.Helper()
	path := os.Getenv("PODFLOW_KUBECONFIG")
	if path == "" {
		t.Skip("PODFLOW_KUBECONFIG is not set: set it to the kubeconfig of a cluster to test on")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	config.QPS, config.Burst = -1, -1
	return config
}

// newCluster makes the namespace, with labels of it if there are any.
func newCluster(t testing.TB, labels map[string]string) *cluster {
	t.Helper()
	c := &cluster{TB: t, ctx: t.Context(), config: adminConfig(t)}
	c.admin = kubernetes.NewForConfigOrDie(c.config)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "podflow-", Labels: labels}}
	ns, err := c.admin.CoreV1().Namespaces().Create(c.ctx, ns, metav1.CreateOptions{})
	require.NoError(t, err)
	c.namespace = ns.Name
	t.Cleanup(func() {
		err := c.admin.CoreV1().Namespaces().Delete(context.Background(), c.namespace, metav1.DeleteOptions{})
		assert.NoError(t, err)
	})
	eventually(t, "a controller makes the default ServiceAccount", func() bool {
		_, err := c.admin.CoreV1().ServiceAccounts(c.namespace).Get(c.ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	c.account()
	return c
}

// account gives the namespace a service account that may do what the Role says, and nothing else.
func (c *cluster) account() {
	text, err := os.ReadFile(filepath.Join("rbac", "role.yaml"))
	require.NoError(c, err)
	role := &rbacv1.Role{}
	require.NoError(c, yaml.UnmarshalStrict(text, role))
	c.config = c.as("podflow")
	c.bind(role)
}

// bind lets the service account do what a role says, and waits until the API server knows.
func (c *cluster) bind(role *rbacv1.Role) {
	role, err := c.admin.RbacV1().Roles(c.namespace).Create(c.ctx, role, metav1.CreateOptions{})
	require.NoError(c, err)
	_, err = c.admin.RbacV1().RoleBindings(c.namespace).Create(c.ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "podflow", Namespace: c.namespace}},
	}, metav1.CreateOptions{})
	require.NoError(c, err)
	for _, rule := range role.Rules {
		name, sub, _ := strings.Cut(rule.Resources[0], "/")
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:" + c.namespace + ":podflow",
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: c.namespace, Group: rule.APIGroups[0], Resource: name, Subresource: sub, Verb: rule.Verbs[0]},
		}}
		eventually(c, "the service account may "+rule.Verbs[0]+" "+rule.Resources[0], func() bool {
			r, err := c.admin.AuthorizationV1().SubjectAccessReviews().Create(c.ctx, review, metav1.CreateOptions{})
			return err == nil && r.Status.Allowed
		})
	}
}

// as is the configuration of a new service account.
func (c *cluster) as(name string) *rest.Config {
	accounts := c.admin.CoreV1().ServiceAccounts(c.namespace)
	_, err := accounts.Create(c.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	require.NoError(c, err)
	token, err := accounts.CreateToken(c.ctx, name, &authv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(c, err)
	config := rest.AnonymousClientConfig(adminConfig(c))
	config.BearerToken = token.Status.Token
	return config
}

// executor is an Executor with the rights of the Role, whose waits are short.
func (c *cluster) executor(w k8s.Waits, opts ...k8s.Option) *k8s.Executor {
	x, err := k8s.FromConfig(c.config, c.namespace, opts...)
	require.NoError(c, err)
	x.Hasten(w)
	c.Cleanup(func() { assert.NoError(c, x.Close()) })
	return x
}

// withAgent is the options of an Executor whose Pods can have the agent, on a cluster that pulls from a registry here.
func withAgent(t testing.TB) []k8s.Option {
	adminConfig(t)
	return []k8s.Option{k8s.WithAgentImage(imagetest.Push(t)), k8s.WithMirror("docker.io", imagetest.Registry(t))}
}

// pod is a Pod as it is now, or nil.
func (c *cluster) pod(name string) *corev1.Pod {
	p, err := c.admin.CoreV1().Pods(c.namespace).Get(c.ctx, name, metav1.GetOptions{})
	if err != nil {
		require.ErrorContains(c, err, "not found")
		return nil
	}
	return p
}

// untilPod waits until a Pod is as wanted.
func (c *cluster) untilPod(name string, is func(*corev1.Pod) bool) *corev1.Pod {
	ctx, cancel := context.WithTimeout(c.ctx, longest)
	defer cancel()
	for {
		w, err := c.admin.CoreV1().Pods(c.namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
		require.NoError(c, err, "the Pod %s did not become as wanted", name)
		for e := range w.ResultChan() { // the server may end it at any time
			if p, ok := e.Object.(*corev1.Pod); ok && is(p) {
				w.Stop()
				return p
			}
		}
	}
}

var runs struct {
	sync.Mutex
	n int
}

// newRun is a run of a workflow that has this spec.
func newRun(w spec.WorkflowSpec) *executor.Run {
	runs.Lock()
	defer runs.Unlock()
	runs.n++
	name := fmt.Sprintf("run-%x-%d", time.Now().UnixNano(), runs.n)
	return &executor.Run{Name: name, UID: "uid-" + name, Workflow: &spec.Workflow{Spec: w}, Created: time.Now()}
}

// newTask is the first attempt of a leaf.
func newTask(r *executor.Run, name string, t spec.Template) *executor.Task {
	t.Name = name
	return &executor.Task{
		ID: executor.ID{Run: r.UID, Node: r.Name + "." + name}, Run: r, Path: name, Name: name, TemplateName: name,
		Template: func() (*spec.Template, error) { return &t, nil },
	}
}

// shell is a container that runs a shell script.
func shell(script string) spec.Template {
	return spec.Template{Container: &corev1.Container{Image: image, Command: []string{"sh", "-c", script}}}
}

// goesOn is what a container runs that goes on until it is asked to end, and then ends at once.
const goesOn = `trap 'exit 0' TERM; sleep 1000 & wait`

// call is one Execute that goes on.
type call struct {
	testing.TB
	cancel  context.CancelCauseFunc
	updates chan executor.Update
	done    chan struct{}
	result  executor.Result
	err     error
}

// execute begins to execute a task.
func execute(t testing.TB, x executor.Executor, task *executor.Task) *call {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := &call{TB: t, cancel: cancel, updates: make(chan executor.Update, 1000), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.result, c.err = x.Execute(ctx, task, func(u executor.Update) { c.updates <- u })
	}()
	t.Cleanup(func() { cancel(context.Canceled); <-c.done })
	return c
}

// end waits for the end of Execute.
func (c *call) end() (executor.Result, error) {
	c.Helper()
	select {
	case <-c.done:
	case <-time.After(longest):
		require.FailNow(c, "Execute does not end")
	}
	return c.result, c.err
}

// until waits for an update.
func (c *call) until(what string, is func(executor.Update) bool) executor.Update {
	c.Helper()
	limit := time.After(longest)
	var seen []executor.Update
	for {
		select {
		case u := <-c.updates:
			seen = append(seen, u)
			if is(u) {
				return u
			}
		case <-c.done:
			require.FailNow(c, "Execute ended before "+what, "%+v %v; %+v", c.result, c.err, seen)
		case <-limit:
			require.FailNow(c, "no "+what, "%+v", seen)
		}
	}
}

// pending waits until the node waits with this text in its message.
func (c *call) pending(text string) {
	c.Helper()
	c.until(text, func(u executor.Update) bool { return u.Phase == spec.Pending && strings.Contains(u.Message, text) })
}

// running waits until the node runs.
func (c *call) running() {
	c.Helper()
	c.until("Running", func(u executor.Update) bool { return u.Phase == spec.Running })
}

// transport is a RoundTripper that asks a function first.
type transport struct {
	next http.RoundTripper
	do   func(r *http.Request, next http.RoundTripper) (*http.Response, error)
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t.do(r, t.next) }

// through lets all requests of the cluster's configuration go through a function.
func (c *cluster) through(do func(r *http.Request, next http.RoundTripper) (*http.Response, error)) {
	c.config.Wrap(func(next http.RoundTripper) http.RoundTripper { return transport{next, do} })
}

// untilGone waits until a Pod is no more.
func (c *cluster) untilGone(name string) {
	eventually(c, "Pod "+name+" is gone", func() bool { return c.pod(name) == nil })
}
