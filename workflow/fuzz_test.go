package workflow_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
)

// placed says where in the input something is wrong: a line, or a path.
var placed = regexp.MustCompile(`^(line \d+: |[a-z]\w*[.:\[]|expected one Workflow, found |not YAML: )`)

// Any text is a workflow that runs to an end, or until it is stopped, or it is refused with the place of what is wrong.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/fuzz-seeds/*.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, name := range seeds {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		wf, err := workflow.Load(strings.NewReader(text))
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			if !placed.MatchString(first) {
				t.Errorf("%q does not say where", first)
			}
			return
		}
		if strings.Count(text, "0") > 200 {
			return // numbers of items that only cost time
		}
		synctest.Test(t, func(t *testing.T) { // which waits for every goroutine
			run, err := workflow.NewRunner(anything{fake.New(nil)}, workflow.MaxNodes(1000), workflow.MaxDepth(100)).Start(t.Context(), wf)
			if err != nil {
				return // an argument that is missing, a ConfigMap that is not there
			}
			day, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			defer cancel()
			if err := run.Wait(day); errors.Is(err, context.DeadlineExceeded) {
				run.Cancel(err)
			}
			_ = run.Wait(context.Background())
			for n := range run.Nodes() {
				if n.Finished.IsZero() {
					t.Errorf("node %q is %s in a run that has ended", n.Path, n.Phase)
				}
				n.ID()
			}
			run.Children()
		})
		wf.Warnings()
		if _, err := wf.YAML(); err != nil {
			t.Error(err)
		}
	})
}

// anything is a fake on which every leaf gives all outputs that it declares: the value of its first input, or a list.
type anything struct{ *fake.Executor }

func (x anything) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	s, err := t.Template()
	if err != nil {
		return executor.Result{}, err
	}
	value := `["a", 1, {"b": "c"}]`
	if len(t.Inputs) > 0 {
		value = t.Inputs[0].Value
	}
	res := executor.Result{Result: &value}
	for _, o := range s.Outputs.Parameters {
		res.Outputs = append(res.Outputs, executor.Value{Name: o.Name, Value: value})
	}
	switch {
	case strings.HasSuffix(t.Name, "fails") && t.ID.Attempt == 0:
		one := 1
		res.ExitCode, res.Phase = &one, workflow.Failed
	case s.Daemon != nil && *s.Daemon:
		notify(executor.Update{Ready: true, PodIP: "127.0.0.1"})
		<-ctx.Done()
		return executor.Result{}, context.Cause(ctx)
	default:
		notify(executor.Update{Phase: "Running"})
		timer := time.NewTimer(time.Minute)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return executor.Result{}, context.Cause(ctx)
		}
	}
	return res, nil
}
