package k8s

import (
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

// observation is all that is remembered of a Pod.
type observation struct {
	verdict
	uid     types.UID
	version uint64
	// gone says that the Pod is no more.
	gone bool
	// terminating is until when the Pod has time to end since somebody deleted it; zero if nobody did.
	terminating time.Time
	// over says that the Pod will not run main any more.
	over bool
	// leftover says that main has ended and a container that is not ours goes on.
	leftover bool
	// logs says that main has begun, so that there is a log.
	logs bool
	// imageVolume says that the agent comes by an image volume.
	imageVolume bool
	// ready says that main runs and that its probes, if it has any, let it serve.
	ready        bool
	ip, hostNode string
}

// observe is what a Pod's status says.
func observe(p *corev1.Pod, gone bool) observation {
	o := observation{
		verdict: judge(p, gone), uid: p.UID, version: version(p.ResourceVersion), gone: gone,
		ip: p.Status.PodIP, hostNode: p.Spec.NodeName,
	}
	if p.DeletionTimestamp != nil {
		o.terminating = p.DeletionTimestamp.Time
	}
	o.imageVolume = hasImageVolume(p)
	_, end := programEnd(p)
	o.over = gone || end != nil || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
	names := programNames(p)
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		switch {
		case slices.Contains(names, s.Name):
			o.logs = o.logs || s.State.Running != nil || s.State.Terminated != nil
			o.ready = s.Ready && s.State.Running != nil && p.Status.PodIP != ""
		case s.State.Terminated == nil:
			o.leftover = o.leftover || s.Name != protocol.OutputsContainer || o.kind == broken || o.kind == lost
		}
	}
	o.leftover = o.leftover && o.ended() && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
	return o
}

// version is a resource version as the number that it is; 0 if it is none.
func version(s string) uint64 {
	v, _ := strconv.ParseUint(s, 10, 64)
	return v
}

// store keeps what is known of the Pods that somebody is waiting for, by name, and forgets all others.
type store struct {
	mu   sync.Mutex
	pods map[string]*entry
}

// entry is what is known of one name. The store's mutex guards it.
type entry struct {
	store   *store
	name    string
	users   int
	last    observation
	err     error
	changed chan struct{}
}

// follow is the entry of a name, to be left when it is not needed any more.
func (s *store) follow(name string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.pods[name]
	if e == nil {
		if s.pods == nil {
			s.pods = map[string]*entry{}
		}
		e = &entry{store: s, name: name}
		s.pods[name] = e
	}
	e.users++
	return e
}

// known says whether somebody follows the name.
func (s *store) known(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pods[name] != nil
}

// see takes in news of a Pod. Old news of a Pod are no news.
func (s *store) see(p *corev1.Pod, gone bool) {
	if !s.known(p.Name) {
		return
	}
	o := observe(p, gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.pods[p.Name]; e != nil && (o.version > e.last.version || o.version == 0) {
		e.set(o)
	}
}

// keep takes in that at some version these were all Pods, by name: of the others, those that were there before are gone.
func (s *store) keep(names map[string]types.UID, at uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.pods {
		if e.last.uid != "" && !e.last.gone && e.last.version <= at && names[e.name] != e.last.uid {
			e.setGone()
		}
	}
}

// fail tells all who wait that no news will come.
func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.pods {
		e.err = err
		e.wake()
	}
}

// leave undoes one follow.
func (e *entry) leave() {
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(e.store.pods, e.name)
	}
}

// load puts what is known now into o, and gives a channel that is closed when that changes.
func (e *entry) load(o *observation) (<-chan struct{}, error) {
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	*o = e.last
	return e.changed, e.err
}

// set takes in news. The first end that was seen is the end: what happens to a Pod later does not change it.
func (e *entry) set(o observation) {
	if o.uid == e.last.uid && e.last.ended() {
		o.verdict = e.last.verdict
	}
	e.last, e.err = o, nil
	e.wake()
}

// setGone is for a Pod whose last status nobody saw. What was known of its end before still holds.
func (e *entry) setGone() {
	o := e.last
	o.gone = true
	if !o.ended() {
		o.verdict = verdict{kind: lost, reason: "PodGone", message: "the Pod is gone, and nothing tells how it ended"}
	}
	e.set(o)
}

func (e *entry) wake() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// shared says that somebody else follows the name too.
func (e *entry) shared() bool {
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	return e.users > 1
}
