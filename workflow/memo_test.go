package workflow_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// memoized is a workflow of a leaf A with the rules, and of B, which says what A gave.
func memoized(t testing.TB, rules string) *workflow.Workflow {
	return locking(t, "memo-", "  arguments: {parameters: [{name: k, value: key}]}\n", "  - name: main\n    dag:\n      tasks:\n"+
		"      - {name: A, template: a, arguments: {parameters: [{name: k, value: '{{workflow.parameters.k}}'}]}}\n"+
		"      - {name: B, depends: A, template: b, arguments: {parameters: [{name: p, value: '{{tasks.A.outputs.parameters.o}} {{tasks.A.outputs.result}}'}]}}\n"+
		"  - {name: a, inputs: {parameters: [{name: k}]}, container: {image: a}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}, "+rules+"}\n"+
		"  - {name: b, inputs: {parameters: [{name: p}]}, container: {image: b}}\n")
}

const onMemo = "memoize: {key: '{{inputs.parameters.k}}', maxAge: 10m, cache: {configMap: {name: c}}}"

// counted is an executor whose leaves take a minute, give how many of their template ran until then, and their result.
type counted struct {
	*stub
	mu  sync.Mutex
	ran map[string]int
}

func newCounted(fail func(template string, n int) bool) *counted {
	c := &counted{ran: map[string]int{}}
	c.stub = &stub{execute: func(ctx context.Context, k *executor.Task, notify func(executor.Update)) (executor.Result, error) {
		notify(executor.Update{Phase: spec.Running})
		c.mu.Lock()
		c.ran[k.TemplateName]++
		n := c.ran[k.TemplateName]
		c.mu.Unlock()
		timer := time.NewTimer(time.Minute)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return executor.Result{}, context.Cause(ctx)
		}
		code, text := 0, strings.Repeat("i", n)
		res := executor.Result{Result: &text, ExitCode: &code, Outputs: []executor.Value{{Name: "o", Value: "<" + text + ">"}}}
		if fail != nil && fail(k.TemplateName, n) {
			code, res.Phase = 1, spec.Failed
		}
		return res, nil
	}}
	return c
}

// runToEnd is a run to its end.
func runToEnd(t *testing.T, r *workflow.Runner, wf *workflow.Workflow, opts ...workflow.RunOption) *workflow.Run {
	t.Helper()
	run, err := r.Start(t.Context(), wf, opts...)
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	return run
}

// said is what B was told of A.
func said(run *workflow.Run) string { p, _ := run.Node("B").Input("p"); return p }

// The second run has what the first gave, until that is too old.
func TestMemoize(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		typ         spec.NodeType
	}{
		{"leaf", onMemo, spec.TypePod},
		{"with retries", onMemo + ", retryStrategy: {limit: 3}", spec.TypeRetry},
		{"with a mutex", onMemo + ", " + onMutex, spec.TypePod},
		{"with a timeout", onMemo + ", timeout: 1h", spec.TypePod},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf := memoized(t, tt.rules)
			synctest.Test(t, func(t *testing.T) {
				x := newCounted(nil)
				r := workflow.NewRunner(x)
				k := workflow.Param[string]("k")

				run := runToEnd(t, r, wf)
				assert.Equal(t, workflow.Succeeded, run.Phase())
				assert.False(t, run.Node("A").Memoized)
				assert.Equal(t, "<i> i", said(run))

				run = runToEnd(t, r, wf)
				a := run.Node("A")
				assert.Equal(t, workflow.Succeeded, a.Phase)
				assert.Equal(t, tt.typ, a.Type)
				assert.True(t, a.Memoized)
				assert.Equal(t, a.Started, a.Finished)
				assert.Equal(t, 0, *a.ExitCode)
				assert.Equal(t, "<i> i", said(run))
				assert.Equal(t, []string{"B"}, run.Children()["A"])
				assert.Nil(t, run.Node("A(0)"))
				assert.Equal(t, 1, x.ran["a"])
				assert.Equal(t, 2, x.ran["b"])

				assert.Equal(t, "<ii> ii", said(runToEnd(t, r, wf, k.Set("other"))), "another key")

				<-time.After(6 * time.Minute) // the first ended ten minutes ago
				assert.Equal(t, "<i> i", said(runToEnd(t, r, wf)))
				assert.Equal(t, "<iii> iii", said(runToEnd(t, r, wf)), "it is too old now")
				assert.Equal(t, "<iii> iii", said(runToEnd(t, r, wf)))
				require.NoError(t, r.Close())

				assert.Equal(t, "<iiii> iiii", said(runToEnd(t, workflow.NewRunner(x), wf)), "another Runner has its own")
			})
		})
	}
}

// Only what succeeded is kept, and only where all that is wanted is there.
func TestNotMemoized(t *testing.T) {
	wf := memoized(t, onMemo)
	synctest.Test(t, func(t *testing.T) {
		x := newCounted(func(template string, n int) bool { return template == "a" && n == 1 })
		r := workflow.NewRunner(x)
		run := runToEnd(t, r, wf)
		assert.Equal(t, workflow.Failed, run.Phase())
		assert.Equal(t, "<ii> ii", said(runToEnd(t, r, wf)))
		assert.Equal(t, "<ii> ii", said(runToEnd(t, r, wf)))
		assert.Equal(t, 2, x.ran["a"])
	})
	for name, kept := range map[string]string{
		"no such output": `{"result":"r","parameters":[{"name":"p","value":"v"}]}`,
		"no value":       `{"result":"r","parameters":[{"name":"o"}]}`,
		"no result":      `{"parameters":[{"name":"o","value":"v"}]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			x := newCounted(nil)
			run := runToEnd(t, workflow.NewRunner(x, workflow.WithMemo(&store{kept: kept})), wf)
			assert.Equal(t, "<i> i", said(run), name)
			assert.False(t, run.Node("A").Memoized)
		})
	}
}

// Two that begin at the same time both run; with a mutex the second finds what the first gave.
func TestMemoizeAtOnce(t *testing.T) {
	for rules, want := range map[string]int{onMemo: 2, onMemo + ", " + onMutex: 1} {
		wf := memoized(t, rules)
		synctest.Test(t, func(t *testing.T) {
			x := newCounted(nil)
			r := workflow.NewRunner(x)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { assert.Equal(t, workflow.Succeeded, runToEnd(t, r, wf).Phase()) })
			}
			wg.Wait()
			assert.Equal(t, want, x.ran["a"], rules)
		})
	}
}

// A dag, steps and a suspension are memoized as a whole: nothing in them begins.
func TestMemoizeOfOthers(t *testing.T) {
	const inner = "  - {name: leaf, container: {image: a}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}\n"
	const from = "    outputs: {parameters: [{name: o, globalName: g, valueFrom: {parameter: '{{"
	for _, tt := range []struct {
		typ      spec.NodeType
		template string
	}{
		{spec.TypeDAG, "    dag: {tasks: [{name: x, template: leaf}]}\n" + from + "tasks.x.outputs.parameters.o}}'}}]}\n"},
		{spec.TypeSteps, "    steps: [[{name: x, template: leaf}]]\n" + from + "steps.x.outputs.parameters.o}}'}}]}\n"},
		{spec.TypeRetry, "    retryStrategy: {limit: 1}\n    steps: [[{name: x, template: leaf}]]\n" + from + "steps.x.outputs.parameters.o}}'}}]}\n"},
		{spec.TypeSuspend, "    suspend: {duration: 1m}\n    outputs: {parameters: [{name: o, globalName: g, valueFrom: {supplied: {}, default: '<i>'}}]}\n"},
	} {
		wf := locking(t, "memo-", "", "  - name: main\n    dag:\n      tasks:\n      - {name: A, template: m}\n"+
			"      - {name: B, depends: A, template: b, arguments: {parameters: [{name: p, value: '{{tasks.A.outputs.parameters.o}} {{workflow.outputs.parameters.g}}'}]}}\n"+
			"  - {name: b, inputs: {parameters: [{name: p}]}, container: {image: b}}\n"+inner+
			"  - name: m\n    memoize: {key: k, cache: {configMap: {name: c}}}\n"+tt.template)
		synctest.Test(t, func(t *testing.T) {
			r := workflow.NewRunner(newCounted(nil))
			first, second := runToEnd(t, r, wf), runToEnd(t, r, wf)
			assert.Equal(t, workflow.Succeeded, first.Phase(), tt.typ)
			a := second.Node("A")
			assert.Equal(t, tt.typ, a.Type)
			assert.True(t, a.Memoized, tt.typ)
			assert.Equal(t, a.Started, a.Finished)
			assert.Equal(t, "<i> <i>", said(first), tt.typ)
			assert.Equal(t, "<i> <i>", said(second), tt.typ)
			n := 0
			for range second.Nodes() {
				n++
			}
			assert.Equal(t, 3, n, "the root, A and B")
			assert.Equal(t, map[string][]string{"": {"A"}, "A": {"B"}, "B": {}}, second.Children())
		})
	}
}

// store is a MemoStore that has one thing, or an error.
type store struct {
	kept     string
	get, put error
	block    bool

	mu  sync.Mutex
	had []string
}

func (s *store) Get(ctx context.Context, cache, key string) ([]byte, time.Time, error) {
	if s.block {
		<-ctx.Done()
		return nil, time.Time{}, context.Cause(ctx)
	}
	if s.get != nil {
		return nil, time.Time{}, s.get
	}
	return []byte(s.kept), time.Now(), nil
}

func (s *store) Put(_ context.Context, cache, key string, outputs []byte, stored time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.had = append(s.had, cache+" "+key+" "+string(outputs)+" "+stored.UTC().Format(time.TimeOnly))
	return s.put
}

func TestMemoStore(t *testing.T) {
	wf := memoized(t, onMemo)
	for _, tt := range []struct {
		name    string
		store   *store
		message string // of the node's error
		said    string
		had     []string
	}{
		{"hit", &store{kept: `{"parameters":[{"name":"o","value":"<&\"\n"}],"result":"r","exitCode":"3"}`}, "", "<&\"\n r", nil},
		{"miss", &store{get: fs.ErrNotExist}, "", "<i> i", []string{`c key {"parameters":[{"name":"o","value":"\u003ci\u003e"}],"result":"i","exitCode":"0"} 00:01:00`}},
		{"get fails", &store{get: errors.New("no disk")}, "memoize: no disk", "", nil},
		{"not outputs", &store{kept: `[]`}, "memoize: what is kept is not outputs as JSON: ", "", nil},
		{"put fails", &store{get: fs.ErrNotExist, put: errors.New("disk full")}, "memoize: disk full", "", []string{`c key {"parameters":[{"name":"o","value":"\u003ci\u003e"}],"result":"i","exitCode":"0"} 00:01:00`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := runToEnd(t, workflow.NewRunner(newCounted(nil), workflow.WithMemo(tt.store)), wf)
				if tt.message == "" {
					assert.Equal(t, tt.said, said(run))
				} else {
					assert.Equal(t, workflow.Errored, run.Node("A").Phase)
					assert.Contains(t, run.Node("A").Message, tt.message)
				}
				assert.Equal(t, tt.had, tt.store.had)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		r := workflow.NewRunner(newCounted(nil), workflow.WithMemo(&store{block: true}))
		run, err := r.Start(t.Context(), wf)
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, workflow.Pending, run.Node("A").Phase)
		run.Cancel(errors.New("enough"))
		require.Error(t, run.Wait(t.Context()))
		assert.Equal(t, "terminated: enough", run.Node("A").Message)
	})
}

// Keys are what Argo permits.
func TestMemoKeys(t *testing.T) {
	for key, ok := range map[string]bool{"a": true, "0-A-": true, "-a": false, "a.b": false, "a b": false, "": false, "ä": false, "a_b": false} {
		synctest.Test(t, func(t *testing.T) {
			run := runToEnd(t, workflow.NewRunner(newCounted(nil)), memoized(t, onMemo), workflow.Param[string]("k").Set(key))
			if ok {
				assert.Equal(t, workflow.Succeeded, run.Phase(), key)
				return
			}
			assert.Equal(t, workflow.Errored, run.Node("A").Phase, key)
			assert.Equal(t, `memoize.key: "`+key+`": expected letters, digits and hyphens, and no hyphen first`, run.Node("A").Message)
		})
	}
	for memoize, want := range map[string]string{
		"{key: a.b, cache: {configMap: {name: c}}}": `.key: "a.b": expected letters, digits and hyphens, and no hyphen first`,
		"{key: a}":                         ".cache.configMap.name: there is none: it is the name of the cache",
		"{key: a, cache: {configMap: {}}}": ".cache.configMap.name: there is none: it is the name of the cache",
		"{key: a, maxAge: old, cache: {configMap: {name: c}}}":            ".maxAge: ",
		"{key: '{{inputs.parameters.p}}', cache: {configMap: {name: c}}}": ".key: {{inputs.parameters.p}}: ",
	} {
		_, err := workflow.Load(strings.NewReader("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: main\n" +
			"  templates:\n  - {name: main, container: {image: a}, memoize: " + memoize + "}\n"))
		assert.ErrorContains(t, err, "templates[main].memoize"+want)
	}
}

// A run that goes on in another Runner has what it had from the cache, which is no longer there.
func TestMemoizeRecovered(t *testing.T) {
	wf := memoized(t, onMemo)
	synctest.Test(t, func(t *testing.T) {
		j, x := journal.NewMemory(), newCounted(nil)
		r := workflow.NewRunner(x, workflow.WithJournal(j))
		runToEnd(t, r, wf)
		run, err := r.Start(t.Context(), wf)
		require.NoError(t, err)
		synctest.Wait()
		require.True(t, run.Node("A").Memoized)
		require.NoError(t, r.Close())
		r = workflow.NewRunner(x, workflow.WithJournal(j))
		recovered, err := r.Recover(t.Context(), wf)
		require.NoError(t, err)
		require.Len(t, recovered, 1)
		require.NoError(t, recovered[0].Wait(t.Context()))
		assert.Equal(t, 1, x.ran["a"])
		assert.True(t, recovered[0].Node("A").Memoized)
		assert.Equal(t, "<i> i", said(recovered[0]))
		require.NoError(t, r.Close())
	})
}
