package k8s

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// wait is what one attempt waits for, and since when.
type wait struct {
	*attempt
	began time.Time
	// trouble is what is wrong since then.
	trouble patience
	since   time.Time
	// event is what the Pod's events say, and looked is when they were looked at.
	event  *verdict
	looked time.Time
}

// judge is the verdict on the Pod with the time it has taken in mind, and when to ask again; 0 is at the next news.
func (w *wait) judge(ctx context.Context, o *observation) (v verdict, next time.Duration) {
	v = o.verdict
	now := time.Now()
	if !v.ended() && !o.terminating.IsZero() {
		// Its node may have gone: then nobody is there to end it.
		if left := o.terminating.Add(w.x.waits.gone).Sub(now); left > 0 {
			return v, left
		}
		return verdict{kind: lost, reason: "NodeLost", message: "the Pod was deleted, and its node does not say that it ended"}, 0
	}
	if v.kind != waiting {
		w.trouble, w.event, w.began = none, nil, now
		return v, 0
	}
	if v.patience == forever && o.hostNode != "" {
		v = w.events(ctx, o, v, now)
		next = w.looked.Add(w.x.waits.events).Sub(now)
		if w.looked.IsZero() {
			next = w.began.Add(w.x.waits.events).Sub(now)
		}
		next = max(next, time.Millisecond)
	}
	if v.patience != w.trouble {
		w.trouble, w.since = v.patience, now
		if w.event != nil {
			w.since = w.began
		}
	}
	limit, bounded := w.x.waits.limit(v.patience)
	if !bounded {
		return v, next
	}
	left := w.since.Add(limit).Sub(now)
	if left <= 0 {
		v.kind = v.then
		return v, 0
	}
	if next == 0 || left < next {
		next = left
	}
	return v, next
}

// events looks at the events of a Pod that has a node and does not say why it still waits.
func (w *wait) events(ctx context.Context, o *observation, v verdict, now time.Time) verdict {
	every := w.x.waits.events
	if now.Sub(w.began) >= every && now.Sub(w.looked) >= every {
		w.looked = now
		w.event = w.x.event(ctx, o)
	}
	if w.event == nil {
		return v
	}
	return *w.event
}

// event is the verdict by the newest event of a Pod that means something, or nil.
func (x *Executor) event(ctx context.Context, o *observation) *verdict {
	var list *corev1.EventList
	err := x.request(ctx, func(ctx context.Context) (err error) {
		list, err = x.client.Events(x.namespace).List(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(o.uid)).String(), Limit: page,
		})
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return &verdict{kind: waiting, patience: forever, reason: o.reason, message: fmt.Sprintf("the Pod's events cannot be read: %v", err)}
	}
	var newest *corev1.Event
	for i := range list.Items {
		e := &list.Items[i]
		if _, ok := eventReasons[e.Reason]; ok && (newest == nil || !eventTime(e).Before(eventTime(newest))) {
			newest = e
		}
	}
	if newest == nil {
		return nil
	}
	v := eventReasons[newest.Reason]
	v.kind, v.reason, v.message = waiting, newest.Reason, newest.Message
	return &v
}

// eventTime is when an event happened last.
func eventTime(e *corev1.Event) time.Time {
	if e.LastTimestamp.IsZero() {
		return e.EventTime.Time
	}
	return e.LastTimestamp.Time
}
