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
	"k8s.io/apimachinery/pkg/labels"
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
	if isResource(t) {
		return x.executeResource(ctx, t, notify)
	}
	a := &attempt{x: x, task: t, notify: notify, pod: x.store.follow(PodName(t, x.namespace))}
	err := a.run(ctx)
	return a.result, err
}

// attempt is one Execute. What it knows is kept here and not on the stack, which would be twice as large for it.
type attempt struct {
	x      *Executor
	task   *executor.Task
	notify func(executor.Update)
	pod    *entry
	uid    types.UID
	// seen is the last news of the Pod.
	seen observation
	wait wait
	told executor.Update
	// daemon says that it is to tell when it is ready.
	daemon bool
	// collected says that the run's podGC is for its Pod.
	collected bool
	// result is what comes of it, if that is no error.
	result executor.Result
}

// run runs the attempt to its end.
func (a *attempt) run(ctx context.Context) error {
	a.x.watch.hold()
	defer a.x.watch.release()
	defer a.pod.leave()
	err := a.begin(ctx)
	if err == nil {
		err = a.follow(ctx)
	}
	if err == nil {
		err = a.end(ctx)
	}
	if err != nil && errors.Is(context.Cause(ctx), executor.ErrDetach) {
		a.x.letGo(a.task.ID.Run)
	}
	return err
}

// begin makes sure that the attempt's Pod exists.
func (a *attempt) begin(ctx context.Context) error {
	pause := backoff{waits: &a.x.waits}
	var since time.Time
	unsure := false
	for {
		p, err := a.place(ctx, unsure)
		if err == nil {
			a.uid = p.UID
			a.collected = gcSelector(a.task.Run).Matches(labels.Set(p.Labels))
			if p.DeletionTimestamp == nil {
				return nil
			}
			if err := a.untilGone(ctx); err != nil {
				return err
			}
			if a.seen.kind == succeeded || a.seen.kind == failed {
				return nil // it had ended by itself
			}
			unsure = false
			continue
		}
		if errors.Is(err, executor.ErrDetach) {
			return err
		}
		if final, ok := errors.AsType[*finalError](err); ok {
			return final.err
		}
		r := refused(err)
		unsure = unsure || r.unsure
		if ctx.Err() == nil {
			if since.IsZero() || r.patience == forever {
				since = time.Now()
			}
			if limit, bounded := a.x.waits.limit(r.patience); bounded && time.Since(since) >= limit {
				return fmt.Errorf("k8s: create Pod %s: %w", a.pod.name, err)
			}
			a.tell(spec.Pending, err.Error(), false)
			_ = sleep(ctx, pause.next(r.after))
		}
		if ctx.Err() != nil {
			return a.withdraw(ctx, unsure)
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
		template, _ := a.task.Template() // buildPod had it
		a.daemon = template.Daemon != nil && *template.Daemon
		if err := a.x.inject(ctx, want, a.task, template); err != nil {
			return err
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
func (a *attempt) untilGone(ctx context.Context) error {
	a.tell(spec.Pending, "waits until the Pod of an earlier try is gone", false)
	for {
		changed, err := a.pod.load(&a.seen)
		if a.seen.gone || a.seen.uid != a.uid {
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
func (a *attempt) follow(ctx context.Context) error {
	a.wait.began = time.Now()
	for {
		changed, err := a.pod.load(&a.seen)
		if a.seen.uid != a.uid {
			a.seen.verdict = verdict{kind: lost, reason: "PodGone", message: "another Pod has taken its name"}
		}
		if !a.seen.ended() && err != nil {
			return err
		}
		next := a.judge(ctx)
		if a.x.noVolume(&a.seen, false) {
			a.seen.kind = broken
		}
		if a.seen.ended() {
			return nil
		}
		if ctx.Err() != nil {
			return a.cancel(ctx)
		}
		a.show()
		a.news(ctx, changed, next)
	}
}

// news waits for news of the Pod, for the end of ctx, or for some time unless that is 0.
func (a *attempt) news(ctx context.Context, changed <-chan struct{}, atMost time.Duration) {
	if atMost == 0 {
		select {
		case <-changed:
		case <-ctx.Done():
		}
		return
	}
	t := time.NewTimer(atMost)
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	case <-ctx.Done():
	}
}

// cancel is the end of an attempt that was stopped while its Pod was there.
func (a *attempt) cancel(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, executor.ErrDetach) {
		return cause
	}
	if err := a.x.remove(ctx, a.pod, a.uid); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// end is what the verdict on an ended attempt is for who asked for it.
func (a *attempt) end(ctx context.Context) error {
	o := &a.seen
	if o.kind == succeeded || o.kind == failed {
		if o.logs {
			a.tell(spec.Running, "", true)
		}
		a.result = executor.Result{Phase: spec.Succeeded, ExitCode: o.code}
		if o.kind == failed {
			a.result.Phase, a.result.Message = spec.Failed, cmp.Or(o.message, o.reason)
		}
		if err := a.collect(ctx); err != nil {
			return err
		}
		a.x.remember(a)
		return nil
	}
	err := errors.New(strings.TrimSuffix(fmt.Sprintf("Pod %s: %s: %s", a.pod.name, o.reason, o.message), ": "))
	if o.uid == a.uid && (!o.over || o.leftover) && o.terminating.IsZero() {
		// Nobody waits for it any more: it must not begin after all, or go on.
		if rerr := a.x.remove(ctx, a.pod, a.uid); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}
	if a.x.noVolume(o, true) {
		return errNoVolume(o)
	}
	if o.kind == lost {
		return &executor.LostError{Reason: o.reason, Once: o.once, Err: err}
	}
	return fmt.Errorf("k8s: %w", err)
}

// show tells what a Pod does that goes on.
func (a *attempt) show() {
	if a.seen.kind == running {
		a.tell(spec.Running, "", true)
		return
	}
	message := a.seen.reason
	if a.seen.message != "" {
		message += ": " + a.seen.message
	}
	a.tell(spec.Pending, strings.TrimPrefix(message, ": "), true)
}

// tell notifies of what has not been told yet. With placed, the Pod is there.
func (a *attempt) tell(phase spec.Phase, message string, placed bool) {
	u := executor.Update{Phase: phase, Message: message}
	if placed {
		u.PodName, u.PodIP, u.HostNode = a.pod.name, a.seen.ip, a.seen.hostNode
		u.Ready = a.daemon && (a.seen.ready || a.told.Ready)
	}
	if u != a.told {
		a.told = u
		aside(func() { a.notify(u) })
	}
}

// aside does something on a goroutine of its own: a stack that has grown for it is not kept by who waits for a Pod.
func aside(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}
