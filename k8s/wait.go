package k8s

import (
	"context"
	"time"
)

// wait is what one attempt waits for, and since when.
type wait struct {
	began time.Time
	// trouble is what is wrong since then.
	trouble patience
	since   time.Time
	// event is what the Pod's events say, and looked is when they were looked at.
	event  *verdict
	looked time.Time
}

// judge makes the verdict on the Pod one that has in mind how long it has waited, and gives when to do so again; 0 is at
// the next news.
func (a *attempt) judge(ctx context.Context) (next time.Duration) {
	o, w, now := &a.seen, &a.wait, time.Now()
	if !o.ended() && !o.terminating.IsZero() {
		// Its node may have gone: then nobody is there to end it.
		next = o.terminating.Add(a.x.waits.gone).Sub(now)
		if next <= 0 {
			o.verdict = verdict{kind: lost, reason: "NodeLost", message: "the Pod was deleted, and its node does not say that it ended"}
			return 0
		}
		return next
	}
	if o.kind != waiting && (o.patience == none || o.patience != w.trouble) {
		*w = wait{began: now}
	}
	if o.kind != waiting && o.patience == none {
		return 0
	}
	if o.patience == forever && o.hostNode != "" {
		next = a.events(ctx, now)
	}
	if o.patience != w.trouble {
		w.trouble, w.since = o.patience, now
		if w.event != nil {
			w.since = w.began
		}
	}
	limit, bounded := a.x.waits.limit(o.patience)
	if !bounded {
		return next
	}
	left := w.since.Add(limit).Sub(now)
	if left <= 0 {
		o.kind = o.then
		return 0
	}
	if next == 0 || left < next {
		next = left
	}
	return next
}

// events looks at the events of a Pod that has a node and does not say why it still waits, and gives when to do so next.
func (a *attempt) events(ctx context.Context, now time.Time) (next time.Duration) {
	w, every := &a.wait, a.x.waits.events
	if now.Sub(w.began) >= every && now.Sub(w.looked) >= every {
		w.looked = now
		w.event = a.x.event(ctx, a.uid, now)
	}
	if w.event != nil {
		a.seen.verdict = *w.event
	}
	if w.looked.IsZero() {
		return max(w.began.Add(every).Sub(now), time.Millisecond)
	}
	return max(w.looked.Add(every).Sub(now), time.Millisecond)
}
