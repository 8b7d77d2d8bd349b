package k8s

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Execute runs or adopts the task's Pod and waits until its container main has ended.
func (x *Executor) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	if err := context.Cause(ctx); err != nil {
		return executor.Result{}, err
	}
	if t.Func != nil {
		notify(executor.Update{Phase: spec.Running})
		return t.Call(ctx)
	}
	x.watch.hold()
	defer x.watch.release()
	a := attempt{x: x, task: t, notify: notify, pod: x.store.follow(PodName(t, x.namespace))}
	defer a.pod.leave()
	uid, err := a.begin(ctx)
	if err != nil {
		return executor.Result{}, a.stopped(ctx, err)
	}
	r, err := a.follow(ctx, uid)
	return r, a.stopped(ctx, err)
}

// attempt is one Execute.
type attempt struct {
	x      *Executor
	task   *executor.Task
	notify func(executor.Update)
	pod    *entry
	told   executor.Update
}

// stopped lets go of a run that is being detached.
func (a *attempt) stopped(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), executor.ErrDetach) {
		a.x.letGo(a.task.ID.Run)
	}
	return err
}

// begin makes sure that the attempt's Pod exists, and gives its UID.
func (a *attempt) begin(ctx context.Context) (types.UID, error) {
	pause := backoff{waits: &a.x.waits}
	var since time.Time
	unsure := false
	for {
		p, err := a.place(ctx, unsure)
		if err == nil {
			if p.DeletionTimestamp == nil {
				return p.UID, nil
			}
			if err := a.untilGone(ctx, p.UID); err != nil {
				return "", err
			}
			if o, _, _ := a.pod.load(); o.kind == succeeded || o.kind == failed {
				return p.UID, nil // it had ended by itself
			}
			unsure = false
			continue
		}
		if errors.Is(err, executor.ErrDetach) {
			return "", err
		}
		if final, ok := errors.AsType[*finalError](err); ok {
			return "", final.err
		}
		r := refused(err)
		unsure = unsure || r.unsure
		if ctx.Err() == nil {
			if since.IsZero() || r.patience == forever {
				since = time.Now()
			}
			if limit, bounded := a.x.waits.limit(r.patience); bounded && time.Since(since) >= limit {
				return "", fmt.Errorf("k8s: create Pod %s: %w", a.pod.name, err)
			}
			a.tell(spec.Pending, err.Error(), nil)
			_ = sleep(ctx, pause.next(r.after))
		}
		if ctx.Err() != nil {
			return "", a.withdraw(ctx, unsure)
		}
	}
}

// place creates the Pod, or finds it. With unsure, an earlier create may have made it.
func (a *attempt) place(ctx context.Context, unsure bool) (placed *corev1.Pod, err error) {
	err = a.x.request(ctx, func(ctx context.Context) error {
		want, err := buildPod(a.task, a.x.namespace)
		if err != nil {
			return &finalError{fmt.Errorf("k8s: Pod of %s: %w", a.task.ID, err)}
		}
		if unsure {
			if placed, err = a.x.pods.Get(ctx, a.pod.name, metav1.GetOptions{}); err == nil {
				return a.adopt(ctx, placed, want)
			}
			if !notFound(err) {
				return err
			}
		}
		placed, err = a.x.create(ctx, want)
		if apierrors.IsAlreadyExists(err) {
			if placed, err = a.x.pods.Get(ctx, a.pod.name, metav1.GetOptions{}); err == nil {
				return a.adopt(ctx, placed, want)
			}
			if notFound(err) {
				// It went away in between: the next try creates it.
				return apierrors.NewConflict(corev1.Resource("pods"), a.pod.name, errors.New("it has just been deleted"))
			}
		}
		if err == nil {
			a.x.store.see(placed, false)
		}
		return err
	})
	return placed, err
}

// adopt takes a Pod that exists as this attempt's if it is.
func (a *attempt) adopt(ctx context.Context, p, want *corev1.Pod) error {
	if err := owned(p, a.task); err != nil {
		return &finalError{err}
	}
	if p.Annotations[AnnotationDigest] != want.Annotations[AnnotationDigest] {
		slog.WarnContext(ctx, "k8s: the Pod of this attempt was made from another template, and is adopted as it is",
			"pod", p.Name, "namespace", p.Namespace, "node", a.task.ID.Node, "attempt", a.task.ID.Attempt)
	}
	a.x.store.see(p, false)
	return nil
}

// untilGone waits until a Pod that is being deleted is no more.
func (a *attempt) untilGone(ctx context.Context, uid types.UID) error {
	a.tell(spec.Pending, "waits until the Pod of an earlier try is gone", nil)
	for {
		o, changed, err := a.pod.load()
		if o.gone || o.uid != uid {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// withdraw is the end of an attempt that was stopped before its Pod was known. One that may exist is looked for.
func (a *attempt) withdraw(ctx context.Context, unsure bool) error {
	cause := context.Cause(ctx)
	if !unsure || errors.Is(cause, executor.ErrDetach) {
		return cause
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.x.waits.gone)
	defer cancel()
	var p *corev1.Pod
	err := a.x.persist(look, func(ctx context.Context) (err error) {
		p, err = a.x.pods.Get(ctx, a.pod.name, metav1.GetOptions{})
		return err
	})
	switch {
	case notFound(err):
		return cause
	case err != nil:
		return errors.Join(cause, fmt.Errorf("k8s: Pod %s may exist: %w", a.pod.name, err))
	case owned(p, a.task) != nil:
		return cause
	}
	a.x.store.see(p, false)
	if err := a.x.remove(ctx, a.pod, p.UID); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// follow waits for the end of the attempt's Pod.
func (a *attempt) follow(ctx context.Context, uid types.UID) (executor.Result, error) {
	w := wait{attempt: a, began: time.Now()}
	for {
		o, changed, err := a.pod.load()
		if o.uid != uid {
			o.verdict = verdict{kind: lost, reason: "PodGone", message: "another Pod has taken its name"}
		}
		if !o.ended() && err != nil {
			return executor.Result{}, err
		}
		v, next := w.judge(ctx, &o)
		if ctx.Err() == nil || v.ended() {
			if v.ended() {
				return a.end(ctx, &o, v, uid)
			}
			a.show(&o, v)
		}
		var timer <-chan time.Time
		var t *time.Timer
		if next > 0 {
			t = time.NewTimer(next)
			timer = t.C
		}
		select {
		case <-changed:
		case <-timer:
		case <-ctx.Done():
		}
		if t != nil {
			t.Stop()
		}
		if ctx.Err() != nil {
			return executor.Result{}, a.cancel(ctx, uid)
		}
	}
}

// cancel is the end of an attempt that was stopped while its Pod was there.
func (a *attempt) cancel(ctx context.Context, uid types.UID) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, executor.ErrDetach) {
		return cause
	}
	if err := a.x.remove(ctx, a.pod, uid); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// end is what the verdict on an ended attempt is for who asked for it.
func (a *attempt) end(ctx context.Context, o *observation, v verdict, uid types.UID) (executor.Result, error) {
	if v.kind == succeeded || v.kind == failed {
		if o.logs {
			a.show(o, verdict{kind: running})
		}
		a.x.remember(a.task, a.pod.name, o)
		r := executor.Result{Phase: spec.Succeeded, ExitCode: v.code}
		if v.kind == failed {
			r.Phase, r.Message = spec.Failed, cmp.Or(v.message, v.reason)
		}
		return r, nil
	}
	err := errors.New(strings.TrimSuffix(fmt.Sprintf("Pod %s: %s: %s", a.pod.name, v.reason, v.message), ": "))
	if o.uid == uid && !o.over && o.terminating.IsZero() {
		// Nobody waits for it any more: it must not begin after all.
		if rerr := a.x.remove(ctx, a.pod, uid); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}
	if v.kind == lost {
		return executor.Result{}, &executor.LostError{Reason: v.reason, Once: v.once, Err: err}
	}
	return executor.Result{}, fmt.Errorf("k8s: %w", err)
}

// show tells what a Pod does that goes on.
func (a *attempt) show(o *observation, v verdict) {
	if v.kind == running {
		a.tell(spec.Running, "", o)
		return
	}
	message := v.reason
	if v.message != "" {
		message += ": " + v.message
	}
	a.tell(spec.Pending, strings.TrimPrefix(message, ": "), o)
}

// tell notifies of what has not been told yet.
func (a *attempt) tell(phase spec.Phase, message string, o *observation) {
	u := executor.Update{Phase: phase, Message: message}
	if o != nil {
		u.PodName, u.PodIP, u.HostNode = a.pod.name, o.ip, o.hostNode
	}
	if u != a.told {
		a.told = u
		a.notify(u)
	}
}
