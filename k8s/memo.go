package k8s

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Memo keeps the outputs of memoized templates in ConfigMaps, as Argo does and so that the two know each other's. It is
// a workflow.MemoStore: a cache is the ConfigMap of its name in the Executor's namespace, made when it is needed. A
// ConfigMap holds 1 MiB: if that is full, the oldest go. It is written as a whole, so what comes while it is written is
// written together after that. [Executor.Memo] makes one.
type Memo struct {
	x *Executor
	// turn lets one batch of this process be written at a time: another would only be refused for being late.
	turn chan struct{}

	mu      sync.Mutex
	waiting map[string]*batch // by cache
}

// batch is entries that are written together.
type batch struct {
	entries map[string]string // by key of the ConfigMap
	done    chan struct{}     // closed when err is there
	err     error
	// dropped says that who was to write it gave up.
	dropped bool
}

// Memo keeps the outputs of memoized templates in ConfigMaps. The rights that it needs are in rbac/config.yaml.
func (x *Executor) Memo() *Memo {
	return &Memo{x: x, turn: make(chan struct{}, 1), waiting: map[string]*batch{}}
}

// memo is one entry of a cache, in Argo's form.
type memo struct {
	// NodeID is of the node that gave the outputs. Argo takes no entry without.
	NodeID  string          `json:"nodeID"`
	Outputs json.RawMessage `json:"outputs"`
	Created time.Time       `json:"creationTimestamp"`
	LastHit time.Time       `json:"lastHitTimestamp"`
	// Key is the whole key, where it cannot be that of a ConfigMap.
	Key string `json:"key,omitempty"`
}

// Get is what was last put under a key of a cache, and when. The error is fs.ErrNotExist if there is nothing.
func (m *Memo) Get(ctx context.Context, cache, key string) (outputs []byte, stored time.Time, err error) {
	is, err := m.x.ConfigMap(ctx, cache)
	if err != nil {
		return nil, time.Time{}, err
	}
	name, whole := memoKey(key)
	text, ok := is.Data[name]
	if !ok {
		return nil, time.Time{}, fs.ErrNotExist
	}
	var e memo
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, time.Time{}, fmt.Errorf("ConfigMap %s, key %s is not what a memoized template gave: %w", cache, name, err)
	}
	if e.Key != whole {
		return nil, time.Time{}, fs.ErrNotExist
	}
	return e.Outputs, e.Created, nil
}

// Put keeps outputs, as JSON, under a key of a cache.
func (m *Memo) Put(ctx context.Context, cache, key string, outputs []byte, stored time.Time) error {
	name, whole := memoKey(key)
	stored = stored.UTC()
	text, err := json.Marshal(memo{NodeID: "podflow", Outputs: outputs, Created: stored, LastHit: stored, Key: whole})
	if err != nil {
		return fmt.Errorf("ConfigMap %s, key %s: %w", cache, name, err)
	}
	if size := weight(name, string(text)); size > maxConfigMap {
		return fmt.Errorf("ConfigMap %s, key %s: the outputs take %d bytes, and a ConfigMap holds %d", cache, name, size, maxConfigMap)
	}
	for {
		b, leads := m.join(cache, name, string(text))
		if leads {
			m.write(ctx, cache, b)
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if b.dropped && ctx.Err() == nil {
			continue
		}
		if b.err != nil {
			return fmt.Errorf("k8s: keep outputs in ConfigMap %s: %w", cache, b.err)
		}
		return nil
	}
}

// join adds an entry to what is to be written next. Who leads is to write it.
func (m *Memo) join(cache, key, text string) (b *batch, leads bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b = m.waiting[cache]
	if leads = b == nil; leads {
		b = &batch{entries: map[string]string{}, done: make(chan struct{})}
		m.waiting[cache] = b
	}
	b.entries[key] = text
	return b, leads
}

// write writes a batch in its turn. Nothing is added to it from then on.
func (m *Memo) write(ctx context.Context, cache string, b *batch) {
	defer close(b.done)
	var turn bool
	select {
	case m.turn <- struct{}{}:
		turn = true
	case <-ctx.Done():
	}
	m.mu.Lock()
	delete(m.waiting, cache)
	m.mu.Unlock()
	if turn {
		defer func() { <-m.turn }()
		b.err = m.x.persist(ctx, func(ctx context.Context) error { return m.set(ctx, cache, b.entries) })
	}
	if ctx.Err() != nil && (b.err != nil || !turn) {
		b.err, b.dropped = context.Cause(ctx), true
	}
}

// set adds entries to a ConfigMap. The error is a conflict if somebody else was faster.
func (m *Memo) set(ctx context.Context, cache string, entries map[string]string) error {
	configs := m.x.client.ConfigMaps(m.x.namespace)
	is, err := configs.Get(ctx, cache, metav1.GetOptions{})
	create := notFound(err)
	if create {
		is = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: cache, Labels: map[string]string{labelKind: "Cache"}}}
	} else if err != nil {
		return err
	}
	if is.Data == nil {
		is.Data = map[string]string{}
	}
	maps.Copy(is.Data, entries)
	makeRoom(is)
	if !slices.ContainsFunc(slices.Collect(maps.Keys(entries)), func(key string) bool { return is.Data[key] != "" }) {
		return &finalError{errors.New("it is full of what is not memoized outputs")}
	}
	if !create {
		_, err = configs.Update(ctx, is, metav1.UpdateOptions{})
		return err
	}
	if _, err = configs.Create(ctx, is, metav1.CreateOptions{}); apierrors.IsAlreadyExists(err) {
		return apierrors.NewConflict(corev1.Resource("configmaps"), cache, err)
	}
	return err
}

// labelKind is by what Argo tells ConfigMaps apart.
const labelKind = "workflows.argoproj.io/configmap-type"

// maxConfigMap is how many bytes the values of a ConfigMap may hold together.
const maxConfigMap = 1 << 20

// weight is what an entry takes. Its key is also kept a second time, with who set it.
func weight(key, text string) int { return len(text) + 2*len(key) + 16 }

// makeRoom takes the oldest entries out of a ConfigMap that holds too much, but not what is no entry.
func makeRoom(c *corev1.ConfigMap) {
	size := 0
	created := map[string]time.Time{}
	for k, b := range c.BinaryData {
		size += weight(k, string(b))
	}
	for k, text := range c.Data {
		size += weight(k, text)
	}
	if size <= maxConfigMap {
		return
	}
	for k, text := range c.Data {
		var e memo
		if json.Unmarshal([]byte(text), &e) == nil && e.NodeID != "" {
			created[k] = e.Created
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(created), func(a, b string) int {
		return cmp.Or(created[a].Compare(created[b]), cmp.Compare(a, b))
	}) {
		if size <= maxConfigMap {
			return
		}
		size -= weight(k, c.Data[k])
		delete(c.Data, k)
	}
}

// memoKey is the key of a ConfigMap for a key of a cache; whole is that key if it cannot be the same.
func memoKey(key string) (name, whole string) {
	if len(validation.IsConfigMapKey(key)) == 0 {
		return key, ""
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256-" + hex.EncodeToString(sum[:]), key
}
