package k8s

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	policy "k8s.io/client-go/kubernetes/typed/policy/v1"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/registry"
	"github.com/podflow/podflow/workflow/spec"
)

// Executor runs each leaf as a Pod of one namespace. It implements [executor.Executor], [executor.Checker],
// [executor.Handler], [executor.Releaser] and [executor.LogReader]. One is enough for a program: its one watch serves
// all runs.
//
// The watch runs from a run's BeginRun to its EndRun, and while anything executes; so nothing of an Executor is left
// when its runs have ended. After runs that were detached, Close it.
type Executor struct {
	namespace string
	client    typed.CoreV1Interface
	pods      typed.PodInterface
	budgets   policy.PodDisruptionBudgetInterface
	gc        spec.PodGCStrategy
	waits     waits
	// grace replaces the Pods' own grace period when they are stopped; nil leaves it.
	grace *int64

	store  store
	watch  watcher
	events events
	// slots bounds how many requests are under way.
	slots chan struct{}
	// kinds is the client of objects of all kinds; nil if New made the Executor.
	kinds *anyKind
	// agent is what goes into Pods that have more than an exit code to tell, and images looks images up for it.
	agent  agent
	images registry.Client

	mu      sync.Mutex
	closed  bool
	pending sync.WaitGroup
	runs    map[string]*run
	// readers are the logs that have not been read to their end.
	readers map[*logReader]struct{}
	// owners are the UIDs of what owns the objects that runs made, by the run's UID.
	owners map[string]types.UID
}

// run is what is kept of a run between BeginRun and EndRun.
type run struct {
	// holds says that the run holds the watch.
	holds bool
	// remains are Pods to be deleted once their result is recorded, by attempt.
	remains map[executor.ID]remains
}

// Option changes an Executor.
type Option func(*Executor)

// WithPodGC says when the Pods of a run are deleted, for workflows whose podGC does not say it. Without this option it
// is OnWorkflowSuccess, which keeps the Pods of a run that failed, to be looked at. The empty strategy keeps them all.
func WithPodGC(s spec.PodGCStrategy) Option { return func(x *Executor) { x.gc = s } }

// maxRequests is how many requests are under way at most, without the watch. An API server gives a connection 100
// streams; more requests only wait there.
const maxRequests = 100

// FromConfig makes an Executor for the Pods of a namespace, with a client of its own: it speaks protobuf, and has no
// limit of its own on requests a second, since API Priority and Fairness on the server is the better judge. The config
// is copied. The error says what is wrong with the config; the cluster is not asked yet.
func FromConfig(config *rest.Config, namespace string, opts ...Option) (*Executor, error) {
	if config == nil {
		return nil, errors.New("k8s: the config is nil")
	}
	c := rest.CopyConfig(config)
	c.QPS, c.Burst, c.RateLimiter = -1, -1, nil
	c.ContentType = "application/vnd.kubernetes.protobuf"
	c.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	c.WarningHandler = rest.NoWarnings{} // the default prints to standard error
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("k8s: %w", err)
	}
	x, err := New(client, namespace, opts...)
	if err != nil {
		return nil, err
	}
	if x.kinds, err = newAnyKind(c); err != nil {
		return nil, fmt.Errorf("k8s: %w", err)
	}
	return x, nil
}

// New makes an Executor that uses a client of yours. It cannot change the client's limits: client-go's default of 5
// requests a second makes 190 Pods take 36 seconds to create, and JSON costs more than protobuf. Nor can
// it make one for objects of all kinds: resource templates are refused. Prefer [FromConfig].
func New(client kubernetes.Interface, namespace string, opts ...Option) (*Executor, error) {
	if namespace == "" {
		return nil, errors.New("k8s: the namespace is empty")
	}
	x := &Executor{
		namespace: namespace, client: client.CoreV1(), pods: client.CoreV1().Pods(namespace),
		budgets: client.PolicyV1().PodDisruptionBudgets(namespace),
		gc:      spec.PodGCOnWorkflowSuccess, waits: defaultWaits,
		slots: make(chan struct{}, maxRequests), runs: map[string]*run{}, readers: map[*logReader]struct{}{},
		events: events{turn: make(chan struct{}, 1)}, agent: agent{asking: make(chan struct{}, 1)},
	}
	x.watch.pods, x.watch.store, x.watch.waits = x.pods, &x.store, &x.waits
	for _, o := range opts {
		o(x)
	}
	return x, nil
}

// Close ends what is left of detached runs and waits until it has ended. The Pods go on. Nothing can be executed after
// it; what executes now is not interrupted by it.
func (x *Executor) Close() error {
	x.mu.Lock()
	x.closed = true
	held := 0
	for _, r := range x.runs {
		if r.holds {
			held++
		}
	}
	clear(x.runs)
	x.mu.Unlock()
	for range held {
		x.watch.release()
	}
	x.pending.Wait()
	return nil
}

// errClosed says that the Executor was closed.
var errClosed = errors.New("k8s: the executor is closed")

// BeginRun starts the watch, and makes the run's claims and its disruption budget unless an earlier process did.
func (x *Executor) BeginRun(ctx context.Context, r *executor.Run) error {
	if err := x.hold(r.UID); err != nil {
		return err
	}
	err := x.makeShared(ctx, r)
	if err != nil {
		x.letGo(r.UID)
	}
	return err
}

// hold holds the watch for a run.
func (x *Executor) hold(uid string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return errClosed
	}
	if r := x.run(uid); !r.holds {
		r.holds = true
		x.watch.hold()
	}
	return nil
}

// run is what is kept of a run. The caller has the lock.
func (x *Executor) run(uid string) *run {
	r := x.runs[uid]
	if r == nil {
		r = &run{}
		x.runs[uid] = r
	}
	return r
}

// letGo forgets a run, and gives its remains.
func (x *Executor) letGo(uid string) map[executor.ID]remains {
	x.mu.Lock()
	r := x.runs[uid]
	delete(x.runs, uid)
	x.mu.Unlock()
	if r == nil {
		return nil
	}
	if r.holds {
		x.watch.release()
	}
	return r.remains
}

// EndRun deletes the Pods of the run as its podGC says, and those that containers of others keep running; its claims as
// its volumeClaimGC says; and its disruption budget. Before that it gives who reads a log of a Pod that is to go 5
// seconds to read it to its end, since the log goes with the Pod.
func (x *Executor) EndRun(ctx context.Context, r *executor.Run, phase spec.Phase) error {
	return errors.Join(x.deletePods(ctx, r, phase, x.letGo(r.UID)), x.deleteShared(ctx, r, phase), x.disown(ctx, r, phase))
}

// create asks for a Pod. The client library would send a POST again when the answer to the first one is a 5xx with a
// time to wait, and the first may have done its work.
func (x *Executor) create(ctx context.Context, p *corev1.Pod) (*corev1.Pod, error) {
	c, ok := x.client.RESTClient().(*rest.RESTClient)
	if !ok || c == nil {
		return x.pods.Create(ctx, p, createOptions)
	}
	created := &corev1.Pod{}
	err := c.Post().Namespace(x.namespace).Resource("pods").Body(p).MaxRetries(0).Do(ctx).Into(created)
	return created, err
}
