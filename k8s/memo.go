package k8s

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Memo keeps the outputs of memoized templates in ConfigMaps, as Argo does and so that the two know each other's. It is
// a workflow.MemoStore: a cache is the ConfigMap of its name in the Executor's namespace, made when it is needed. A
// ConfigMap holds 1 MiB: if that is full, the oldest go. [Executor.Memo] makes one.
type Memo struct {
	x *Executor
	// turn lets one Put of this process change ConfigMaps at a time: others would only be refused for being late.
	turn chan struct{}
}

// Memo keeps the outputs of memoized templates in ConfigMaps. The rights that it needs are in rbac/config.yaml.
func (x *Executor) Memo() *Memo { return &Memo{x, make(chan struct{}, 1)} }

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
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	err = m.x.persist(ctx, func(ctx context.Context) error { return m.set(ctx, cache, name, string(text)) })
	if err != nil {
		return fmt.Errorf("k8s: keep outputs in ConfigMap %s: %w", cache, err)
	}
	return nil
}

// set sets one key. The error is a conflict if somebody else was faster.
func (m *Memo) set(ctx context.Context, cache, key, text string) error {
	maps := m.x.client.ConfigMaps(m.x.namespace)
	is, err := maps.Get(ctx, cache, metav1.GetOptions{})
	if notFound(err) {
		is = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: cache, Labels: map[string]string{labelKind: "Cache"}}, Data: map[string]string{key: text}}
		if _, err = maps.Create(ctx, is, metav1.CreateOptions{}); apierrors.IsAlreadyExists(err) {
			return apierrors.NewConflict(corev1.Resource("configmaps"), cache, err)
		}
		return err
	}
	if err != nil {
		return err
	}
	if is.Data == nil {
		is.Data = map[string]string{}
	}
	is.Data[key] = text
	if err := makeRoom(is, key); err != nil {
		return &finalError{err}
	}
	_, err = maps.Update(ctx, is, metav1.UpdateOptions{})
	return err
}

// labelKind is by what Argo tells ConfigMaps apart.
const labelKind = "workflows.argoproj.io/configmap-type"

// maxConfigMap is how many bytes the values of a ConfigMap may hold together.
const maxConfigMap = 1 << 20

// weight is what an entry takes. Its key is also kept a second time, with who set it.
func weight(key, text string) int { return len(text) + 2*len(key) + 16 }

// makeRoom takes the oldest entries out of a ConfigMap that holds too much, but not what is no entry.
func makeRoom(c *corev1.ConfigMap, except string) error {
	size := 0
	created := map[string]time.Time{}
	for k, text := range c.Data {
		size += weight(k, text)
	}
	for k, b := range c.BinaryData {
		size += weight(k, string(b))
	}
	if size <= maxConfigMap {
		return nil
	}
	for k, text := range c.Data {
		var e memo
		if json.Unmarshal([]byte(text), &e) == nil && e.NodeID != "" && k != except {
			created[k] = e.Created
		}
	}
	oldest := slices.SortedFunc(maps.Keys(created), func(a, b string) int {
		return cmp.Or(created[a].Compare(created[b]), cmp.Compare(a, b))
	})
	for _, k := range oldest {
		size -= weight(k, c.Data[k])
		delete(c.Data, k)
		if size <= maxConfigMap {
			return nil
		}
	}
	return fmt.Errorf("it is full of what is not memoized outputs")
}

// memoKey is the key of a ConfigMap for a key of a cache; whole is that key if it cannot be the same.
func memoKey(key string) (name, whole string) {
	if len(validation.IsConfigMapKey(key)) == 0 {
		return key, ""
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256-" + hex.EncodeToString(sum[:]), key
}
