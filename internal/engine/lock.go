package engine

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/podflow/podflow/internal/plan"
)

// Locks are the mutexes and semaphores that runs share. Who asks for several gets all or none of them, so that two
// never wait for each other. Each lock is given to those who wait for it in the order of their priority, and then of
// their arrival; who also waits for another lock keeps those behind it waiting.
//
// The limit of a semaphore is read when somebody comes to wait for it, and by the one whose turn it is each time
// somebody leaves. A limit that has become lower takes no place from those who hold one.
type Locks struct {
	config func(ctx context.Context, configMap, key string) (string, error)

	mu       sync.Mutex // guards what follows, and what holders say is its
	named    map[string]*lock
	arrivals int64
}

// NewLocks makes locks whose limits are values of keys of ConfigMaps.
func NewLocks(config func(ctx context.Context, configMap, key string) (string, error)) *Locks {
	return &Locks{config: config, named: map[string]*lock{}}
}

// lock is one lock while somebody holds it or waits for it.
type lock struct {
	held, limit int // the limit is as it was last read
	line        line
}

// lockName says which lock, and where its limit is; no key: it is a mutex.
type lockName struct{ name, configMap, key string }

// holder holds locks, or waits for them: a node, or its run.
type holder struct {
	node     *node
	locks    []lockName
	priority int32
	run      bool // it is the run, whose root is the node
	held     bool // as the machine knows it
	wake     func()

	// Locks.mu guards what follows
	arrival int64
	state   holderState
}

type holderState uint8

const (
	absent  holderState = iota // it has not come yet, or has left
	waits                      // it stands in the line of each of its locks
	holding                    // it holds them all
)

// line is who waits for a lock, as a heap. Who has left is taken out when it comes to the front.
type line []*holder

func (l line) Len() int { return len(l) }
func (l line) Less(i, j int) bool {
	if by := cmp.Compare(l[j].priority, l[i].priority); by != 0 {
		return by < 0
	}
	return l[i].arrival < l[j].arrival
}
func (l line) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

// Push is the heap's.
func (l *line) Push(h any) { *l = append(*l, h.(*holder)) }

// Pop is the heap's.
func (l *line) Pop() any {
	last := len(*l) - 1
	h := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return h
}

// front is whose turn it is, or nil.
func (l *line) front() *holder {
	for len(*l) > 0 && (*l)[0].state != waits {
		heap.Pop(l)
	}
	if len(*l) == 0 {
		return nil
	}
	return (*l)[0]
}

// join lets a holder wait for its locks.
func (l *Locks) join(h *holder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivals++
	h.arrival, h.state = l.arrivals, waits
	for _, n := range h.locks {
		heap.Push(&l.lock(n).line, h)
	}
}

// hold gives holders their locks again, whoever waits for them.
func (l *Locks) hold(hs []*holder) {
	if len(hs) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range hs {
		h.state = holding
		for _, n := range h.locks {
			l.lock(n).held++
		}
	}
}

// lock is the lock of that name; l.mu is held.
func (l *Locks) lock(n lockName) *lock {
	k := l.named[n.name]
	if k == nil {
		k = &lock{limit: 1}
		l.named[n.name] = k
	}
	return k
}

// try gives a holder its locks if it is its turn and all have room. Else the message says what it waits for; it is
// empty if the holder waits for nothing any more.
func (l *Locks) try(ctx context.Context, h *holder) (got bool, message string, err error) {
	limits := make([]int, len(h.locks))
	for i, n := range h.locks {
		if limits[i], err = l.limit(ctx, n); err != nil {
			return false, "", err
		}
	}
	l.mu.Lock()
	if h.state != waits {
		l.mu.Unlock()
		return false, "", nil
	}
	var next []*holder
	for i, n := range h.locks {
		k := l.named[n.name]
		grown := limits[i] > k.limit
		k.limit = limits[i]
		first := k.line.front()
		if (first != h || k.held >= k.limit) && message == "" {
			message = fmt.Sprintf("Waiting for %s lock. Lock status: %d/%d", n.name, max(0, k.limit-k.held), k.limit)
		}
		if first != h && grown {
			next = append(next, first)
		}
	}
	if got = message == ""; got {
		h.state = holding
		for _, n := range h.locks {
			k := l.named[n.name]
			k.held++
			if first := k.line.front(); first != nil && k.held < k.limit {
				next = append(next, first)
			}
		}
	}
	l.mu.Unlock()
	wakeAll(next)
	return got, message, nil
}

// limit is how many may hold a lock.
func (l *Locks) limit(ctx context.Context, n lockName) (limit int, err error) {
	if n.key == "" {
		return 1, nil
	}
	err = safely(func() error {
		text, err := l.config(ctx, n.configMap, n.key)
		if err != nil {
			return err
		}
		if limit, err = strconv.Atoi(strings.TrimSpace(text)); err != nil || limit < 1 {
			return fmt.Errorf("configMap %q: key %q is %q: expected a number of at least 1", n.configMap, n.key, text)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("the limit of semaphore %s: %w", n.name, err)
	}
	return limit, nil
}

// leave takes away the locks of a holder, or its places in the lines for them.
func (l *Locks) leave(h *holder) {
	var next []*holder
	l.mu.Lock()
	was := h.state
	h.state = absent
	for _, n := range h.locks {
		k := l.named[n.name]
		if k == nil || was == absent {
			continue
		}
		if was == holding {
			k.held--
		}
		if first := k.line.front(); first != nil {
			next = append(next, first)
		} else if k.held == 0 {
			delete(l.named, n.name)
		}
	}
	l.mu.Unlock()
	wakeAll(next)
}

// wakeAll lets holders try. Locks.mu is not held.
func wakeAll(hs []*holder) {
	slices.SortFunc(hs, func(a, b *holder) int { return cmp.Compare(a.arrival, b.arrival) })
	for _, h := range slices.Compact(hs) {
		h.wake()
	}
}

// lock lets a node wait for the locks of its template; when it holds them it goes on.
func (m *machine) lock(n *node) {
	h, err := m.holder(n, place{owner: n, node: n}, n.template.Locks)
	if err != nil {
		m.end(n, errored, err.Error())
		return
	}
	if m.timed(n) {
		n.guards().locks = h
		m.wait(h)
	}
}

// lockRun lets the run wait for its locks, if it has some.
func (m *machine) lockRun() (waits bool, err error) {
	if len(m.plan.Locks) == 0 {
		return false, nil
	}
	h, err := m.holder(m.root, place{}, m.plan.Locks)
	if err != nil {
		return false, err
	}
	h.run, m.locks = true, h
	m.wait(h)
	return true, nil
}

// holder is a node as holder of locks.
func (m *machine) holder(n *node, at place, locks []plan.Lock) (*holder, error) {
	h := &holder{node: n}
	w := m.run.Workflow
	if p := w.Spec.Priority; p != nil {
		h.priority = *p
	}
	for i := range locks {
		l := &locks[i]
		name, err := m.lockName(at, l, or(w.Namespace, "default"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Path, err)
		}
		if by := m.heldAbove(n, name); by != "" {
			return nil, fmt.Errorf("%s: %s is held by %s already, which ends after this: it would wait for ever", l.Path, name.name, by)
		}
		h.locks = append(h.locks, name)
	}
	slices.SortFunc(h.locks, func(a, b lockName) int { return cmp.Compare(a.name, b.name) })
	h.locks = slices.Compact(h.locks)
	return h, nil
}

func (m *machine) lockName(at place, l *plan.Lock, namespace string) (n lockName, err error) {
	fill := func(t *plan.Text) (text string) {
		if t == nil || err != nil {
			return ""
		}
		if text, err = t.Fill(m.lookup(at)); err == nil && strings.Trim(text, " ") == "" {
			err = errors.New("the name is empty")
		}
		return text
	}
	name, key := fill(&l.Name), fill(l.Key)
	if l.Namespace != nil {
		namespace = fill(l.Namespace)
	}
	if l.Key == nil {
		return lockName{name: namespace + "/Mutex/" + name}, err
	}
	return lockName{name: namespace + "/ConfigMap/" + name + "/" + key, configMap: name, key: key}, err
}

// heldAbove is who holds a mutex for as long as it waits for the node, or empty.
func (m *machine) heldAbove(n *node, name lockName) string {
	has := func(h *holder) bool { return h != nil && h.held && slices.Contains(h.locks, name) }
	if name.key != "" {
		return ""
	}
	if has(m.locks) {
		return "the workflow"
	}
	for ; n.scope != nil; n = n.scope {
		if g := n.scope.known().guard; g != nil && n.role != roleHook && has(g.locks) {
			full, _ := n.scope.names(m.run.Name)
			return strconv.Quote(full)
		}
	}
	return ""
}

// got says that the machine has seen it get its locks; nil has none to get.
func (h *holder) got() bool { return h == nil || h.held }

// wait lets a holder wait for its locks.
func (m *machine) wait(h *holder) {
	if m.halted(h.node) {
		m.end(h.node, failed, m.stop.message())
		return
	}
	m.idle[h.node] = struct{}{}
	m.asks = append(m.asks, &lockAsk{h})
}

// unlock takes the locks of a node that has ended, or of the run.
func (m *machine) unlock(h *holder) {
	if h != nil {
		m.asks = append(m.asks, &unlockAsk{h})
	}
}

type lockAsk struct{ h *holder }

func (a *lockAsk) carryOut(r *Run) {
	h := a.h
	if r.over { // it held them
		r.ask(func() answer { return &lockAnswer{h: h, got: true} })
		return
	}
	h.wake = func() {
		r.ask(func() answer {
			got, message, err := r.locks.try(r.contextOf(h.node), h)
			if !got && message == "" && err == nil {
				return nil
			}
			return &lockAnswer{h, got, message, err}
		})
	}
	r.locks.join(h)
	h.wake()
}

type unlockAsk struct{ h *holder }

func (a *unlockAsk) carryOut(r *Run) {
	if !r.over {
		r.locks.leave(a.h)
	}
}

// lockAnswer is that a holder got its locks, or what it waits for, or why it cannot get them.
type lockAnswer struct {
	h       *holder
	got     bool
	message string
	err     error
}

func (a *lockAnswer) apply(m *machine) {
	n := a.h.node
	switch {
	case n.phase.ended() || a.h.held: // it has left, or an older answer came late
	case a.err != nil:
		delete(m.idle, n)
		m.end(n, errored, "synchronization: "+a.err.Error())
	case !a.got:
		if n.message() != a.message {
			n.more().message = a.message
			m.set(n, pending)
		}
	default:
		a.h.held = true
		delete(m.idle, n)
		if n.message() != "" {
			n.more().message = ""
		}
		if a.h.run {
			m.beginRoot()
		} else {
			m.guarded(n)
		}
	}
}
