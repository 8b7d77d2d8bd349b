package workflow_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// logged is a fake whose attempts have logs: a line when one begins, and a line when it has ended.
type logged struct {
	*fake.Executor
	mu   sync.Mutex
	ends map[executor.ID]chan struct{}
}

func withLogs(x *fake.Executor) *logged {
	return &logged{Executor: x, ends: map[executor.ID]chan struct{}{}}
}

func (x *logged) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	end := make(chan struct{})
	defer close(end)
	x.mu.Lock()
	x.ends[t.ID] = end
	x.mu.Unlock()
	return x.Executor.Execute(ctx, t, notify)
}

func (x *logged) Logs(ctx context.Context, t *executor.Task) (io.ReadCloser, error) {
	x.mu.Lock()
	end := x.ends[t.ID]
	x.mu.Unlock()
	if end == nil {
		return nil, executor.ErrNoLog
	}
	first := strings.NewReader(fmt.Sprintf("%s, attempt %d, begins\n", t.Path, t.ID.Attempt))
	return io.NopCloser(io.MultiReader(first, &lastLine{ctx: ctx, after: end})), nil
}

// lastLine is the line that is there when an attempt has ended.
type lastLine struct {
	ctx   context.Context
	after chan struct{}
	line  *strings.Reader
}

func (l *lastLine) Read(b []byte) (int, error) {
	select {
	case <-l.after:
	case <-l.ctx.Done():
		return 0, context.Cause(l.ctx)
	}
	if l.line == nil {
		l.line = strings.NewReader("it has ended\n")
	}
	return l.line.Read(b)
}

// logOf is the whole log of a node, and why there is none.
func logOf(ctx context.Context, run *workflow.Run, path string) (string, error) {
	r, err := run.Logs(ctx, path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	return string(text), r.Close()
}

// logsOf are the logs of nodes, each followed from when the node begins to run.
func logsOf(ctx context.Context, run *workflow.Run) map[string]string {
	var reading sync.WaitGroup
	var mu sync.Mutex
	logs := map[string]string{}
	follow := func(path string) {
		text, err := logOf(ctx, run, path)
		if err != nil {
			text = err.Error()
		}
		mu.Lock()
		defer mu.Unlock()
		logs[path] = text
	}
	for e := range run.Events(ctx) {
		if e.Node.Type == "Pod" && e.Node.Phase == workflow.Running {
			reading.Go(func() { follow(e.Node.Path) })
		}
	}
	reading.Wait()
	return logs
}

// The log of a node is there from its beginning on, also if the node takes files, and when the run is over.
func TestLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := withLogs(fake.New(t).On("make", fake.Succeed().Taking(time.Hour)).On("use", fake.Succeed().Taking(time.Hour)))
		runner := workflow.NewRunner(x)
		defer runner.Close()
		run, err := runner.Start(t.Context(), loadText(t, makeAndUse("", "", "")))
		require.NoError(t, err)
		want := map[string]string{
			"[0].make": "[0].make, attempt 0, begins\nit has ended\n",
			"[1].use":  "[1].use, attempt 0, begins\nit has ended\n",
		}
		assert.Equal(t, want, logsOf(t.Context(), run))
		require.NoError(t, run.Wait(t.Context()))
		for path, text := range want {
			got, err := logOf(t.Context(), run, path)
			require.NoError(t, err)
			assert.Equal(t, text, got)
		}
	})
}

// Reading goes on while the node runs, and ends with its context.
func TestLogsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := withLogs(fake.New(t).On("use", fake.Succeed().Taking(time.Hour)))
		runner := workflow.NewRunner(x)
		defer runner.Close()
		run, err := runner.Start(t.Context(), loadText(t, makeAndUse("", "", "")))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		synctest.Wait()
		_, err = logOf(ctx, run, "[1].use")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, run.Wait(t.Context()))
	})
}

// A node that is tried again has the log of its last attempt, and each attempt of the workflow's its own; of those that the
// infrastructure lost there is the last.
func TestLogsOfAttempts(t *testing.T) {
	wf := loadText(t, document(`
templates:
- name: main
  dag:
    tasks:
    - {name: again, template: again}
    - {name: lost, template: leaf}
- {name: again, retryStrategy: {limit: "2"}, container: {image: a, command: [a]}}`))
	x := withLogs(fake.New(t).
		On("again", fake.Fail(1, "no luck"), fake.Succeed()).
		On("lost", fake.Error(&executor.LostError{Reason: "NodeLost"}), fake.Succeed()))
	synctest.Test(t, func(t *testing.T) {
		run, err := wf.Run(t.Context(), x)
		require.NoError(t, err)
		for path, want := range map[string]string{
			"again":    "again(1), attempt 0, begins\nit has ended\n",
			"again(0)": "again(0), attempt 0, begins\nit has ended\n",
			"again(1)": "again(1), attempt 0, begins\nit has ended\n",
			"lost":     "lost, attempt 1, begins\nit has ended\n",
		} {
			got, err := logOf(t.Context(), run, path)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	})
}

// Without a log the error names the node.
func TestNoLogs(t *testing.T) {
	wf := loadText(t, document(`
templates:
- name: main
  steps:
  - - {name: ran, template: leaf}
    - {name: skipped, template: leaf, when: "1 == 2"}`))
	x := fake.New(t)
	for name, x := range map[string]executor.Executor{"without logs": x, "with logs": withLogs(x)} {
		t.Run(name, func(t *testing.T) {
			run, err := wf.Run(t.Context(), x)
			require.NoError(t, err)
			for _, path := range []string{"", "[0]", "[0].skipped", "[0].rann"} {
				_, err := run.Logs(t.Context(), path)
				require.ErrorIs(t, err, executor.ErrNoLog, path)
				assert.ErrorContains(t, err, fmt.Sprintf("node %q", path))
			}
			_, err = run.Logs(t.Context(), "[0].ran")
			if name == "with logs" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, executor.ErrNoLog)
			assert.ErrorContains(t, err, `node "[0].ran": *fake.Executor`)
		})
	}
}

// Logs, events and nodes are read from many goroutines while nodes that take files come and go.
func TestLogsWhileAllIsRead(t *testing.T) {
	const n = 50
	wf := loadText(t, document(`
templates:
- name: main
  steps:
  - - {name: make, template: make}
  - - name: use
      template: use
      withSequence: {count: 50}
      arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}
- {name: make, container: {image: a, command: [a]}, outputs: {artifacts: [{name: out, path: /out/file}]}}
- {name: use, container: {image: a, command: [a]}, inputs: {artifacts: [{name: in, path: /in}]}}`))
	synctest.Test(t, func(t *testing.T) {
		runner := workflow.NewRunner(withLogs(fake.New(t).On("use", fake.Succeed().Taking(time.Second))))
		defer runner.Close()
		run, err := runner.Start(t.Context(), wf)
		require.NoError(t, err)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				logs := logsOf(t.Context(), run)
				assert.Len(t, logs, n+1)
				for path, text := range logs {
					assert.Equal(t, path+", attempt 0, begins\nit has ended\n", text)
				}
			})
			readers.Go(func() {
				for range run.Events(t.Context()) {
					for node := range run.Nodes() {
						if r, err := run.Logs(t.Context(), node.Path); err == nil {
							assert.NoError(t, r.Close())
						}
					}
				}
			})
		}
		require.NoError(t, run.Wait(t.Context()))
		readers.Wait()
	})
}
