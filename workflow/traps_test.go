package workflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	"github.com/podflow/podflow/workflow/spec"
)

// The rules that are easy to get wrong, a test of each, in the order in which they are written down.

// loaded is a workflow called "wf" from the YAML of its spec; leaf is a template that it may call.
func loaded(t testing.TB, text string) *workflow.Workflow {
	t.Helper()
	wf, err := workflow.Load(strings.NewReader(document(text)))
	require.NoError(t, err)
	return wf
}

func document(text string) string {
	text = strings.ReplaceAll(strings.Trim(text, "\n"), "\t", "  ")
	return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: main\n" +
		strings.Replace("  "+strings.ReplaceAll(text, "\n", "\n  "), "  templates:", `  templates:
  - {name: leaf, container: {image: busybox}}
  - {name: echo, inputs: {parameters: [{name: x}]}, container: {image: busybox, args: ["{{inputs.parameters.x}}"]}}
  - {name: gives, outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}, container: {image: busybox}}
  - {name: daemon, daemon: true, container: {image: busybox}}`, 1) + "\n"
}

// input is what a node was given as x.
func input(run *workflow.Run, path string) string {
	if n := run.Node(path); n != nil {
		if v, ok := n.Input("x"); ok {
			return v
		}
		return string(n.Phase) + ": " + n.Message
	}
	return "no such node"
}

// began is how long after the run a node began.
func began(run *workflow.Run, path string) time.Duration {
	return run.Node(path).Started.Sub(run.Node("").Started)
}

// outcomes are those of nodes by name.
type outcomes map[string]fake.Outcome

func runFake(t *testing.T, wf *workflow.Workflow, on outcomes) *workflow.Run {
	t.Helper()
	x := fake.New(nil)
	for name, o := range on {
		x.On(name, o)
	}
	run, err := workflow.NewRunner(x).Start(t.Context(), wf)
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	return run
}

// 1. It would also run after an Omitted one, or after no daemon, if a bare name meant "has ended well".
func TestBareDependsIsSucceededOrSkippedOrDaemoned(t *testing.T) {
	for _, a := range endings {
		for _, needs := range []string{": A", " < A"} {
			call := fmt.Sprintf(a.call, "A")
			if needs == " < A" && strings.Contains(call, ":") {
				call = strings.NewReplacer(": Z.Failed", " < F", ": F.Succeeded", " < F").Replace(call)
			}
			run := played(t, sketch{"", "Z; F; " + call + "; B" + needs}, outcomes{"A": a.outcome})
			runs := a.phase == "Succeeded" || a.phase == "Skipped" || a.phase == daemoned
			assert.Equal(t, runs, run.Node("B").Phase == workflow.Succeeded, "B%s, where A is %s", needs, a.phase)
		}
	}
	for _, tt := range []struct {
		flags string
		a     fake.Outcome
		runs  bool
	}{
		{"+f", fake.Fail(1, ""), true}, {"+f", fake.Error(nil), false}, {"+e", fake.Error(nil), true}, {"+e", fake.Fail(1, ""), false},
		{"+fe", fake.Fail(1, ""), true}, {"+fe", fake.Error(nil), true},
	} {
		run := played(t, sketch{"", "A" + tt.flags + "; B < A"}, outcomes{"A": tt.a})
		assert.Equal(t, tt.runs, run.Node("B").Phase == workflow.Succeeded, "A%s ends as %v", tt.flags, tt.a)
	}
}

// 2. An evaluation that stops at the first true half would begin C at once, and one that knows no handlers after an hour.
func TestDependentWaitsForAllThatItsExpressionNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := runFake(t, sketch{"", "A+exit; B; C: A || B"}.compile(t), outcomes{
			"A.onExit": fake.Succeed().Taking(2 * time.Hour), "B": fake.Succeed().Taking(time.Hour),
		})
		assert.Equal(t, 2*time.Hour, began(run, "C"))
	})
	synctest.Test(t, func(t *testing.T) {
		run := runFake(t, sketch{"", "A; B; C: A || B.Failed"}.compile(t), outcomes{"B": fake.Fail(1, "").Taking(time.Hour)})
		assert.Equal(t, time.Hour, began(run, "C"))
	})
}

// 3. An Omitted leaf that always counts as a success, or always as a failure, gets one of these wrong.
func TestOmittedOrSkippedLeafHasThePhaseOfItsBranch(t *testing.T) {
	for _, tt := range []struct {
		calls string
		a     fake.Outcome
		want  string
	}{
		{"A; B: A.Failed", fake.Succeed(), "Succeeded: A B=Omitted"},
		{"A; B: A.Succeeded", fake.Fail(1, ""), "Failed: A=Failed B=Omitted"},
		{"A; B: A.Succeeded", fake.Error(nil), "Error: A=Error B=Omitted"},
		{"A; B: A.Failed; C: B", fake.Succeed(), "Succeeded: A B=Omitted C=Omitted"},
		{"A; B: A; C: B", fake.Fail(1, ""), "Failed: A=Failed B=Omitted C=Omitted"},
		{"A; B+skip: A.Failed", fake.Fail(1, ""), "Failed: A=Failed B=Skipped"},
		{"A; B+skip: A", fake.Succeed(), "Succeeded: A B=Skipped"},
		{"A; B: A.Failed; C: B.Succeeded || A.Failed", fake.Fail(1, ""), "Succeeded: A=Failed B C"},
	} {
		run := played(t, sketch{"", tt.calls}, outcomes{"A": tt.a})
		assert.Equal(t, tt.want, string(run.Phase())+": "+tree(run), tt.calls)
	}
}

// 4. A dag that fails because any task did gets the handled ones wrong; one that looks at the leaves only, the targets.
func TestDAGPhaseIsThatOfItsTargets(t *testing.T) {
	for _, tt := range []struct{ target, calls, want string }{
		{"", "A; B: A.Failed", "Succeeded: A=Failed B"},
		{"", "A; B: A.Failed; C", "Succeeded: A=Failed B C"},
		{"", "B; C; A < B", "Failed: A=Failed B C"},
		{"B", "A; B", "Succeeded: B"},
		{"A B", "A; B: A.Failed", "Failed: A=Failed B"},
		{" B  C ", "A; B: A.Failed; C: B; D: A", "Succeeded: A=Failed B C"},
	} {
		x := fake.New(nil).On("A", fake.Fail(1, "").Optional())
		run, err := workflow.NewRunner(x).Start(t.Context(), sketch{tt.target, tt.calls}.compile(t))
		require.NoError(t, err)
		_ = run.Wait(t.Context())
		assert.Equal(t, tt.want, string(run.Phase())+": "+tree(run), tt.calls)
	}
}

// 5. A dag that stops at the first failure would leave C out.
func TestFailFastDoesNotGateWhatIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := runFake(t, sketch{"", "A; B; C: B; D: A"}.compile(t), outcomes{"A": fake.Fail(1, ""), "B": fake.Succeed().Taking(time.Hour)})
		assert.Equal(t, "A=Failed B C D=Omitted", tree(run))
		assert.Equal(t, time.Hour, began(run, "C"))
		assert.Equal(t, workflow.Failed, run.Phase())
	})
}

// 6. Steps that take over the phase of their group would be of phase Error.
func TestStepsAreFailedWhereADAGKeepsError(t *testing.T) {
	const unparsable = `
arguments: {parameters: [{name: x, value: "a =="}]}
templates:
- name: main
  %s`
	broken := `{name: A, template: leaf, when: "{{workflow.parameters.x}}"}`
	for name, tt := range map[string]struct {
		wf   *workflow.Workflow
		on   outcomes
		want spec.Phase
	}{
		"dag, trouble":     {sketch{"", "A"}.compile(t), outcomes{"A": fake.Error(nil)}, workflow.Errored},
		"steps, trouble":   {sketch{"", "A / B"}.compile(t), outcomes{"A": fake.Error(nil)}, workflow.Failed},
		"dag, condition":   {loaded(t, fmt.Sprintf(unparsable, "dag: {tasks: ["+broken+"]}")), nil, workflow.Errored},
		"steps, condition": {loaded(t, fmt.Sprintf(unparsable, "steps: [["+broken+"]]")), nil, workflow.Failed},
	} {
		run := runFake(t, tt.wf, tt.on)
		assert.Equal(t, tt.want, run.Phase(), name)
		assert.Contains(t, tree(run), "A=Error", name)
	}
}

// 7. What the consumer of a skipped task's output gets: one order of precedence, and an error at its end.
func TestSkippedProducer(t *testing.T) {
	const tag = "{{tasks.A.outputs.parameters.x}}"
	for _, tt := range []struct{ name, producer, consumer, argument, want string }{
		{"the output's default wins", ", default: d", ", value: c", tag, "d"},
		{"the output's default, within a text", ", default: d", ", value: c", "<" + tag + ">", "<d>"},
		{"the input's default", "", ", value: c", tag, "c"},
		{"the input's default is for one reference alone", "", ", value: c", "<" + tag + ">", ""},
		{"an expression sees nil", "", "", "{{=tasks.A.outputs.parameters.x ?? 'nil'}}", "nil"},
		{"an expression prefers the output's default", ", default: d", "", "{{=tasks.A.outputs.parameters.x ?? 'nil'}}", "d"},
		{"any other use", "", "", tag, ""},
	} {
		for how, a := range map[string]string{"Skipped": `when: "false"`, "Omitted": "depends: Z.Failed"} {
			run := runFake(t, loaded(t, fmt.Sprintf(`
templates:
- {name: producer, outputs: {parameters: [{name: x, valueFrom: {path: /x%s}}]}, container: {image: busybox}}
- {name: consumer, inputs: {parameters: [{name: x%s}]}, container: {image: busybox}}
- name: main
  dag:
    tasks:
    - {name: Z, template: leaf}
    - {name: A, template: producer, %s}
    - {name: B, template: consumer, depends: A.Skipped || A.Omitted, arguments: {parameters: [{name: x, value: "%s"}]}}`,
				tt.producer, tt.consumer, a, tt.argument)), nil)
			require.Equal(t, spec.Phase(how), run.Node("A").Phase)
			if tt.want == "" {
				assert.Equal(t, workflow.Errored, run.Node("B").Phase, "%s, %s", tt.name, how)
				assert.Contains(t, run.Node("B").Message, "tasks.A.outputs.parameters.x", "it says what has no value")
				continue
			}
			assert.Equal(t, tt.want, input(run, "B"), "%s, %s", tt.name, how)
		}
	}
}

// 8. A result that is always kept fills the journal, and one that is kept by the template's name would be kept for B and
// the script too. What is trimmed off the output, the executors' suite tests.
func TestResultIsKeptWhereTheEnclosingTemplateRefersToIt(t *testing.T) {
	wf := loaded(t, `
templates:
- {name: says, container: {image: busybox}}
- {name: script, script: {image: busybox, command: [sh], source: echo 1}}
- name: main
  dag:
    tasks:
    - {name: A, template: says}
    - {name: B, template: says}
    - {name: S, template: script}
    - {name: C, template: echo, depends: A, arguments: {parameters: [{name: x, value: "{{tasks.A.outputs.result}}"}]}}
    - {name: other, template: other}
- name: other
  steps: [[{name: A, template: says}], [{name: S, template: script}], [{name: C, template: leaf, when: "{{steps.S.outputs.result}} != 2"}]]`)
	wants := map[string]bool{}
	var mu sync.Mutex
	x := fake.New(nil)
	for _, name := range []string{"A", "B", "S"} {
		x.OnFunc(name, func(k *executor.Task) (fake.Outcome, error) {
			mu.Lock()
			defer mu.Unlock()
			wants[k.Path] = k.WantResult
			return fake.Succeed(stdout.Set("one")), nil
		})
	}
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"A": true, "B": false, "S": false, "other[0].A": false, "other[1].S": true}, wants)
	assert.Equal(t, "one", input(run, "C"))
	for path, kept := range wants {
		assert.Equal(t, kept, run.Node(path).Result != nil, path)
	}
}

// 9. The names of all kinds of nodes, and an ID that two names share.
func TestNamesAndIDs(t *testing.T) {
	wf := loaded(t, `
hooks: {exit: {template: leaf}}
templates:
- {name: tries, retryStrategy: {limit: 1}, container: {image: busybox}}
- name: inner
  steps:
  - - name: loop
      template: leaf
      withItems: [a, {b: 1, a: "x(y)"}]
  - - {name: tries, template: tries}
- name: main
  dag:
    tasks:
    - {name: in, template: inner}
    - name: hooked
      template: leaf
      withItems: [1]
      hooks: {exit: {template: leaf}, seen: {template: leaf, expression: "true"}}
    - {name: none, template: leaf, withParam: "[]"}`)
	x := fake.New(nil).On("tries", fake.Fail(1, ""), fake.Succeed())
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	var names []string
	for n := range run.Nodes() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	assert.Equal(t, []string{"wf", "wf.hooked", "wf.hooked(0:1)", "wf.hooked(0:1).hooks.seen", "wf.hooked(0:1).onExit", "wf.in", "wf.in[0]",
		"wf.in[0].loop(0:a)", "wf.in[0].loop(1:a:xy,b:1)", "wf.in[1]", "wf.in[1].tries", "wf.in[1].tries(0)", "wf.in[1].tries(1)", "wf.none",
		"wf.onExit"}, names)

	wf = loaded(t, `
templates:
- {name: main, dag: {tasks: [{name: map, template: leaf, withSequence: {count: 25107}}]}}`)
	run, err = wf.Run(t.Context(), instant{}, workflow.RunName("map-reduce-x7k2p"))
	require.NoError(t, err)
	assert.Equal(t, "map-reduce-x7k2p", run.Node("").ID())
	assert.Equal(t, "map-reduce-x7k2p-3197000132", run.Node("map(2723:2723)").ID())
	assert.Equal(t, "map-reduce-x7k2p-3197000132-2", run.Node("map(25106:25106)").ID(), "FNV-32a of both names is the same")
}

// 10. A handler that is given the run's own phase sees Running, and failures that are not quoted are no JSON string.
func TestExitHandlerSeesThePhaseOfTheEntry(t *testing.T) {
	wf := loaded(t, `
onExit: handler
templates:
- name: handler
  steps:
  - - {name: status, template: echo, arguments: {parameters: [{name: x, value: "{{workflow.status}}"}]}}
    - {name: failures, template: echo, arguments: {parameters: [{name: x, value: "{{workflow.failures}}"}]}}
- {name: main, dag: {tasks: [{name: A, template: leaf}, {name: B, template: leaf}]}}`)
	for _, a := range endings[:3] {
		run := runFake(t, wf, outcomes{"A": a.outcome})
		assert.Equal(t, string(a.phase), input(run, "onExit[0].status"))
		var quoted string
		require.NoError(t, json.Unmarshal([]byte(input(run, "onExit[0].failures")), &quoted))
		var failures []map[string]any
		require.NoError(t, json.Unmarshal([]byte(quoted), &failures))
		if a.phase == "Succeeded" {
			assert.Empty(t, failures)
			continue
		}
		require.Len(t, failures, 1, "leaves only")
		assert.Equal(t, "A", failures[0]["displayName"])
		assert.Equal(t, string(a.phase), failures[0]["phase"])
		assert.Equal(t, "leaf", failures[0]["templateName"])
		assert.Contains(t, failures[0], "message")
		assert.Contains(t, failures[0], "podName")
		assert.Contains(t, failures[0], "finishedAt")
	}
}

// 11. A deadline that is the context's of the whole run would stop the handler too.
func TestDeadlineSparesTheExitHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := runFake(t, loaded(t, `
activeDeadlineSeconds: 10
onExit: handler
templates:
- {name: handler, steps: [[{name: H, template: leaf}], [{name: I, template: leaf}]]}
- {name: main, dag: {tasks: [{name: A, template: leaf}, {name: B, template: leaf, depends: A.Failed}]}}`),
			outcomes{"A": fake.Forever(), "H": fake.Succeed().Taking(time.Hour), "I": fake.Succeed().Taking(time.Hour)})
		assert.Equal(t, workflow.Failed, run.Phase())
		assert.Equal(t, workflow.Failed, run.Node("A").Phase)
		assert.Equal(t, 10*time.Second, run.Node("A").Finished.Sub(run.Node("").Started))
		assert.Nil(t, run.Node("B"), "nothing but handlers begins any more")
		assert.Equal(t, workflow.Succeeded, run.Node("onExit").Phase)
		assert.Equal(t, 2*time.Hour, run.Node("onExit").Finished.Sub(run.Node("onExit").Started))
	})
}

// 11, continued: a hook of a task or step that fails is waited for and leaves its parent as it is; one of the workflow does
// not: a failed exit handler makes the run Failed.
func TestFailingHookDoesNotFailItsParent(t *testing.T) {
	for name, body := range map[string]string{"dag": "dag: {tasks: [%s]}", "steps": "steps: [[%s]]"} {
		for hook, key := range map[string]string{"exit: {template: leaf}": ".onExit", "seen: {template: leaf, expression: 'true'}": ".hooks.seen"} {
			for _, bad := range endings[1:3] {
				path := map[string]string{"dag": "A", "steps": "[0].A"}[name]
				run := runFake(t, loaded(t, "templates:\n- name: main\n  "+fmt.Sprintf(body, "{name: A, template: leaf, hooks: {"+hook+"}}")),
					outcomes{path + key: bad.outcome})
				assert.Equal(t, workflow.Succeeded, run.Phase(), "%s, %s", name, hook)
				assert.Equal(t, workflow.Succeeded, run.Node(path).Phase)
				assert.Equal(t, bad.phase, run.Node(path+key).Phase)
			}
		}
	}
	for _, bad := range endings[1:3] {
		run := runFake(t, loaded(t, "onExit: handler\ntemplates:\n- {name: handler, container: {image: busybox}}\n- {name: main, container: {image: busybox}}"),
			outcomes{"onExit": bad.outcome})
		assert.Equal(t, bad.phase, run.Phase())
	}
}

// 12. What an executor tells of an end, and what becomes of it. Which ends of Pods are which, the tests of k8s hold.
func TestEndsOfLeaves(t *testing.T) {
	seven := 7
	retried := "retryStrategy: {limit: 1}, "
	daemon := "daemon: true, "
	output := "outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}, "
	lost := &executor.LostError{Reason: "NodeLost", Err: errors.New("the machine is gone")}
	type ends []any // of the attempts of A: an executor.Result or an error
	for _, tt := range []struct {
		name, settings string
		ends           ends
		want           string
	}{
		{"an exit code", "", ends{executor.Result{Phase: spec.Failed, ExitCode: &seven}}, "Failed 7 1: A=Failed"},
		{"trouble", "", ends{errors.New("no such image")}, "Error -1 1: A=Error"},
		{"a declared output that is missing", output, ends{executor.Result{}}, "Error -1 1: A=Error"},
		{"a declared output with a default", strings.Replace(output, "/x", "/x, default: d", 1), ends{executor.Result{}}, "Succeeded -1 1: A"},
		{"a loss is no attempt of the retryStrategy", retried,
			ends{lost, executor.Result{Phase: spec.Failed, ExitCode: &seven}, lost, executor.Result{}}, "Succeeded -1 2: A A(0)=Failed A(1)"},
		{"trouble is not tried again on failures", retried, ends{errors.New("no")}, "Error -1 1: A(0)=Error A=Error"},
		{"a daemon that exits 0", daemon, ends{executor.Result{}}, "Failed -1 1: A=Failed"},
		{"a daemon that fails", daemon, ends{executor.Result{Phase: spec.Failed, ExitCode: &seven}}, "Failed 7 1: A=Failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wf := loaded(t, fmt.Sprintf("templates:\n- {name: a, %scontainer: {image: busybox}}\n- {name: main, dag: {tasks: [{name: A, template: a}]}}", tt.settings))
				i := 0
				run, err := workflow.NewRunner(&stub{execute: func(context.Context, *executor.Task, func(executor.Update)) (executor.Result, error) {
					i++
					if err, ok := tt.ends[i-1].(error); ok {
						return executor.Result{}, err
					}
					return tt.ends[i-1].(executor.Result), nil
				}}).Start(t.Context(), wf)
				require.NoError(t, err)
				_ = run.Wait(t.Context())
				a := run.Node("A")
				code := -1
				if a.ExitCode != nil {
					code = *a.ExitCode
				}
				assert.Equal(t, tt.want, fmt.Sprintf("%s %d %d: %s", a.Phase, code, a.Attempts, tree(run)))
			})
		})
	}
}

// 13. What lastRetry says before there is an attempt, and in the expression of one that left no code.
func TestLastRetryBeforeThereIsAnAttempt(t *testing.T) {
	wf := loaded(t, `
templates:
- name: main
  retryStrategy: {limit: 3, expression: 'lastRetry.exitCode == "-1" || asInt(lastRetry.exitCode) == 7'}
  container: {image: busybox, args: ["{{lastRetry.exitCode}}", "{{retries}}", "{{lastRetry.status}}"]}`)
	var seen []string
	seven, eight := 7, 8
	ends := []executor.Result{{Phase: spec.Failed}, {Phase: spec.Failed, ExitCode: &seven}, {Phase: spec.Failed, ExitCode: &eight}}
	run, err := workflow.NewRunner(&stub{execute: func(_ context.Context, k *executor.Task, _ func(executor.Update)) (executor.Result, error) {
		s, err := k.Template()
		require.NoError(t, err)
		seen = append(seen, strings.Join(s.Container.Args, " "))
		return ends[len(seen)-1], nil
	}}).Start(t.Context(), wf)
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	assert.Equal(t, []string{"0 0 ", "-1 1 Failed", "7 2 Failed"}, seen)
	assert.Equal(t, "(0)=Failed (1)=Failed (2)=Failed", tree(run), "exit code 8 is not tried again")
}

// 13, continued: a backoff without a limit would wait for ever longer.
func TestBackoffIsHonouredWithALimitOnly(t *testing.T) {
	for limit, want := range map[string]time.Duration{"": 0, "limit: 5, ": (1 + 2 + 4) * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			wf := loaded(t, fmt.Sprintf("templates:\n- {name: a, retryStrategy: {%sbackoff: {duration: 1h, factor: 2}}, container: {image: busybox}}\n"+
				"- {name: main, dag: {tasks: [{name: A, template: a}]}}", limit))
			run, err := wf.Run(t.Context(), fake.New(t).On("A", fake.Fail(1, ""), fake.Fail(1, ""), fake.Fail(1, ""), fake.Succeed()))
			require.NoError(t, err)
			assert.Equal(t, want, began(run, "A(3)"), limit)
		})
	}
}

// 14. A tree that hangs a successor below one node before it only, or below a dag instead of what came out of it.
func TestSuccessorIsAChildOfEveryOutboundNode(t *testing.T) {
	wf := loaded(t, `
templates:
- {name: tries, retryStrategy: {limit: 1}, container: {image: busybox}}
- {name: pair, dag: {tasks: [{name: p, template: leaf}, {name: q, template: leaf, depends: p}, {name: r, template: leaf, depends: p}]}}
- {name: row, steps: [[{name: u, template: leaf}], [{name: v, template: leaf}, {name: w, template: leaf}]]}
- name: main
  steps:
  - - {name: A, template: pair}
    - {name: B, template: row}
    - {name: C, template: leaf, withItems: [x, "y"]}
    - {name: D, template: tries}
    - {name: E, template: leaf, when: "false"}
    - {name: F, template: leaf, withParam: "[]"}
  - - {name: last, template: leaf}`)
	run, err := wf.Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	var before []string
	for path, children := range run.Children() {
		if slices.Contains(children, "[1]") {
			before = append(before, path)
		}
	}
	slices.Sort(before)
	assert.Equal(t, []string{"[0].A.q", "[0].A.r", "[0].B[1].v", "[0].B[1].w", "[0].C(0:x)", "[0].C(1:y)", "[0].D(0)", "[0].E", "[0].F"}, before)
}

// 14, continued: a loop over nothing is one node that was skipped, in a dag and in steps.
func TestEmptyLoopIsOneSkippedNode(t *testing.T) {
	for body, path := range map[string]string{"dag: {tasks: [%s]}": "A", "steps: [[%s]]": "[0].A"} {
		wf := loaded(t, fmt.Sprintf(`
arguments: {parameters: [{name: list, value: "[]"}]}
templates:
- name: main
  `+body, `{name: A, template: leaf, withParam: "{{workflow.parameters.list}}"}`))
		run, err := wf.Run(t.Context(), fake.New(t))
		require.NoError(t, err)
		assert.Equal(t, path+"=Skipped", tree(run))
		assert.Equal(t, spec.TypeSkipped, run.Node(path).Type)
		assert.Equal(t, "Skipped, empty params", run.Node(path).Message)
		run, err = workflow.NewRunner(fake.New(t)).Start(t.Context(), wf, workflow.Param[string]("list").Set(`["a"]`))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Contains(t, tree(run), path+"(0:a)")
	}
}
