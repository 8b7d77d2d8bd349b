package k8s

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
)

// Waits are the times that a test shortens. A zero one stays as it is.
type Waits struct {
	Auth, Missing, Config, Sandbox, Pull, End, Events, Gone, Watch, Most time.Duration
}

// Hasten shortens the waits, and gives Pods that are stopped no time to end.
func (x *Executor) Hasten(w Waits) {
	for _, p := range []struct {
		to   *time.Duration
		from time.Duration
	}{
		{&x.waits.auth, w.Auth}, {&x.waits.missing, w.Missing}, {&x.waits.config, w.Config}, {&x.waits.sandbox, w.Sandbox},
		{&x.waits.pull, w.Pull}, {&x.waits.end, w.End}, {&x.waits.events, w.Events}, {&x.waits.gone, w.Gone}, {&x.waits.watch, w.Watch},
		{&x.waits.most, w.Most},
	} {
		if p.from > 0 {
			*p.to = p.from
		}
	}
	x.grace = new(int64)
}

// ListOnly makes the watch begin with a list, as for a server that cannot stream what is there.
func (x *Executor) ListOnly() { x.watch.listOnly = true }

// PodOf is the Pod of a task, with the agent if it needs it.
func (x *Executor) PodOf(ctx context.Context, t *executor.Task) (*corev1.Pod, error) {
	p, err := buildPod(t, x.namespace)
	if err != nil {
		return nil, err
	}
	template, err := t.Template()
	if err != nil {
		return nil, err
	}
	return p, x.inject(ctx, p, t, template)
}

// AgentPinned makes an image the agent's, whatever is in it.
func (x *Executor) AgentPinned(image string) { x.agent.image, x.agent.pinned = image, image }

// AgentByVolume makes the agent come by an image volume, without asking whether that is possible.
func (x *Executor) AgentByVolume() { x.agent.volumes = byVolume }

// AgentByCopy makes the agent be copied, as where an image cannot be a volume.
func (x *Executor) AgentByCopy() { x.agent.volumes = byCopy }

// Followed is how many names are followed.
func (x *Executor) Followed() int {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return len(x.store.pods)
}

// BuildPod is the Pod of a task.
func BuildPod(t *executor.Task, namespace string) (*corev1.Pod, error) { return buildPod(t, namespace) }

// Verdict is what a Pod means, in words, and how long that is waited for.
func Verdict(p *corev1.Pod, gone bool) (kind, reason, message string, patience time.Duration, once bool) {
	v := judge(p, gone)
	names := map[kind_]string{waiting: "wait", running: "run", succeeded: "Succeeded", failed: "Failed", broken: "fail", lost: "retry"}
	limit, _ := defaultWaits.limit(v.patience)
	return names[v.kind], v.reason, v.message, limit, v.once
}

type kind_ = kind

// Refused is for how long a request is tried again after the error, whether that has an end, and whether it may have
// been carried out.
func Refused(err error) (limit time.Duration, bounded, unsure bool, after time.Duration) {
	r := refused(err)
	limit, bounded = defaultWaits.limit(r.patience)
	return limit, bounded, r.unsure, r.after
}
