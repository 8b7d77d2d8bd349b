package workflow_test

import (
	"context"
	"errors"
	"maps"
	"os"
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
var excused = map[string]string{}

// goldenLedger says of each record how its replay ends.
const goldenLedger = "testdata/golden-replay.golden"

const goldenHead = `# How the replay of each record of Argo's controller ends: equal, or the first thing that is not.
# Compared are all nodes by name: display name, type, phase, template, message, inputs, outputs, result, exit code,
# children; and the workflow's phase and message. Not compared yet: inputArtifacts, outputArtifacts.
`

// Each workflow that Argo's controller ran makes the same tree here: its leaves end on the fake as they ended there,
// and everything else is computed. The ledger holds those that do not yet.
func TestGoldenReplay(t *testing.T) {
	ledger := readLedger(t)
	lines, counts := []string{}, map[string]int{}
	for _, r := range argotest.Records(t) {
		t.Run(r.Name, func(t *testing.T) {
			end, why := replayed(t, r)
			counts[end]++
			line := strings.TrimSuffix(r.Name+": "+end+": "+why, ": ")
			lines = append(lines, line)
			if !*update {
				assert.Equal(t, ledger[r.Name], line)
			}
		})
	}
	if *update {
		require.NoError(t, os.WriteFile(goldenLedger, []byte(goldenHead+strings.Join(lines, "\n")+"\n"), 0o644))
	}
	assert.LessOrEqual(t, len(excused), 5, "excused records")
	t.Logf("%d records replayed: %d equal, %d different, %d refused, %d excused",
		len(lines), counts["equal"], counts["different"], counts["refused"], counts["excused"])
}

// readLedger is the ledger's lines by record.
func readLedger(t *testing.T) map[string]string {
	text, err := os.ReadFile(goldenLedger)
	require.NoError(t, err)
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(line, ":")
		lines[name] = strings.TrimSuffix(line, "\n")
	}
	return lines
}

// replayed replays a record and says how that ended, in a word, and why.
func replayed(t *testing.T, r *argotest.Record) (end, why string) {
	if why := excused[r.Name]; why != "" {
		return "excused", why
	}
	s, err := r.Workflow(t)
	if err != nil {
		return "refused", strings.Join(reasons(err), ", ")
	}
	wf, err := workflow.FromSpec(s, workflow.Templates(t.Context(), argotest.Source(t)))
	if err != nil {
		return "refused", strings.Join(reasons(err), ", ")
	}
	synctest.Test(t, func(t *testing.T) {
		x := script(t, r)
		run, err := replay(t, r, wf, x)
		if run == nil {
			end, why = "refused", strings.Join(reasons(err), ", ")
			return
		}
		diffs := argotest.Differences(r, run)
		if err != nil {
			diffs = append(diffs, err.Error())
		}
		if err := x.Verify(); err != nil {
			diffs = append(diffs, err.Error())
		}
		if end = "equal"; len(diffs) > 0 {
			end, why = "different", firstLine(diffs[0])
			t.Logf("%d differences:\n%s", len(diffs), strings.Join(diffs, "\n"))
		}
	})
	return end, why
}

// firstLine is a text as the ledger shows it.
func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// replay runs a workflow to its end in virtual time, and resumes by hand what the record says. The run is nil if it
// did not begin; the error says that it did not end.
func replay(t *testing.T, r *argotest.Record, wf *workflow.Workflow, x *fake.Executor) (*workflow.Run, error) {
	runner := workflow.NewRunner(x, workflow.WithConfig(argotest.Source(t)))
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
