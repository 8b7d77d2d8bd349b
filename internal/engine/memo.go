package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// Memos keep outputs under keys. See workflow.MemoStore.
type Memos interface {
	Get(ctx context.Context, cache, key string) (outputs []byte, stored time.Time, err error)
	Put(ctx context.Context, cache, key string, outputs []byte, stored time.Time) error
}

// memo is how a node uses what is kept.
type memo struct {
	cache, key string
	maxAge     time.Duration // 0: any
	state      memoState
}

type memoState uint8

const (
	memoAsked   memoState = iota // what is kept is being looked up
	memoMissed                   // nothing fits: the node runs, and its outputs are to be kept
	memoHit                      // the node has what was kept
	memoKeeping                  // its outputs are being kept: it succeeds when they are
	memoKept
)

// memoized says that the node has its outputs from a cache.
func (i *info) memoized() bool {
	return i.guard != nil && i.guard.memo != nil && i.guard.memo.state == memoHit
}

// recall looks for the outputs of the node; if there are none it goes on.
func (m *machine) recall(n *node) {
	memo, err := m.memo(n)
	if err != nil {
		m.end(n, errored, "memoize."+err.Error())
		return
	}
	n.guards().memo = memo
	m.idle[n] = struct{}{}
	m.asks = append(m.asks, &recallAsk{n, memo})
}

func (m *machine) memo(n *node) (*memo, error) {
	p, k := n.template.Memo, &memo{}
	lookup := m.lookup(place{owner: n, node: n})
	var err error
	if k.key, err = p.Key.Fill(lookup); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if wrong := p.KeyProblem(k.key); wrong != "" {
		return nil, fmt.Errorf("key: %q: %s", k.key, wrong)
	}
	if k.cache, err = p.Cache.Fill(lookup); err != nil {
		return nil, fmt.Errorf("cache.configMap.name: %w", err)
	}
	if p.MaxAge == nil {
		return k, nil
	}
	if k.maxAge, err = duration(p.MaxAge, lookup); err != nil {
		return nil, fmt.Errorf("maxAge: %w", err)
	}
	return k, nil
}

type recallAsk struct {
	n    *node
	memo *memo
}

func (a *recallAsk) carryOut(r *Run) {
	r.ask(func() answer {
		if r.over {
			return &recallAnswer{n: a.n}
		}
		hit, err := r.recall(r.contextOf(a.n), a.n, a.memo)
		return &recallAnswer{a.n, hit, err}
	})
}

// recall is what is kept for a node, or nil if there is nothing that fits it.
func (r *Run) recall(ctx context.Context, n *node, k *memo) (hit *executor.Result, err error) {
	var kept []byte
	var stored time.Time
	err = safely(func() (err error) {
		kept, stored, err = r.memos.Get(ctx, k.cache, k.key)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case k.maxAge > 0 && time.Since(stored) > k.maxAge:
		return nil, nil
	}
	var o memoOutputs
	if err := json.Unmarshal(kept, &o); err != nil {
		return nil, fmt.Errorf("what is kept is not outputs as JSON: %w", err)
	}
	hit = &executor.Result{Phase: spec.Succeeded, Result: o.Result}
	if o.ExitCode != nil {
		if code, err := strconv.Atoi(*o.ExitCode); err == nil {
			hit.ExitCode = &code
		}
	}
	for i := range n.template.Outputs {
		name := n.template.Outputs[i].Name
		at := slices.IndexFunc(o.Parameters, func(p spec.Parameter) bool { return p.Name == name && p.Value != nil })
		if at < 0 {
			return nil, nil // of a template that gave less
		}
		hit.Outputs = append(hit.Outputs, executor.Value{Name: name, Value: string(*o.Parameters[at].Value)})
	}
	if f := n.template.Files; f != nil {
		for i := range f.Outputs {
			switch a := artifactNamed(o.Artifacts, f.Outputs[i].Name); {
			case a != nil && !artifact.Gone(ctx, r.stores, a):
				hit.Artifacts = append(hit.Artifacts, *a)
			case a != nil || !f.Outputs[i].Optional:
				return nil, nil
			}
		}
	}
	if c := n.planCall(); hit.Result == nil && (n.template.WantsResult || c != nil && c.WantResult) {
		return nil, nil
	}
	return hit, nil
}

// memoOutputs are what is kept of a node, in Argo's form, with the sizes and digests of artifacts besides.
type memoOutputs struct {
	Parameters []spec.Parameter    `json:"parameters,omitempty"`
	Artifacts  []executor.Artifact `json:"artifacts,omitempty"`
	Result     *string             `json:"result,omitempty"`
	ExitCode   *string             `json:"exitCode,omitempty"`
}

// recallAnswer is what was kept; nil: nothing that fits.
type recallAnswer struct {
	n   *node
	hit *executor.Result
	err error
}

func (a *recallAnswer) apply(m *machine) {
	n := a.n
	if n.phase.ended() {
		return
	}
	delete(m.idle, n)
	i := n.more()
	switch {
	case a.err != nil:
		m.end(n, errored, "memoize: "+a.err.Error())
	case a.hit == nil:
		i.guard.memo.state = memoMissed
		m.guarded(n)
	default:
		i.guard.memo.state = memoHit
		if len(a.hit.Outputs) > 0 {
			i.outputs = a.hit.Outputs
			m.publishAll(n.template, i.outputs)
		}
		i.result, i.exitCode = a.hit.Result, a.hit.ExitCode
		if n.template.Files != nil {
			_ = m.leafFiles(n, a.hit) // what is not there was looked for before
		}
		m.set(n, succeeded)
	}
}

// keep has the outputs kept of a node that is to succeed, if they are to be: it succeeds when they are.
func (m *machine) keep(n *node) bool {
	k := n.info.guard.memo
	if k == nil || k.state != memoMissed {
		return k != nil && k.state == memoKeeping
	}
	k.state = memoKeeping
	m.live++
	i, o := n.info, memoOutputs{Result: n.info.result}
	for _, v := range i.outputs {
		value := spec.AnyString(v.Value)
		o.Parameters = append(o.Parameters, spec.Parameter{Name: v.Name, Value: &value})
	}
	o.Artifacts = there(n.filesOut())
	if i.exitCode != nil {
		code := strconv.Itoa(*i.exitCode)
		o.ExitCode = &code
	}
	m.asks = append(m.asks, &keepAsk{n, k, o, m.now})
	return true
}

type keepAsk struct {
	n       *node
	memo    *memo
	outputs memoOutputs
	at      int64
}

func (a *keepAsk) carryOut(r *Run) {
	r.ask(func() answer {
		if r.over {
			return &keepAnswer{n: a.n}
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), cleanUpTime)
		defer cancel()
		return &keepAnswer{a.n, safely(func() error {
			kept, err := json.Marshal(a.outputs)
			if err != nil {
				return err
			}
			return r.memos.Put(ctx, a.memo.cache, a.memo.key, kept, time.Unix(0, a.at))
		})}
	})
}

// keepAnswer is that the outputs of a node are kept, or why not.
type keepAnswer struct {
	n   *node
	err error
}

func (a *keepAnswer) apply(m *machine) {
	m.live--
	if a.n.phase.ended() {
		return
	}
	a.n.info.guard.memo.state = memoKept
	if a.err != nil {
		m.end(a.n, errored, "memoize: "+a.err.Error())
		return
	}
	m.set(a.n, succeeded)
}
