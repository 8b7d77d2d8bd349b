package workflow_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// The benchmarks report, beside absolute figures, ratios to a floor measured in the same run: the least that the same
// work could cost, written out by hand. x-floor is the ratio in time, x-floor-B in bytes kept after a GC.

// shape is a dag by what each of its tasks waits for.
type shape struct {
	name string
	deps func(i int) (a, b int) // -1: none
}

const layerWidth = 100

var shapes = []shape{
	{"chain", func(i int) (int, int) { return i - 1, -1 }},
	{"fan", func(i int) (int, int) { return min(i, 1) - 1, -1 }},
	{"layers", func(i int) (int, int) {
		if i < layerWidth {
			return -1, -1
		}
		before := i - i%layerWidth - layerWidth
		return before + i%layerWidth, before + (i+1)%layerWidth
	}},
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("task-%d", i)
	}
	return out
}

const benchMessage = workflow.Param[string]("message")

// buildDAG is the dag by the builders.
func buildDAG(s shape, names []string) *dag.DAG {
	echo := workflow.Container("echo", "alpine:3.23").Inputs(benchMessage).Command("echo", benchMessage.Ref())
	d := dag.New("main")
	tasks := make([]*dag.Task, len(names))
	for i, n := range names {
		t := d.Task(n, echo, benchMessage.Set("hello"))
		switch a, b := s.deps(i); {
		case b >= 0:
			t.Dependencies(tasks[a], tasks[b])
		case a >= 0:
			t.Dependencies(tasks[a])
		}
		tasks[i] = t
	}
	return d
}

// floorDAG is what any builder must do: the same tasks as data, a deep copy so that nobody else changes them, a map of
// their names, the graph on flat slices, and Kahn's walk.
type floorDAG struct {
	tasks      []spec.Task
	names      map[string]int32
	succ, pred []int32
	succAt     []int32
	predAt     []int32
	order      []int32
}

func buildFloor(s shape, names []string) (*spec.DAG, *floorDAG) {
	d := &spec.DAG{Tasks: make([]spec.Task, 0, len(names))}
	for i, n := range names {
		value := spec.AnyString("hello")
		t := spec.Task{Name: n, Template: "echo", Arguments: spec.Arguments{Parameters: []spec.Parameter{{Name: "message", Value: &value}}}}
		switch a, b := s.deps(i); {
		case b >= 0:
			t.Dependencies = []string{names[a], names[b]}
		case a >= 0:
			t.Dependencies = []string{names[a]}
		}
		d.Tasks = append(d.Tasks, t)
	}
	f := &floorDAG{tasks: d.DeepCopy().Tasks}
	n := len(f.tasks)
	f.names = make(map[string]int32, n)
	edges := 0
	for i := range f.tasks {
		f.names[f.tasks[i].Name] = int32(i)
		edges += len(f.tasks[i].Dependencies)
	}
	f.pred, f.predAt = make([]int32, 0, edges), make([]int32, 1, n+1)
	f.succ, f.succAt = make([]int32, edges), make([]int32, n+1)
	for i := range f.tasks {
		for _, dep := range f.tasks[i].Dependencies {
			on := f.names[dep]
			f.pred = append(f.pred, on)
			f.succAt[on+1]++
		}
		f.predAt = append(f.predAt, int32(len(f.pred)))
	}
	for i := range n {
		f.succAt[i+1] += f.succAt[i]
	}
	next := make([]int32, n)
	copy(next, f.succAt)
	for i := range n {
		for _, on := range f.pred[f.predAt[i]:f.predAt[i+1]] {
			f.succ[next[on]] = int32(i)
			next[on]++
		}
	}
	f.order = make([]int32, 0, n)
	for i := range next {
		if next[i] = f.predAt[i+1] - f.predAt[i]; next[i] == 0 {
			f.order = append(f.order, int32(i))
		}
	}
	for i := 0; i < len(f.order); i++ {
		v := f.order[i]
		for _, to := range f.succ[f.succAt[v]:f.succAt[v+1]] {
			if next[to]--; next[to] == 0 {
				f.order = append(f.order, to)
			}
		}
	}
	return d, f
}

// heap is the bytes that are live.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// kept is how many bytes what f returns keeps, a node.
func kept(n int, f func() any) float64 {
	before := heap()
	x := f()
	b := float64(heap()-before) / float64(n)
	runtime.KeepAlive(x)
	return b
}

// paired is how long two things take, in nanoseconds a node: medians of rounds in which the one follows the other, since
// this machine does other things too.
func paired(n int, floor, ours func()) (floorNS, oursNS float64) {
	rounds := max(5, min(21, 800_000/n))
	took := func(f func()) float64 {
		runtime.GC()
		start := time.Now()
		f()
		return float64(time.Since(start).Nanoseconds()) / float64(n)
	}
	var floors, all []float64
	for range rounds {
		floors, all = append(floors, took(floor)), append(all, took(ours))
	}
	slices.Sort(floors)
	slices.Sort(all)
	return floors[rounds/2], all[rounds/2]
}

// BenchmarkBuild is the builders and New, against the build floor.
func BenchmarkBuild(b *testing.B) {
	for _, s := range shapes {
		for _, n := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				ns := names(n)
				for b.Loop() {
					// as many as make 100,000 tasks, and kept: memory costs a small workflow what it costs a large one
					keep := make([]any, 100_000/n)
					floor, ours := paired(n*len(keep), func() {
						clear(keep)
						for i := range keep {
							d, f := buildFloor(s, ns)
							keep[i] = []any{d, f}
						}
					}, func() {
						clear(keep)
						for i := range keep {
							d := buildDAG(s, ns)
							w, err := workflow.New("x-", d)
							require.NoError(b, err)
							keep[i] = []any{d, w}
						}
					})
					floorKept := kept(n, func() any { d, f := buildFloor(s, ns); return []any{d, f} })
					oursKept := kept(n, func() any {
						d := buildDAG(s, ns)
						w, err := workflow.New("x-", d)
						require.NoError(b, err)
						return []any{d, w}
					})
					b.ReportMetric(ours, "ns/node")
					b.ReportMetric(floor, "floor-ns/node")
					b.ReportMetric(ours/floor, "x-floor")
					b.ReportMetric(oursKept, "B/node")
					b.ReportMetric(floorKept, "floor-B/node")
					b.ReportMetric(oursKept/floorKept, "x-floor-B")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// noop runs nothing.
type noop struct{}

func (noop) Execute(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
	return executor.Result{}, nil
}

// runFloor is what any run must do: a goroutine for each node, its status, two readings of the clock.
func runFloor(f *floorDAG) []floorNode {
	n := len(f.tasks)
	status := make([]floorNode, n)
	waits := make([]int32, n)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var run func(v int32)
	run = func(v int32) {
		defer wg.Done()
		status[v].started = time.Now().UnixNano()
		end := time.Now().UnixNano()
		mu.Lock()
		status[v].finished, status[v].phase = end, 1
		for _, to := range f.succ[f.succAt[v]:f.succAt[v+1]] {
			if waits[to]--; waits[to] == 0 {
				wg.Add(1)
				go run(to)
			}
		}
		mu.Unlock()
	}
	for v := range waits {
		waits[v] = f.predAt[v+1] - f.predAt[v]
	}
	mu.Lock()
	for v := range waits {
		if f.predAt[v+1] == f.predAt[v] {
			wg.Add(1)
			go run(int32(v))
		}
	}
	mu.Unlock()
	wg.Wait()
	return status
}

type floorNode struct {
	started, finished int64
	phase             uint8
}

// BenchmarkRun is a run on an executor that does nothing, through the public interface, against the run floor.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} { // a million goroutines are felt long after they have ended
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				ns := names(n)
				_, f := buildFloor(s, ns)
				w, err := workflow.New("x-", buildDAG(s, ns))
				require.NoError(b, err)
				for b.Loop() {
					floor, ours := paired(n, func() { runFloor(f) }, func() {
						_, err := w.Run(b.Context(), noop{})
						require.NoError(b, err)
					})
					oursKept := kept(n, func() any {
						run, err := w.Run(b.Context(), noop{})
						require.NoError(b, err)
						return run
					})
					b.ReportMetric(ours, "ns/node")
					b.ReportMetric(floor, "floor-ns/node")
					b.ReportMetric(ours/floor, "x-floor")
					b.ReportMetric(oursKept, "B/node")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// ownTest is a test that ends by itself, and not with the benchmark that it is a part of.
type ownTest struct {
	testing.TB
	cleanups []func()
}

func (t *ownTest) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *ownTest) end() {
	for _, f := range t.cleanups {
		f()
	}
}

// BenchmarkFake is a unit test of 1,000 nodes, built and run on the fake, against building and running it on an
// executor that does nothing.
func BenchmarkFake(b *testing.B) {
	const n = 1_000
	ns := names(n)
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			run := func(x func(*ownTest) executor.Executor) func() {
				return func() {
					t := &ownTest{TB: b}
					defer t.end()
					w, err := workflow.New("x-", buildDAG(s, ns))
					require.NoError(b, err)
					_, err = w.Run(b.Context(), x(t))
					require.NoError(b, err)
				}
			}
			for b.Loop() {
				floor, ours := paired(n, run(func(*ownTest) executor.Executor { return noop{} }),
					run(func(t *ownTest) executor.Executor { return fake.New(t) }))
				b.ReportMetric(ours*n/1e6, "ms/test")
				b.ReportMetric(ours/floor, "x-floor")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
