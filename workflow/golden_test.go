package workflow_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// excused are the records that are not replayed, each with the reason; no more than five.
var excused = map[string]string{
	"k8s-patch-json-workflow": "its file has the key annotations twice, which strict YAML refuses",
}

// Each workflow that Argo's controller ran makes the same tree here: its leaves end on the fake as they ended there,
// and everything else is computed. Compared are all nodes by name: display name, type, phase, template, message,
// inputs, outputs, result, exit code, artifacts, children; and the workflow's phase and message.
func TestGoldenReplay(t *testing.T) {
	equal := 0
	records := argotest.Records(t)
	for _, r := range records {
		if excused[r.Name] != "" {
			_, err := r.Workflow(t)
			assert.Error(t, err, "%s needs no excuse", r.Name)
			continue
		}
		if t.Run(r.Name, func(t *testing.T) { replayed(t, r) }) {
			equal++
		}
	}
	assert.LessOrEqual(t, len(excused), 5, "excused records")
	t.Logf("%d records: %d replayed to the same tree, %d excused", len(records), equal, len(excused))
}

// replayed replays a record and compares the trees.
func replayed(t *testing.T, r *argotest.Record) {
	s, err := r.Workflow(t)
	require.NoError(t, err)
	wf, err := workflow.FromSpec(s, workflow.Templates(t.Context(), argotest.Source(t)))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		x := script(t, r)
		run, err := replay(t, r, wf, x)
		require.NoError(t, err)
		argotest.Equal(t, r, run)
		assert.NoError(t, x.Verify())
	})
}

// replay runs a workflow to its end in virtual time, and resumes by hand what the record says. The run is nil if it
// did not begin; the error says that it did not end.
func replay(t *testing.T, r *argotest.Record, wf *workflow.Workflow, x *fake.Executor) (*workflow.Run, error) {
	runner := workflow.NewRunner(x, workflow.WithConfig(argotest.Source(t)), workflow.WithRepository(argotest.Repository()))
	defer func() { require.NoError(t, runner.Close()) }()
	var options []workflow.RunOption
	if name := r.RunName(); name != "" {
		options = append(options, workflow.RunName(name))
	}
	run, err := runner.Start(t.Context(), wf, options...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*24*time.Hour, errors.New("did not end in 100 days"))
	defer cancel()
	if err := r.Resume(ctx, run); err != nil {
		return run, errors.Join(err, stopped(t, run, err))
	}
	if err := run.Wait(ctx); ctx.Err() != nil {
		return run, errors.Join(err, stopped(t, run, err))
	}
	return run, nil
}

// stopped ends a run that does not end by itself.
func stopped(t *testing.T, run *workflow.Run, cause error) error {
	run.Cancel(cause)
	if run.Wait(t.Context()); t.Context().Err() != nil {
		return errors.New("did not end when it was cancelled")
	}
	return nil
}

// script is a fake on which each leaf ends as it did in a record. Those that run at the same time end in the order of
// their names.
func script(t *testing.T, r *argotest.Record) *fake.Executor {
	x := fake.New(nil)
	for i, name := range slices.Sorted(maps.Keys(r.Nodes)) {
		n := r.Nodes[name]
		if n.Type != string(spec.TypePod) {
			continue
		}
		o := fake.Outcome{Result: executor.Result{Phase: n.Phase, Message: n.Message, Result: n.Result}}
		if timedOut.MatchString(n.Message) {
			o = fake.Forever()
		}
		if n.ExitCode != nil {
			code, err := strconv.Atoi(*n.ExitCode)
			require.NoError(t, err)
			o.Result.ExitCode = &code
		}
		for _, p := range slices.Sorted(maps.Keys(n.Outputs)) {
			o.Result.Outputs = append(o.Result.Outputs, executor.Value{Name: p, Value: n.Outputs[p]})
		}
		if o.After == 0 {
			o.After = time.Second + time.Duration(i)*time.Millisecond
		}
		o.IP, o.Host = address(r, name), "node1"
		key := pathOf(name)
		if key == "" {
			key = n.Template
		}
		x.On(key, o)
	}
	return x
}

// timedOut are the messages of leaves that a deadline ended.
var timedOut = regexp.MustCompile("^(Pod was active on the node longer than the specified deadline|Step exceeded its deadline)$")

// pathOf is the path of a node of a record.
func pathOf(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, "WF"), ".") }

// address is the IP that a leaf had, if it was a daemon: the first that a node after it has among its inputs.
func address(r *argotest.Record, name string) string {
	if r.Nodes[name].ExitCode != nil {
		return ""
	}
	seen := map[string]bool{}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		n := r.Nodes[queue[0]]
		for _, v := range n.Inputs {
			if ip := ipv4.FindString(v); ip != "" {
				return ip
			}
		}
		for _, c := range n.Children {
			if !seen[c] {
				seen[c], queue = true, append(queue, c)
			}
		}
	}
	return ""
}

var ipv4 = regexp.MustCompile(`\b10\.\d+\.\d+\.\d+\b`)
