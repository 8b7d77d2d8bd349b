package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// counter counts who holds each lock, as the leaves' templates say it.
type counter struct {
	limits map[string]int

	mu       sync.Mutex
	held     map[string]int
	violated []string
	ran      int
}

func (c *counter) execute(ctx context.Context, k *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	t, err := k.Template()
	if err != nil {
		return executor.Result{}, err
	}
	c.count(t.Synchronization, 1)
	timer := time.NewTimer(time.Duration(len(k.ID.Run)+k.ID.Attempt) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.count(t.Synchronization, -1)
	return executor.Result{}, err
}

func (c *counter) count(s *spec.Synchronization, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ran++
	add := func(name string, limit int) {
		if c.held[name] += by; c.held[name] > limit {
			c.violated = append(c.violated, fmt.Sprintf("%s: %d", name, c.held[name]))
		}
	}
	for _, m := range s.Mutexes {
		add(m.Name, 1)
	}
	for _, m := range s.Semaphores {
		add(m.ConfigMapKeyRef.Key, c.limits[m.ConfigMapKeyRef.Key])
	}
}

// Never do more hold a lock than it has room for, and everybody gets theirs: 200 runs on one mutex, and many with
// several locks each, of which some are stopped on the way.
func TestLocksUnderLoad(t *testing.T) {
	one := locking(t, "one-", "", "  - {name: main, container: {image: a}, "+onMutex+"}\n")
	random := rand.New(rand.NewPCG(1, 2))
	var many []*workflow.Workflow
	for range 60 {
		var templates strings.Builder
		var tasks []string
		for i := range 5 {
			tasks = append(tasks, fmt.Sprintf("{name: t%d, template: c%d, withItems: [1, 2, 3]}", i, i))
			var mutexes, semaphores []string
			for _, name := range []string{"a", "b", "m"} {
				if random.IntN(2) == 0 {
					mutexes = append(mutexes, "{name: "+name+"}")
				}
			}
			for _, name := range []string{"two", "three"} {
				if random.IntN(2) == 0 {
					semaphores = append(semaphores, "{configMapKeyRef: {name: limits, key: "+name+"}}")
				}
			}
			random.Shuffle(len(mutexes), func(i, k int) { mutexes[i], mutexes[k] = mutexes[k], mutexes[i] })
			fmt.Fprintf(&templates, "  - {name: c%d, container: {image: a}, synchronization: {mutexes: [%s], semaphores: [%s]}}\n",
				i, strings.Join(mutexes, ", "), strings.Join(semaphores, ", "))
		}
		many = append(many, locking(t, "many-", fmt.Sprintf("  priority: %d\n", random.IntN(3)),
			"  - name: main\n    dag: {tasks: ["+strings.Join(tasks, ", ")+"]}\n"+templates.String()))
	}
	for _, tt := range []struct {
		name string
		wf   func(i int) *workflow.Workflow
		runs int
	}{{"one", func(int) *workflow.Workflow { return one }, 200}, {"many", func(i int) *workflow.Workflow { return many[i] }, len(many)}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := limitOf("")
				config.Data = map[string]string{"two": "2", "three": "3"}
				from, err := source.Of(config)
				require.NoError(t, err)
				c := &counter{limits: map[string]int{"two": 2, "three": 3}, held: map[string]int{}}
				r := workflow.NewRunner(&stub{execute: c.execute}, workflow.WithConfig(from))
				var wg sync.WaitGroup
				for i := range tt.runs {
					wg.Go(func() {
						run, err := r.Start(t.Context(), tt.wf(i))
						if !assert.NoError(t, err) {
							return
						}
						if i%10 == 9 {
							run.Cancel(errors.New("on the way"))
							assert.Error(t, run.Wait(t.Context()))
							return
						}
						assert.NoError(t, run.Wait(t.Context()))
					})
				}
				wg.Wait()
				assert.Empty(t, c.violated)
				for name, held := range c.held {
					assert.Zero(t, held, name)
				}
				assert.GreaterOrEqual(t, c.ran, 2*tt.runs*9/10)
				require.NoError(t, r.Close())
			})
		})
	}
}
