package workflow_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// sketch is a workflow written short: calls with a semicolon between them, for a dag
//
//	A; B+f < A; C: A.Failed || B
//
// where < begins dependencies and : a depends, and for steps
//
//	A+fe B / C
//
// where / begins the next group. A call's flags are f and e (continueOn), skip (its when is false), daemon, loop (over the
// items 0, 1 and 2) and exit (it has an exit handler).
type sketch struct{ target, calls string }

// leaves are the templates that sketches call.
func leaves() []spec.Template {
	yes := true
	c := &corev1.Container{Image: "busybox"}
	return []spec.Template{{Name: "leaf", Container: c}, {Name: "daemon", Container: c, Daemon: &yes}}
}

// compile is the sketch as a workflow called "wf".
func (s sketch) compile(t testing.TB) *workflow.Workflow {
	t.Helper()
	w := &spec.Workflow{}
	w.APIVersion, w.Kind, w.Name = spec.APIVersion, "Workflow", "wf"
	main := spec.Template{Name: "main"}
	if strings.Contains(s.calls, "/") {
		for group := range strings.SplitSeq(s.calls, "/") {
			var steps []spec.Step
			for call := range strings.FieldsSeq(group) {
				k := s.task(t, call)
				steps = append(steps, spec.Step{Name: k.Name, Template: k.Template, When: k.When, ContinueOn: k.ContinueOn,
					WithItems: k.WithItems, Hooks: k.Hooks})
			}
			main.Steps = append(main.Steps, steps)
		}
	} else {
		main.DAG = &spec.DAG{Target: s.target}
		for call := range strings.SplitSeq(s.calls, ";") {
			main.DAG.Tasks = append(main.DAG.Tasks, s.task(t, call))
		}
	}
	w.Spec.Entrypoint, w.Spec.Templates = "main", append(leaves(), main)
	wf, err := workflow.FromSpec(w)
	require.NoError(t, err, "%v", s)
	return wf
}

func (sketch) task(t testing.TB, call string) spec.Task {
	t.Helper()
	head, needs, isDepends := strings.Cut(call, ":")
	head, dependencies, _ := strings.Cut(head, "<")
	words := strings.Split(strings.TrimSpace(head), "+")
	k := spec.Task{Name: words[0], Template: "leaf", Dependencies: strings.Fields(dependencies)}
	if isDepends {
		k.Depends = strings.TrimSpace(needs)
	}
	for _, flag := range words[1:] {
		switch flag {
		case "f", "e", "fe":
			k.ContinueOn = &spec.ContinueOn{Failed: flag[0] == 'f', Error: strings.HasSuffix(flag, "e")}
		case "skip":
			k.When = "false"
		case "daemon":
			k.Template = "daemon"
		case "loop":
			k.WithItems = []spec.Item{spec.Item("0"), spec.Item("1"), spec.Item("2")}
		case "exit":
			k.Hooks = map[string]spec.LifecycleHook{spec.ExitHook: {Template: "leaf"}}
		default:
			t.Fatalf("%q: there is no flag %q", call, flag)
		}
	}
	return k
}

// tree is how the nodes of the run ended, but for the root and groups: those of the phase Succeeded by their path only.
func tree(run *workflow.Run) string {
	var lines []string
	for n := range run.Nodes() {
		switch {
		case n.Path == "" || n.Type == spec.TypeStepGroup:
		case n.Phase == workflow.Succeeded:
			lines = append(lines, n.Path)
		default:
			lines = append(lines, n.Path+"="+string(n.Phase))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// readyRows say what becomes ready when nodes end, what is omitted, and which phase comes of it: each element of ends is a
// node, how it ends (Succeeded unless it says otherwise), and what is begun by that.
var readyRows = []struct {
	name, target, calls string
	ends                []string
	want                spec.Phase
	nodes               string
}{
	{"a bare name wants a success", "", "A; B: A", []string{" A", "A=Failed"}, "Failed", "A=Failed B=Omitted"},
	{"a bare name takes a skipped one", "", "A+skip; B: A", []string{" B", "B"}, "Succeeded", "A=Skipped B"},
	{"a bare name takes no omitted one", "", "Z; A: Z.Failed; B: A", []string{" Z", "Z"}, "Succeeded", "A=Omitted B=Omitted Z"},
	{"a failure is handled", "", "A; B: A.Failed", []string{" A", "A=Failed B", "B"}, "Succeeded", "A=Failed B"},
	{"a handler that was not needed", "", "A; B: A.Failed", []string{" A", "A"}, "Succeeded", "A B=Omitted"},
	{"an error is no failure", "", "A; B: A.Failed", []string{" A", "A=Error"}, "Error", "A=Error B=Omitted"},
	{"an error is handled", "", "A; B: A.Errored", []string{" A", "A=Error B", "B"}, "Succeeded", "A=Error B"},
	{"any end", "", "A; B: A.Succeeded || A.Failed || A.Errored", []string{" A", "A=Error B", "B=Failed"}, "Failed", "A=Error B=Failed"},
	{"either of two branches", "", "A; B: A.Succeeded; C: A.Failed; D: B || C", []string{" A", "A=Failed C", "C D", "D"}, "Succeeded",
		"A=Failed B=Omitted C D"},
	{"or waits for all that it names", "", "A; B; C: A || B", []string{" A B", "A", "B=Failed C", "C"}, "Succeeded", "A B=Failed C"},
	{"and waits for all that it names", "", "A; B; C: A.Failed && B", []string{" A B", "A", "B"}, "Succeeded", "A B C=Omitted"},
	{"not", "", "A; B; C: !A.Succeeded && B.Succeeded", []string{" A B", "B", "A=Error C", "C"}, "Succeeded", "A=Error B C"},
	{"and binds closer than or", "", "A; B; C; D: A || B && C", []string{" A B C", "C=Failed", "B=Failed", "A D", "D"}, "Succeeded",
		"A B=Failed C=Failed D"},
	{"parentheses", "", "A; B; C; D: (A || B) && C", []string{" A B C", "A", "B", "C=Failed"}, "Failed", "A B C=Failed D=Omitted"},
	{"on an omitted one", "", "A; B: A.Failed; C: B.Omitted", []string{" A", "A C", "C"}, "Succeeded", "A B=Omitted C"},
	{"on a skipped one", "", "A+skip; B: A.Skipped; C: A.Succeeded", []string{" B", "B"}, "Succeeded", "A=Skipped B C=Omitted"},
	{"a chain of omitted ones", "", "A; B: A; C: B; D: C.Omitted", []string{" A", "A=Failed D", "D"}, "Succeeded",
		"A=Failed B=Omitted C=Omitted D"},
	{"omitted behind a failure, by two ways", "", "A; B: A.Failed; C: A.Succeeded", []string{" A", "A=Failed B", "B"}, "Failed",
		"A=Failed B C=Omitted"},
	{"what is ready begins after a failure", "", "A; B; C: B; D: C", []string{" A B", "A=Failed", "B C", "C D", "D"}, "Failed",
		"A=Failed B C D"},
	{"an exit handler is waited for", "", "A+exit; B: A", []string{" A", "A A.onExit", "A.onExit B", "B"}, "Succeeded", "A A.onExit B"},
	{"a failed exit handler is too", "", "A+exit; B; C: A || B", []string{" A B", "A A.onExit", "B", "A.onExit=Failed C", "C"}, "Succeeded",
		"A A.onExit=Failed B C"},
	{"an exit handler after a failure", "", "A+exit; B: A.Failed", []string{" A", "A=Failed A.onExit", "A.onExit B", "B"}, "Succeeded",
		"A.onExit A=Failed B"},
	{"no exit handler of a skipped one", "", "A+exit+skip; B: A", []string{" B", "B"}, "Succeeded", "A=Skipped B"},
	{"no exit handler of an omitted one", "", "A; B+exit: A.Failed; C: B.Omitted", []string{" A", "A C", "C"}, "Succeeded", "A B=Omitted C"},
	{"a loop is waited for", "", "A+loop; B: A", []string{" A(0:0) A(1:1) A(2:2)", "A(1:1)", "A(0:0)", "A(2:2) B", "B"}, "Succeeded",
		"A A(0:0) A(1:1) A(2:2) B"},
	{"any of a loop waits for all", "", "A+loop; B: A.AnySucceeded",
		[]string{" A(0:0) A(1:1) A(2:2)", "A(1:1)", "A(0:0)=Failed", "A(2:2)=Failed B", "B"}, "Succeeded",
		"A(0:0)=Failed A(1:1) A(2:2)=Failed A=Failed B"},
	{"all of a loop", "", "A+loop; B: A.AllFailed",
		[]string{" A(0:0) A(1:1) A(2:2)", "A(1:1)=Failed", "A(0:0)=Failed", "A(2:2)=Failed B", "B"}, "Succeeded",
		"A(0:0)=Failed A(1:1)=Failed A(2:2)=Failed A=Failed B"},
	{"continueOn failed", "", "A+f; B < A", []string{" A", "A=Failed B", "B"}, "Succeeded", "A=Failed B"},
	{"continueOn failed is not of errors", "", "A+f; B < A", []string{" A", "A=Error"}, "Error", "A=Error B=Omitted"},
	{"continueOn error", "", "A+e; B < A", []string{" A", "A=Error B", "B"}, "Succeeded", "A=Error B"},
	{"continueOn of one of two", "", "A+f; B; C < A B", []string{" A B", "A=Failed", "B=Failed"}, "Failed", "A=Failed B=Failed C=Omitted"},
	{"continueOn of a leaf", "", "A; B+f < A", []string{" A", "A B", "B=Failed"}, "Succeeded", "A B=Failed"},
	{"a target alone", "B", "A; B < A; C < A", []string{" A", "A B", "B"}, "Succeeded", "A B"},
	{"a target whose need fails", "B", "A; B < A; C", []string{" A", "A=Failed"}, "Failed", "A=Failed B=Omitted"},
	{"a target in the middle", "A B", "A; B: A.Failed; C: B", []string{" A", "A=Failed B", "B"}, "Failed", "A=Failed B"},
	{"two targets", "B C", "A; B < A; C < A; D < B", []string{" A", "A B C", "C=Error", "B"}, "Error", "A B C=Error"},
	{"groups in order", "", "A B / C", []string{" [0].A [0].B", "[0].B", "[0].A [1].C", "[1].C"}, "Succeeded", "[0].A [0].B [1].C"},
	{"a group that fails ends with all its steps", "", "A B / C", []string{" [0].A [0].B", "[0].B=Failed", "[0].A"}, "Failed", "[0].A [0].B=Failed"},
	{"an error makes steps Failed", "", "A / B", []string{" [0].A", "[0].A=Error"}, "Failed", "[0].A=Error"},
	{"a step that continues", "", "A+f B / C", []string{" [0].A [0].B", "[0].A=Failed", "[0].B [1].C", "[1].C"}, "Succeeded",
		"[0].A=Failed [0].B [1].C"},
	{"a step that continues beside one that does not", "", "A+f B / C", []string{" [0].A [0].B", "[0].A=Failed", "[0].B=Failed"}, "Failed",
		"[0].A=Failed [0].B=Failed"},
	{"skipped steps", "", "A+skip / B", []string{" [1].B", "[1].B"}, "Succeeded", "[0].A=Skipped [1].B"},
	{"a group whose exit handler runs", "", "A+exit / B", []string{" [0].A", "[0].A [0].A.onExit", "[0].A.onExit=Failed [1].B", "[1].B"},
		"Succeeded", "[0].A [0].A.onExit=Failed [1].B"},
	{"a loop that continues", "", "A+loop+f / B", []string{" [0].A(0:0) [0].A(1:1) [0].A(2:2)", "[0].A(1:1)=Failed", "[0].A(0:0)",
		"[0].A(2:2)=Failed [1].B", "[1].B"}, "Succeeded", "[0].A(0:0) [0].A(1:1)=Failed [0].A(2:2)=Failed [1].B"},
	{"a loop that continues on failures only", "", "A+loop+f / B", []string{" [0].A(0:0) [0].A(1:1) [0].A(2:2)", "[0].A(1:1)=Failed",
		"[0].A(0:0)", "[0].A(2:2)=Error"}, "Failed", "[0].A(0:0) [0].A(1:1)=Failed [0].A(2:2)=Error"},
}

func TestReady(t *testing.T) {
	for _, tt := range readyRows {
		t.Run(tt.name, func(t *testing.T) {
			wf := sketch{tt.target, tt.calls}.compile(t)
			synctest.Test(t, func(t *testing.T) {
				x := &gates{open: map[string]chan spec.Phase{}}
				run, err := workflow.NewRunner(x).Start(t.Context(), wf)
				require.NoError(t, err)
				for _, end := range tt.ends {
					node, begun, _ := strings.Cut(end, " ")
					path, phase, ok := strings.Cut(node, "=")
					if !ok {
						phase = "Succeeded"
					}
					assert.Equal(t, strings.Fields(begun), append([]string{}, x.end(path, spec.Phase(phase))...), "begun after %q", node)
				}
				_ = run.Wait(t.Context())
				assert.Equal(t, tt.want, run.Phase())
				assert.Equal(t, tt.nodes, tree(run))
			})
		})
	}
}

// ended is a way in which a task of a generated dag ends: its call, how its leaf ends on the fake, and the phase that the
// node then has. Behind is the phase of the branch: what went wrong before, if it did not run.
type ended struct {
	call    string // with %s where the name goes
	outcome fake.Outcome
	phase   spec.Phase
	behind  spec.Phase
}

var daemoned = spec.Phase("Daemoned") // ready, and running for ever

var endings = []ended{
	{"%s", fake.Succeed(), "Succeeded", "Succeeded"},
	{"%s", fake.Fail(1, "bad"), "Failed", "Failed"},
	{"%s", fake.Error(nil), "Error", "Error"},
	{"%s+skip", fake.Succeed(), "Skipped", "Succeeded"},
	{"%s: Z.Failed", fake.Succeed(), "Omitted", "Succeeded"},
	{"%s: F.Succeeded", fake.Succeed(), "Omitted", "Failed"},
	{"%s+daemon", fake.Succeed(), daemoned, "Succeeded"},
}

// truths say, by phase, of which conditions a task that ended so makes true: the rules of depends as a table.
var truths = map[spec.Phase]string{
	"Succeeded": " Succeeded Bare", "Failed": " Failed", "Error": " Errored", "Skipped": " Skipped Bare", "Omitted": " Omitted",
	daemoned: " Daemoned Bare",
}

// condition is a condition that a depends may ask of a task.
type condition struct {
	text  string // with a name before it
	holds func(spec.Phase) bool
}

func conditionsOf(task string) (all []condition) {
	for _, word := range []string{"Bare", "Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned"} {
		text := task + "." + word
		if word == "Bare" {
			text = task
		}
		all = append(all, condition{text, func(p spec.Phase) bool { return slices.Contains(strings.Fields(truths[p]), word) }})
	}
	return all
}

// played runs a sketch whose nodes end as said; a task F fails, and all others succeed.
func played(t *testing.T, s sketch, ends map[string]fake.Outcome) *workflow.Run {
	t.Helper()
	x := fake.New(nil)
	if strings.Contains(s.calls, "F;") {
		x.On("F", fake.Fail(1, ""))
	}
	for name, o := range ends {
		x.On(name, o.Optional())
	}
	run, err := workflow.NewRunner(x).Start(t.Context(), s.compile(t))
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	return run
}

// Every way in which two tasks may end, times every condition on each, joined by every operator: what runs is what the
// table of truths says.
func TestDependsTruthTable(t *testing.T) {
	type join struct {
		format string
		of     func(a, b bool) bool
	}
	joins := []join{
		{"%s && %s", func(a, b bool) bool { return a && b }},
		{"%s || %s", func(a, b bool) bool { return a || b }},
		{"!%s && %s", func(a, b bool) bool { return !a && b }},
		{"%s || !%s", func(a, b bool) bool { return a || !b }},
		{"!(%s || %s)", func(a, b bool) bool { return !(a || b) }},
	}
	count := 0
	for _, a := range endings {
		for _, b := range endings {
			var calls strings.Builder
			fmt.Fprintf(&calls, "Z; F; %s; %s", fmt.Sprintf(a.call, "A"), fmt.Sprintf(b.call, "B"))
			want, texts := map[string]bool{}, map[string]string{}
			for _, j := range joins {
				for _, ca := range conditionsOf("A") {
					for _, cb := range conditionsOf("B") {
						name, text := fmt.Sprintf("C%d", len(want)), fmt.Sprintf(j.format, ca.text, cb.text)
						fmt.Fprintf(&calls, "; %s: %s", name, text)
						want[name], texts[name] = j.of(ca.holds(a.phase), cb.holds(b.phase)), text
					}
				}
			}
			run := played(t, sketch{"", calls.String()}, map[string]fake.Outcome{"A": a.outcome, "B": b.outcome})
			for name, runs := range want {
				phase := workflow.Omitted
				if runs {
					phase = workflow.Succeeded
				}
				if got := run.Node(name).Phase; got != phase {
					t.Errorf("A is %s, B is %s: %s: %s, not %s", a.phase, b.phase, texts[name], got, phase)
				}
				count++
			}
		}
	}
	t.Logf("%d rows", count)
}

// bad are the phases among some that are no success.
func bad(phases ...spec.Phase) (out []spec.Phase) {
	for _, p := range phases {
		if p.FailedOrErrored() {
			out = append(out, p)
		}
	}
	return out
}

// verdict checks the phase of a dag of which targets have these branch phases: one of the bad ones, if there are.
func verdict(t *testing.T, run *workflow.Run, what string, targets ...spec.Phase) {
	t.Helper()
	allowed := bad(targets...)
	if allowed == nil {
		allowed = []spec.Phase{"Succeeded"}
	}
	if !slices.Contains(allowed, run.Phase()) {
		t.Errorf("%s: the dag is %s, not %v; %s", what, run.Phase(), allowed, tree(run))
	}
}

// The phase of a dag is that of its leaves, of which one that did not run has what went wrong before it.
func TestDAGPhaseTruthTable(t *testing.T) {
	count := 0
	for _, a := range endings {
		for _, b := range endings {
			for _, ca := range conditionsOf("A") {
				for _, j := range []string{"", "&&", "||"} {
					runs := ca.holds(a.phase)
					text := ca.text
					switch j {
					case "&&":
						runs, text = runs && b.phase == "Failed", text+" && B.Failed"
					case "||":
						runs, text = runs || b.phase == "Failed", text+" || B.Failed"
					}
					for _, c := range endings[:3] {
						if !runs && c.phase != "Succeeded" {
							continue
						}
						s := sketch{"", fmt.Sprintf("Z; Z2: Z; F; F2: F.Failed; %s; %s; C: %s", fmt.Sprintf(a.call, "A"), fmt.Sprintf(b.call, "B"), text)}
						run := played(t, s, map[string]fake.Outcome{"A": a.outcome, "B": b.outcome, "C": c.outcome})
						targets := []spec.Phase{c.phase}
						if !runs {
							targets = []spec.Phase{a.behind}
							if j != "" {
								targets = append(targets, b.behind)
							}
						}
						if j == "" { // B is a leaf too
							targets = append(targets, b.behind)
						}
						verdict(t, run, fmt.Sprintf("A is %s (%s), B is %s (%s), C: %s ends %s", a.phase, a.behind, b.phase, b.behind, text, c.phase), targets...)
						count++
					}
				}
			}
		}
	}
	t.Logf("%d rows", count)
}

var continues = map[string]string{"": "", "+f": "Failed", "+e": "Error", "+fe": "Failed Error"}

// continueOn lets what depends on the task run, and the dag succeed, for its own phases only.
func TestContinueOnInADAGTruthTable(t *testing.T) {
	count := 0
	for flags, on := range continues {
		for leafFlags, leafOn := range continues {
			for _, a := range endings {
				if strings.Contains(a.call, ":") {
					continue // depends forbids continueOn
				}
				for _, c := range endings[:3] {
					s := sketch{"", fmt.Sprintf(a.call, "A"+flags) + "; C" + leafFlags + " < A"}
					run := played(t, s, map[string]fake.Outcome{"A": a.outcome, "C": c.outcome})
					runs := strings.Contains(truths[a.phase], "Bare") || strings.Contains(on, string(a.phase))
					target, want := c.phase, c.phase
					if !runs {
						target, want = a.behind, "Omitted"
					}
					if strings.Contains(leafOn, string(target)) {
						target = "Succeeded"
					}
					what := fmt.Sprintf("%s, where A is %s and C is to be %s", s.calls, a.phase, c.phase)
					assert.Equal(t, want, run.Node("C").Phase, what)
					if runs || target != "Succeeded" || a.behind == "Succeeded" { // whether it holds of what it inherits, no rule says
						verdict(t, run, what, target)
					}
					count++
				}
			}
		}
	}
	t.Logf("%d rows", count)
}

// A group goes well if each of its steps did, or continues on how it ended; steps whose group did not are Failed.
func TestContinueOnInStepsTruthTable(t *testing.T) {
	count := 0
	for flagsA, onA := range continues {
		for flagsB, onB := range continues {
			for _, a := range endings[:4] {
				for _, b := range endings[:4] {
					for _, c := range endings[:3] {
						calls := fmt.Sprintf(a.call, "A"+flagsA) + " " + fmt.Sprintf(b.call, "B"+flagsB) + " / C"
						fails := func(e ended, on string) bool { return len(bad(e.phase)) > 0 && !strings.Contains(on, string(e.phase)) }
						stops := fails(a, onA) || fails(b, onB)
						if stops && c.phase != "Succeeded" {
							continue
						}
						run := played(t, sketch{"", calls}, map[string]fake.Outcome{"A": a.outcome, "B": b.outcome, "C": c.outcome})
						want := spec.Phase("Succeeded")
						if stops || len(bad(c.phase)) > 0 {
							want = "Failed"
						}
						what := fmt.Sprintf("%s, where A is %s, B is %s, C is to be %s", calls, a.phase, b.phase, c.phase)
						assert.Equal(t, want, run.Phase(), what)
						assert.Equal(t, !stops, run.Node("[1]") != nil, what)
						assert.Equal(t, stops, run.Node("[0]").Phase.FailedOrErrored(), what)
						assert.Equal(t, a.phase, run.Node("[0].A").Phase, "it keeps its phase")
						count++
					}
				}
			}
		}
	}
	t.Logf("%d rows", count)
}

// The conditions on a loop speak of its items, or of the phase that it has because of them.
func TestLoopTruthTable(t *testing.T) {
	count := 0
	for i := range 27 {
		items := []ended{endings[i%3], endings[i/3%3], endings[i/9]}
		ends := map[string]fake.Outcome{}
		var phases []spec.Phase
		for k, item := range items {
			ends[fmt.Sprintf("A(%d:%d)", k, k)] = item.outcome
			phases = append(phases, item.phase)
		}
		wants := map[string]func(loop spec.Phase) bool{
			"A":              func(l spec.Phase) bool { return l == "Succeeded" },
			"A.Succeeded":    func(l spec.Phase) bool { return l == "Succeeded" },
			"A.Failed":       func(l spec.Phase) bool { return l == "Failed" },
			"A.Errored":      func(l spec.Phase) bool { return l == "Error" },
			"A.AnySucceeded": func(spec.Phase) bool { return slices.Contains(phases, "Succeeded") },
			"A.AllFailed": func(spec.Phase) bool {
				return !slices.Contains(phases, "Succeeded") && !slices.Contains(phases, "Error")
			},
			"!A.AllFailed && !A.AnySucceeded": func(spec.Phase) bool {
				return !slices.Contains(phases, "Succeeded") && slices.Contains(phases, "Error")
			},
		}
		calls := "A+loop"
		names := slices.Sorted(maps.Keys(wants))
		for k, text := range names {
			calls += fmt.Sprintf("; C%d: %s", k, text)
		}
		run := played(t, sketch{"", calls}, ends)
		loop := run.Node("A").Phase
		if allowed := bad(phases...); allowed == nil {
			assert.Equal(t, workflow.Succeeded, loop)
		} else {
			assert.Contains(t, allowed, loop)
		}
		for k, text := range names {
			want := workflow.Omitted
			if wants[text](loop) {
				want = workflow.Succeeded
			}
			assert.Equal(t, want, run.Node(fmt.Sprintf("C%d", k)).Phase, "%s of %v, which is %s", text, phases, loop)
			count++
		}
	}
	t.Logf("%d rows", count)
}

// failFast does not change what a dag does with what is ready, nor what comes of it.
func TestFailFastTruthTable(t *testing.T) {
	count := 0
	for _, a := range endings[:3] {
		for _, b := range endings[:3] {
			for _, failFast := range []bool{true, false} {
				w := sketch{"", "A; B; C: B; D: A"}.compile(t).Spec()
				w.Spec.Templates[2].DAG.FailFast = &failFast
				wf, err := workflow.FromSpec(w)
				require.NoError(t, err)
				run, _ := wf.Run(t.Context(), fake.New(nil).On("A", a.outcome).On("B", b.outcome))
				what := fmt.Sprintf("A is %s, B is %s, failFast is %v", a.phase, b.phase, failFast)
				verdict(t, run, what, a.phase, b.phase)
				assert.Equal(t, b.phase == "Succeeded", run.Node("C").Phase == workflow.Succeeded, what)
				assert.Equal(t, a.phase == "Succeeded", run.Node("D").Phase == workflow.Succeeded, what)
				count++
			}
		}
	}
	t.Logf("%d rows", count)
}
