package k8s

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// events are what the events of the namespace say of Pods that wait. An API server goes through all events of a
// namespace to answer for one Pod, so one look serves all Pods: on a busy cluster thousands may wait at once.
type events struct {
	// turn is held by who looks.
	turn chan struct{}
	// looked is when the last look began, and news what it saw, by Pod.
	looked time.Time
	news   map[types.UID]news
	err    error
}

// news is the newest event of a Pod that means something.
type news struct {
	verdict
	at time.Time
}

// warnings are the events that may mean something. A whole run may be without room, and its status says so.
const warnings = "involvedObject.kind=Pod,type=Warning,reason!=FailedScheduling"

// event is the verdict by the newest event of a Pod that means something, or nil. Now, it is at most as old as the time
// between two looks.
func (x *Executor) event(ctx context.Context, uid types.UID, now time.Time) *verdict {
	v := &x.events
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-v.turn }()
	if now.Sub(v.looked) >= x.waits.events {
		err := x.look(ctx)
		if ctx.Err() != nil {
			return nil // the next one looks
		}
		v.looked, v.err = now, err
	}
	if v.err != nil {
		return &verdict{kind: waiting, patience: forever, reason: "EventsUnknown",
			message: fmt.Sprintf("the Pod's events cannot be read: %v", v.err)}
	}
	if n, ok := v.news[uid]; ok {
		return &n.verdict
	}
	return nil
}

// look reads the events of all Pods that somebody follows.
func (x *Executor) look(ctx context.Context) error {
	seen := map[types.UID]news{}
	opts := metav1.ListOptions{FieldSelector: warnings, Limit: page}
	for {
		var list *corev1.EventList
		err := x.request(ctx, func(ctx context.Context) (err error) {
			list, err = x.client.Events(x.namespace).List(ctx, opts)
			return err
		})
		if err != nil {
			return err
		}
		for i := range list.Items {
			e := &list.Items[i]
			v, ok := eventReasons[e.Reason]
			if !ok || !x.store.known(e.InvolvedObject.Name) {
				continue
			}
			if old, ok := seen[e.InvolvedObject.UID]; !ok || !eventTime(e).Before(old.at) {
				v.kind, v.reason, v.message = waiting, e.Reason, e.Message
				seen[e.InvolvedObject.UID] = news{v, eventTime(e)}
			}
		}
		if opts.Continue = list.Continue; opts.Continue == "" {
			x.events.news = seen
			return nil
		}
	}
}

// eventTime is when an event happened last.
func eventTime(e *corev1.Event) time.Time {
	if e.LastTimestamp.IsZero() {
		return e.EventTime.Time
	}
	return e.LastTimestamp.Time
}
