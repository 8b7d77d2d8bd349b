package k8s

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
)

// watcher is the one watch of all Pods of all runs of an Executor. It goes on while somebody holds it.
type watcher struct {
	pods  typed.PodInterface
	store *store
	waits *waits

	mu     sync.Mutex
	users  int
	cancel context.CancelFunc
	done   chan struct{}

	// listOnly says that the server cannot begin a watch with what is there.
	listOnly bool
}

// hold starts the watch unless it is there.
func (w *watcher) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users++; w.users > 1 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, before := make(chan struct{}), w.done
	w.cancel, w.done = cancel, done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		w.run(ctx)
	}()
}

// release ends the watch if nobody else holds it, and waits until it has ended.
func (w *watcher) release() {
	w.mu.Lock()
	w.users--
	last, cancel, done := w.users == 0, w.cancel, w.done
	w.mu.Unlock()
	if last {
		cancel()
		<-done
	}
}

// run watches until ctx ends. Whatever goes wrong, it goes on from where it was, or from a new list.
func (w *watcher) run(ctx context.Context) {
	at := ""
	var failing time.Time
	pause := backoff{waits: w.waits}
	for ctx.Err() == nil {
		next, err := w.pass(ctx, at)
		if next != at {
			failing = time.Time{}
			pause.reset()
		}
		at = next
		if err == nil || ctx.Err() != nil {
			continue
		}
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			at = ""
			continue
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		r := refused(err)
		if limit, bounded := w.waits.limit(r.patience); bounded && time.Since(failing) >= limit {
			w.store.fail(fmt.Errorf("k8s: cannot watch Pods: %w", err))
		}
		if sleep(ctx, pause.next(r.after)) != nil {
			return
		}
	}
}

// pass is one watch request, after a list if there is nothing to go on from. It gives the version to go on from.
func (w *watcher) pass(ctx context.Context, at string) (string, error) {
	opts := metav1.ListOptions{LabelSelector: LabelRunUID, AllowWatchBookmarks: true, ResourceVersion: at}
	seconds := int64(w.waits.watch.Seconds() * (1 + rand.Float64()))
	opts.TimeoutSeconds = &seconds
	var names map[string]types.UID
	switch {
	case at != "":
	case w.listOnly:
		var err error
		if opts.ResourceVersion, err = w.list(ctx); err != nil {
			return "", err
		}
		at = opts.ResourceVersion
	default:
		yes := true
		opts.SendInitialEvents, opts.ResourceVersionMatch = &yes, metav1.ResourceVersionMatchNotOlderThan
		names = map[string]types.UID{}
	}
	stream, err := w.pods.Watch(ctx, opts)
	if err != nil {
		if names != nil && apierrors.IsInvalid(err) {
			w.listOnly = true
			return at, nil
		}
		return at, err
	}
	defer stream.Stop()
	for {
		select {
		case <-ctx.Done():
			return at, nil
		case e, ok := <-stream.ResultChan():
			if !ok {
				if names != nil {
					return "", errors.New("the watch ended before it had begun")
				}
				return at, nil
			}
			next, err := w.take(e, &names)
			if err != nil {
				return at, err
			}
			if names == nil {
				at = next
			}
		}
	}
}

// take takes in one event and gives its version. names are the Pods so far, until all that were there have come.
func (w *watcher) take(e watch.Event, names *map[string]types.UID) (string, error) {
	switch e.Type {
	case watch.Error:
		return "", apierrors.FromObject(e.Object)
	case watch.Added, watch.Modified, watch.Deleted, watch.Bookmark:
	default:
		return "", fmt.Errorf("unknown watch event %q", e.Type)
	}
	p, ok := e.Object.(*corev1.Pod)
	if !ok {
		return "", fmt.Errorf("a watch of Pods gave a %T", e.Object)
	}
	switch {
	case e.Type != watch.Bookmark:
		if *names != nil {
			(*names)[p.Name] = p.UID
		}
		w.store.see(p, e.Type == watch.Deleted)
	case *names != nil && p.Annotations[metav1.InitialEventsAnnotationKey] == "true":
		w.store.keep(*names, version(p.ResourceVersion))
		*names = nil
	}
	return p.ResourceVersion, nil
}

// list takes in all Pods, in pages, and gives the version of the list.
func (w *watcher) list(ctx context.Context) (string, error) {
	names := map[string]types.UID{}
	opts := metav1.ListOptions{LabelSelector: LabelRunUID, Limit: page}
	for {
		l, err := w.pods.List(ctx, opts)
		if err != nil {
			return "", err
		}
		for i := range l.Items {
			names[l.Items[i].Name] = l.Items[i].UID
			w.store.see(&l.Items[i], false)
		}
		if opts.Continue = l.Continue; opts.Continue == "" {
			w.store.keep(names, version(l.ResourceVersion))
			return l.ResourceVersion, nil
		}
	}
}

// page is how many objects one request takes.
const page = 500

// backoff is how long to wait between tries: longer each time, with some chance in it.
type backoff struct {
	waits *waits
	last  time.Duration
}

// next is the next time to wait, at least as long as the server asked for.
func (b *backoff) next(atLeast time.Duration) time.Duration {
	b.last = min(max(2*b.last, b.waits.first), b.waits.most)
	return max(atLeast, b.last/2+rand.N(b.last/2+1))
}

func (b *backoff) reset() { b.last = 0 }

// sleep waits until d has passed or ctx has ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// notFound says that the object is not there.
func notFound(err error) bool {
	var s apierrors.APIStatus
	return errors.As(err, &s) && s.Status().Code == http.StatusNotFound
}
