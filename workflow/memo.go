package workflow

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// MemoStore keeps the outputs of memoized templates: see [ContainerTemplate.Memoize]. Its methods may be called at the
// same time. An error is the end of the node for which it was called, with phase Error.
type MemoStore interface {
	// Get is what was last put under a key of a cache, and when that was. The error is fs.ErrNotExist if there is nothing.
	// How old it may be is not the store's concern.
	Get(ctx context.Context, cache, key string) (outputs []byte, stored time.Time, err error)
	// Put keeps outputs, which are a [spec.Outputs] as JSON, under a key of a cache, instead of what was there. stored is
	// when the node ended that gave them.
	Put(ctx context.Context, cache, key string, outputs []byte, stored time.Time) error
}

// WithMemo is where the outputs of memoized templates are kept. Without it they are kept in memory, for the runs of the
// Runner.
//
// A node looks for its outputs when it begins, once it has its locks, and gives its own when it succeeds. Two nodes
// with the same key that are at work at the same time both run; the outputs of the one that ends last are kept.
func WithMemo(s MemoStore) RunnerOption { return runnerOption(func(r *Runner) { r.memos = s }) }

// memos is a MemoStore in memory. The zero value is ready to use.
type memos struct {
	mu   sync.Mutex
	kept map[[2]string]memo // by cache and key
}

type memo struct {
	outputs []byte
	stored  time.Time
}

func (m *memos) Get(_ context.Context, cache, key string) ([]byte, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.kept[[2]string{cache, key}]
	if !ok {
		return nil, time.Time{}, fs.ErrNotExist
	}
	return k.outputs, k.stored, nil
}

func (m *memos) Put(_ context.Context, cache, key string, outputs []byte, stored time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[[2]string]memo{}
	}
	m.kept[[2]string{cache, key}] = memo{slices.Clone(outputs), stored}
	return nil
}
