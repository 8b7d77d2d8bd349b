package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// locking is a workflow in YAML: its name, more of its spec, and its templates.
func locking(t testing.TB, name, more, templates string) *workflow.Workflow {
	t.Helper()
	if strings.HasSuffix(name, "-") {
		name = "generateName: " + name
	} else {
		name = "name: " + name
	}
	wf, err := workflow.Load(strings.NewReader("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {" + name + ", namespace: argo}\n" +
		"spec:\n  entrypoint: main\n" + more + "  templates:\n" + templates))
	require.NoError(t, err)
	return wf
}

const (
	onMutex     = "synchronization: {mutexes: [{name: m}]}"
	onSemaphore = "synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: k}}]}"
)

// fan is a dag of a loop over five items, whose template has the rules.
func fan(rules string) string {
	return "  - name: main\n    dag: {tasks: [{name: A, template: c, withItems: [0, 1, 2, 3, 4]}]}\n" +
		"  - {name: c, container: {image: a}, " + rules + "}\n"
}

// limits are ConfigMaps of which one has a limit.
func limits(t testing.TB, limit string) *source.Memory {
	t.Helper()
	m, err := source.Of(limitOf(limit))
	require.NoError(t, err)
	return m
}

func limitOf(limit string) *corev1.ConfigMap {
	c := &corev1.ConfigMap{Data: map[string]string{"k": limit}}
	c.Name = "limits"
	return c
}

// lockOrder is the leaves in the order in which they began to run.
func lockOrder(runs ...*workflow.Run) []string {
	at := map[string]time.Time{}
	for _, run := range runs {
		for e := range run.Events(context.Background()) {
			if e.Node.Type == spec.TypePod && e.Node.Phase == workflow.Running {
				at[e.Node.Name] = e.Time
			}
		}
	}
	names := slices.Sorted(maps.Keys(at))
	slices.SortStableFunc(names, func(a, b string) int { return at[a].Compare(at[b]) })
	return names
}

// slow is an executor whose leaves take as long as f says.
func slow(f func(*executor.Task) time.Duration) *stub {
	return &stub{execute: func(ctx context.Context, k *executor.Task, notify func(executor.Update)) (executor.Result, error) {
		notify(executor.Update{Phase: spec.Running})
		timer := time.NewTimer(f(k))
		defer timer.Stop()
		select {
		case <-timer.C:
			return executor.Result{}, nil
		case <-ctx.Done():
			return executor.Result{}, context.Cause(ctx)
		}
	}}
}

// minutes is an executor whose leaves take a minute each.
func minutes() *stub { return slow(func(*executor.Task) time.Duration { return time.Minute }) }

// As many nodes are at work at a time as the lock has room for, in the order in which they came.
func TestLocks(t *testing.T) {
	for _, tt := range []struct {
		name, more, templates, limit string
		takes                        time.Duration
		each                         bool // not all wait for the same
	}{
		{"mutex", "", fan(onMutex), "", 50 * time.Second, false},
		{"semaphore", "", fan(onSemaphore), "2", 30 * time.Second, false},
		{"semaphore as wide as a mutex", "", fan(onSemaphore), " 1\n", 50 * time.Second, false},
		{"semaphore that is wide enough", "", fan(onSemaphore), "5", 10 * time.Second, false},
		{"a mutex for each item", "", "  - name: main\n    dag: {tasks: [{name: A, template: c, arguments: {parameters: [{name: p, value: '{{item}}'}]}, withItems: [a, b, a, c, a]}]}\n" +
			"  - {name: c, inputs: {parameters: [{name: p}]}, container: {image: a}, synchronization: {mutexes: [{name: 'm-{{inputs.parameters.p}}'}]}}\n", "", 30 * time.Second, true},
		{"both", "", fan("synchronization: {mutexes: [{name: m}], semaphores: [{configMapKeyRef: {name: limits, key: k}}]}"), "3", 50 * time.Second, false},
		{"one twice", "", fan("synchronization: {mutexes: [{name: m}, {name: m}, {name: m, namespace: argo}]}"), "", 50 * time.Second, false},
		{"one semaphore twice", "", fan("synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: k}}, {configMapKeyRef: {name: limits, key: k}}]}"), "2", 30 * time.Second, false},
		{"one in two namespaces", "", "  - name: main\n    dag: {tasks: [{name: A, template: c}, {name: B, template: d}]}\n  - {name: c, container: {image: a}, " + onMutex + "}\n" +
			"  - {name: d, container: {image: a}, synchronization: {mutexes: [{name: m, namespace: other}]}}\n", "", 10 * time.Second, false},
		{"of a dag", "", "  - name: main\n    dag: {tasks: [{name: A, template: s, withItems: [0, 1]}]}\n  - name: s\n    steps: [[{name: x, template: c}], [{name: z, template: c}]]\n    " +
			onMutex + "\n  - {name: c, container: {image: a}}\n", "", 40 * time.Second, false},
		{"of the run", "  " + onMutex + "\n", "  - {name: main, container: {image: a}}\n", "", 10 * time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf := locking(t, "w", tt.more, tt.templates)
			synctest.Test(t, func(t *testing.T) {
				x := slow(func(*executor.Task) time.Duration { return 10 * time.Second })
				begin := time.Now()
				r := workflow.NewRunner(x, workflow.WithConfig(limits(t, tt.limit)))
				run, err := r.Start(t.Context(), wf)
				require.NoError(t, err)
				require.NoError(t, run.Wait(t.Context()))
				assert.Equal(t, tt.takes, time.Since(begin))
				if order := lockOrder(run); !tt.each {
					assert.IsNonDecreasing(t, order)
				}
				for n := range run.Nodes() {
					assert.Empty(t, n.Message, n.Path)
				}
				require.NoError(t, r.Close())
			})
		})
	}
}

// A limit that changes holds for those who come or leave after that.
func TestLimitChanges(t *testing.T) {
	for _, tt := range []struct {
		before, after string
		takes         time.Duration
	}{
		{"1", "3", 30 * time.Second},
		{"3", "1", 30 * time.Second},
		{"5", "1", 10 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			config := limits(t, tt.before)
			x := fake.New(t).On("A", fake.Succeed().Taking(10*time.Second))
			r := workflow.NewRunner(x, workflow.WithConfig(config))
			begin := time.Now()
			run, err := r.Start(t.Context(), locking(t, "w", "", fan(onSemaphore)))
			require.NoError(t, err)
			synctest.Wait()
			require.NoError(t, config.Set(limitOf(tt.after)))
			require.NoError(t, run.Wait(t.Context()))
			assert.Equal(t, tt.takes, time.Since(begin), "%s, then %s", tt.before, tt.after)
		})
	}
}

// Who comes after the limit has grown brings those forward who wait longer.
func TestLimitGrows(t *testing.T) {
	wf := func(name string) *workflow.Workflow {
		return locking(t, name, "", "  - {name: main, container: {image: a}, "+onSemaphore+"}\n")
	}
	synctest.Test(t, func(t *testing.T) {
		config := limits(t, "1")
		r := workflow.NewRunner(minutes(), workflow.WithConfig(config))
		var runs []*workflow.Run
		for i, name := range []string{"r1", "r2", "r3"} {
			if i == 2 {
				<-time.After(10 * time.Second)
				require.NoError(t, config.Set(limitOf("3")))
			}
			run, err := r.Start(t.Context(), wf(name))
			require.NoError(t, err)
			runs = append(runs, run)
			synctest.Wait()
		}
		for _, run := range runs {
			assert.Equal(t, workflow.Running, run.Phase())
		}
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
		}
	})
}

// holdAndWait is a run that holds the mutex m for an hour, and another that waits for it.
func holdAndWait(t *testing.T, waits *workflow.Workflow) (r *workflow.Runner, x *stub, holds, waiting *workflow.Run) {
	t.Helper()
	x = slow(func(k *executor.Task) time.Duration {
		if k.Name == "hold" {
			return time.Hour
		}
		return 0
	})
	r = workflow.NewRunner(x)
	holds, err := r.Start(t.Context(), locking(t, "holder", "", "  - name: main\n    steps: [[{name: hold, template: c}]]\n  - {name: c, container: {image: a}, "+onMutex+"}\n"))
	require.NoError(t, err)
	synctest.Wait()
	waiting, err = r.Start(t.Context(), waits)
	require.NoError(t, err)
	synctest.Wait()
	return r, x, holds, waiting
}

const waitingMessage = "Waiting for argo/Mutex/m lock. Lock status: 0/1"

// A node that waits says so, and no longer once it runs.
func TestWaitingMessage(t *testing.T) {
	wf := locking(t, "w", "", "  - {name: main, container: {image: a}, "+onMutex+"}\n")
	synctest.Test(t, func(t *testing.T) {
		r, _, _, run := holdAndWait(t, wf)
		assert.Equal(t, workflow.Pending, run.Phase())
		assert.Equal(t, workflow.Pending, run.Node("").Phase)
		assert.Equal(t, waitingMessage, run.Node("").Message)
		begin := time.Now()
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, time.Hour, time.Since(begin))
		var told []string
		for e := range run.Events(t.Context()) {
			told = append(told, string(e.Node.Phase)+" "+e.Node.Message)
		}
		assert.Equal(t, []string{"Pending " + waitingMessage, "Pending ", "Running ", "Succeeded "}, told)
		require.NoError(t, r.Close())
	})
}

// Whatever ends the waiting ends it at once, and lets those behind go on.
func TestWaitingEnds(t *testing.T) {
	const pod = "container: {image: a}, " + onMutex
	leaf := func(more string) string { return "  - {name: main, " + pod + more + "}\n" }
	for _, tt := range []struct {
		name, more, templates string
		act                   func(*workflow.Run)
		takes                 time.Duration
		message               string
	}{
		{"cancel", "", leaf(""), func(r *workflow.Run) { r.Cancel(errors.New("enough")) }, 0, "terminated: enough"},
		{"stop", "", leaf(""), func(r *workflow.Run) { _ = r.Stop(context.Background()) }, 0, "terminated: the run was stopped"},
		{"terminate", "", leaf(""), func(r *workflow.Run) { _ = r.Terminate(context.Background()) }, 0, "terminated: the run was terminated"},
		{"timeout", "", leaf(", timeout: 5m"), nil, 5 * time.Minute, "Step exceeded its deadline"},
		{"pendingTimeout", "", leaf(", pendingTimeout: 5m"), nil, 5 * time.Minute, "Step exceeded its pending timeout"},
		{"timeout with retries", "", leaf(", retryStrategy: {limit: 3}, timeout: 5m"), nil, 5 * time.Minute, "Step exceeded its deadline"},
		{"deadline", "  activeDeadlineSeconds: 300\n", leaf(""), nil, 5 * time.Minute, "Step exceeded its deadline"},
		{"stop of a run that waits itself", "  onExit: exit\n  " + onMutex + "\n", "  - {name: main, container: {image: a}}\n  - {name: exit, container: {image: a}}\n",
			func(r *workflow.Run) { _ = r.Stop(context.Background()) }, 0, "terminated: the run was stopped"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf, behind := locking(t, "w", tt.more, tt.templates), locking(t, "behind", "", leaf(""))
			synctest.Test(t, func(t *testing.T) {
				r, x, holds, run := holdAndWait(t, wf)
				last, err := r.Start(t.Context(), behind)
				require.NoError(t, err)
				begin := time.Now()
				if tt.act != nil {
					tt.act(run)
				}
				require.Error(t, run.Wait(t.Context()))
				assert.Equal(t, tt.takes, time.Since(begin))
				assert.Equal(t, workflow.Failed, run.Phase())
				assert.Equal(t, tt.message, run.Node("").Message)
				require.NoError(t, holds.Wait(t.Context()))
				require.NoError(t, last.Wait(t.Context()))
				assert.Equal(t, time.Hour, time.Since(begin))
				executed := slices.DeleteFunc(x.said(), func(s string) bool { return !strings.HasPrefix(s, "execute") })
				assert.Equal(t, []string{"execute [0].hold", "execute "}, executed, "what waited never ran")
				require.NoError(t, r.Close())
			})
		})
	}
}

// Whoever waits gets the lock by priority, then in the order of arrival.
func TestLockOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(minutes())
		var runs []*workflow.Run
		for _, k := range []struct {
			name     string
			priority int
		}{{"first", 0}, {"low", -1}, {"a", 0}, {"b", 0}, {"high", 7}, {"c", 0}} {
			more := fmt.Sprintf("  priority: %d\n", k.priority)
			run, err := r.Start(t.Context(), locking(t, k.name, more, "  - {name: main, container: {image: a}, "+onMutex+"}\n"))
			require.NoError(t, err)
			runs = append(runs, run)
			synctest.Wait()
		}
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
		}
		assert.Equal(t, []string{"first", "high", "a", "b", "c", "low"}, lockOrder(runs...))
	})
}

// Who waits for two locks holds none of them; those who want only the free one wait behind it.
func TestAllLocksOrNone(t *testing.T) {
	run := func(name, locks string) *workflow.Workflow {
		return locking(t, name, "", "  - {name: main, container: {image: a}, synchronization: {mutexes: ["+locks+"]}}\n")
	}
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(minutes())
		var runs []*workflow.Run
		for _, wf := range []*workflow.Workflow{
			run("r1", "{name: a}"), run("r2", "{name: b}, {name: a}"), run("r3", "{name: b}"), run("r4", "{name: a}, {name: b}"), run("r5", "{name: c}"),
		} {
			run, err := r.Start(t.Context(), wf)
			require.NoError(t, err)
			runs = append(runs, run)
			synctest.Wait()
		}
		assert.Equal(t, "Waiting for argo/Mutex/a lock. Lock status: 0/1", runs[1].Node("").Message)
		assert.Equal(t, "Waiting for argo/Mutex/b lock. Lock status: 1/1", runs[2].Node("").Message)
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
		}
		assert.Equal(t, []string{"r1", "r5", "r2", "r3", "r4"}, lockOrder(runs...))
	})
}

// A node holds its locks over all its attempts and the time between them.
func TestLockOverRetries(t *testing.T) {
	wf := locking(t, "w", "", "  - name: main\n    dag: {tasks: [{name: A, template: c}, {name: B, template: c}]}\n"+
		"  - {name: c, container: {image: a}, retryStrategy: {limit: 5, backoff: {duration: 1m}}, "+onMutex+"}\n")
	synctest.Test(t, func(t *testing.T) {
		failing := fake.Fail(1, "").Taking(time.Minute)
		x := fake.New(t).On("A", failing, failing, fake.Succeed().Taking(time.Minute)).On("B", fake.Succeed())
		begin := time.Now()
		run, err := wf.Run(t.Context(), x)
		require.NoError(t, err)
		assert.Equal(t, 5*time.Minute, time.Since(begin))
		assert.Equal(t, []string{"w.A(0)", "w.A(1)", "w.A(2)", "w.B(0)"}, lockOrder(run))
		assert.Equal(t, 1, run.Node("B").Attempts)
	})
}

// What bounds an attempt bounds the waiting too, and after it not the node but each attempt.
func TestTimeoutAfterWaiting(t *testing.T) {
	wf := locking(t, "w", "", "  - {name: main, container: {image: a}, retryStrategy: {limit: 5, backoff: {duration: 10m}}, timeout: 5m, pendingTimeout: 5m, "+onMutex+"}\n")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := wf.Run(t.Context(), fake.New(t).On("main", fake.Fail(1, "").Taking(time.Minute), fake.Succeed().Taking(time.Minute)))
		require.NoError(t, err)
		assert.Equal(t, 12*time.Minute, time.Since(begin))
	})
}

// A run holds its locks from before its root to behind its exit handler, and its time begins when it has them.
func TestLockOfRun(t *testing.T) {
	const more = "  onExit: exit\n  activeDeadlineSeconds: 90\n  " + onMutex + "\n"
	const templates = "  - {name: main, container: {image: a}}\n  - {name: exit, container: {image: a}}\n"
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(minutes())
		begin := time.Now()
		var runs []*workflow.Run
		for _, name := range []string{"r1", "r2"} {
			run, err := r.Start(t.Context(), locking(t, name, more, templates))
			require.NoError(t, err)
			runs = append(runs, run)
			synctest.Wait()
		}
		assert.Equal(t, workflow.Pending, runs[1].Phase())
		assert.Equal(t, waitingMessage, runs[1].Node("").Message)
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
			assert.Empty(t, run.Node("").Message)
		}
		assert.Equal(t, 4*time.Minute, time.Since(begin))
		assert.Equal(t, begin.Add(2*time.Minute), runs[1].Node("").Started)
		assert.Equal(t, []string{"r1", "r1.onExit", "r2", "r2.onExit"}, lockOrder(runs...))
	})
}

// badConfig is a source of ConfigMaps that panics.
type badConfig struct{}

func (badConfig) ConfigMap(context.Context, string) (*corev1.ConfigMap, error) { panic("boom") }

func TestLockErrors(t *testing.T) {
	const limit = "synchronization: the limit of semaphore argo/ConfigMap/limits/k: "
	nested := func(inner string) string {
		return "  - name: main\n    steps: [[{name: s, template: c}]]\n    " + onMutex + "\n  - {name: c, container: {image: a}, " + inner + "}\n"
	}
	parameter := "  arguments: {parameters: [{name: p, value: ''}]}\n"
	for _, tt := range []struct {
		name, more, templates string
		config                workflow.ConfigSource
		message               string
	}{
		{"no source", "", fan(onSemaphore), nil, limit + `configMap "limits": the runner has no source of ConfigMaps: file does not exist`},
		{"no ConfigMap", "", fan("synchronization: {semaphores: [{configMapKeyRef: {name: other, key: k}}]}"), limits(t, "1"),
			`synchronization: the limit of semaphore argo/ConfigMap/other/k: no ConfigMap "other"`},
		{"no key", "", fan("synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: l}}]}"), limits(t, "1"),
			`synchronization: the limit of semaphore argo/ConfigMap/limits/l: configMap "limits" has no key "l": file does not exist`},
		{"no number", "", fan(onSemaphore), limits(t, "many"), limit + `configMap "limits": key "k" is "many": expected a number of at least 1`},
		{"zero", "", fan(onSemaphore), limits(t, "0"), limit + `configMap "limits": key "k" is "0": expected a number of at least 1`},
		{"panic", "", fan(onSemaphore), badConfig{}, limit + "panic: boom"},
		{"of the run", "  " + onSemaphore + "\n", "  - {name: main, container: {image: a}}\n", nil, limit + `configMap "limits": the runner has no source of ConfigMaps: file does not exist`},
		{"name that becomes empty", parameter, fan("synchronization: {mutexes: [{name: '{{workflow.parameters.p}}'}]}"), nil, "synchronization.mutexes[0]: the name is empty"},
		{"name of the run's that becomes empty", parameter + "  synchronization: {mutexes: [{name: '{{workflow.parameters.p}}'}]}\n", "  - {name: main, container: {image: a}}\n", nil, "synchronization.mutexes[0]: the name is empty"},
		{"in itself", "", nested(onMutex), nil, `synchronization.mutexes[0]: argo/Mutex/m is held by "w" already, which ends after this: it would wait for ever`},
		{"in its run", "  " + onMutex + "\n", fan(onMutex), nil, "synchronization.mutexes[0]: argo/Mutex/m is held by the workflow already, which ends after this: it would wait for ever"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf := locking(t, "w", tt.more, tt.templates)
			synctest.Test(t, func(t *testing.T) {
				var options []workflow.RunnerOption
				if tt.config != nil {
					options = append(options, workflow.WithConfig(tt.config))
				}
				r := workflow.NewRunner(fake.New(nil), options...)
				run, err := r.Start(t.Context(), wf)
				require.NoError(t, err)
				err = run.Wait(t.Context())
				failed, ok := errors.AsType[*workflow.RunError](err)
				require.True(t, ok, err)
				require.NotEmpty(t, failed.Nodes)
				for _, n := range failed.Nodes {
					assert.Equal(t, workflow.Errored, n.Phase)
					assert.Contains(t, n.Message, tt.message)
				}
				require.NoError(t, r.Close())
			})
		})
	}
}

// The exit handler of a node may take the lock that the node has given back.
func TestLockOfHook(t *testing.T) {
	wf := locking(t, "w", "", "  - name: main\n    steps: [[{name: s, template: c, hooks: {exit: {template: c}}}]]\n  - {name: c, container: {image: a}, "+onMutex+"}\n")
	synctest.Test(t, func(t *testing.T) {
		run, err := wf.Run(t.Context(), minutes())
		require.NoError(t, err)
		assert.Equal(t, []string{"w[0].s", "w[0].s.onExit"}, lockOrder(run))
	})
}

// Locks that cannot be kept are refused by name.
func TestLocksRefused(t *testing.T) {
	const head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: main\n"
	for _, tt := range []struct{ locks, want string }{
		{"{mutexes: [{name: a, database: true}]}", ".mutexes[0].database: a lock in a database: not supported yet"},
		{"{semaphores: [{database: {key: a}}]}", ".semaphores[0].database: a lock in a database: not supported yet"},
		{"{mutexes: [{name: a}, {}]}", ".mutexes[1].name: there is none: it says which lock it is"},
		{"{semaphores: [{namespace: a}]}", ".semaphores[0].configMapKeyRef: there is none: it says which key of a ConfigMap has the limit"},
		{"{semaphores: [{configMapKeyRef: {name: a}}]}", ".semaphores[0].configMapKeyRef.key: there is none: it is where the ConfigMap has the limit"},
		{"{mutexes: [{name: '{{item}}'}]}", ".mutexes[0].name: {{item}}: there is no loop here: "},
	} {
		of, err := workflow.Load(strings.NewReader(head + "  synchronization: " + tt.locks + "\n  templates:\n  - {name: main, container: {image: a}}\n"))
		assert.Nil(t, of)
		assert.ErrorContains(t, err, "spec.synchronization"+tt.want)
		_, err = workflow.Load(strings.NewReader(head + "  templates:\n  - {name: main, container: {image: a}, synchronization: " + tt.locks + "}\n"))
		assert.ErrorContains(t, err, "templates[main].synchronization"+tt.want)
	}
}

// A Runner that is closed lets go of who holds and who waits; another takes the locks again.
func TestLocksAreTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		x := minutes()
		begin := time.Now()
		r := workflow.NewRunner(x, workflow.WithJournal(j))
		var waits []*workflow.Run
		for _, name := range []string{"r1", "r2", "r3"} {
			run, err := r.Start(t.Context(), locking(t, name, "", "  - {name: main, container: {image: a}, "+onMutex+"}\n"))
			require.NoError(t, err)
			waits = append(waits, run)
			synctest.Wait()
		}
		require.NoError(t, waits[0].Wait(t.Context()))
		synctest.Wait()
		require.NoError(t, r.Close())
		assert.ErrorIs(t, waits[1].Wait(t.Context()), workflow.ErrDetached)
		assert.ErrorIs(t, waits[2].Wait(t.Context()), workflow.ErrDetached)
		r = workflow.NewRunner(x, workflow.WithJournal(j))
		runs, err := r.Recover(t.Context())
		require.NoError(t, err)
		require.Len(t, runs, 2)
		for _, run := range runs {
			require.NoError(t, run.Wait(t.Context()))
		}
		assert.Equal(t, 3*time.Minute, time.Since(begin))
		require.NoError(t, r.Close())
	})
}
