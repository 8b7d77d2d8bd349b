package argotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow"
)

// Equal compares a run that has ended to a record, as [Differences] does.
func Equal(t testing.TB, want *Record, run *workflow.Run) {
	t.Helper()
	for _, d := range Differences(want, run) {
		assert.Fail(t, d)
	}
}

// Differences are what a run that has ended has otherwise than a record: the workflow's phase and message, and the
// names, types, phases, templates, messages, values, artifacts, exit codes and children of its nodes. What cannot be the same in
// two runs is not compared:
//   - a value that is a time, or a duration in seconds, is equal to any other;
//   - so is the ID of a node, unless the run has the record's [Record.RunName];
//   - Argo gives no template name for a templateRef or an inline template, where a run has the name in its place;
//   - of a record that depends on timing, messages and exit codes are left out.
//
// Messages of programs and of the kubelet are compared as well: whoever replays a record scripts them.
func Differences(want *Record, run *workflow.Run) []string {
	var diffs []string
	differ := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	got := Nodes(run)
	known := run.Name() == want.RunName()
	same := func(text string) string {
		if !known {
			text = ids.ReplaceAllString(text, "WF-N")
		}
		return times.ReplaceAllString(text, `"TIME"`)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Nodes)) {
		if got[name] == nil {
			differ("%s: is not there", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want.Nodes[name] == nil {
			differ("%s: should not be there", name)
		}
	}
	if g := run.Phase(); g != want.Phase {
		differ("the workflow's phase is %s, not %s", g, want.Phase)
	}
	if g := message(run); same(g) != same(want.Message) && !want.Timing {
		differ("the workflow's message is %q, not %q", g, want.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Nodes)) {
		w, g := want.Nodes[name], got[name]
		if g == nil {
			continue
		}
		for _, f := range fields {
			if f.name == "template" && w.Template == "" {
				continue
			}
			if a, b := f.text(w), f.text(g); same(a) != same(b) && !(f.timing && want.Timing) {
				differ("%s: %s %s, not %s", name, f.name, b, a)
			}
		}
	}
	return diffs
}

// fields are what is compared of a node, as text. timing says that it may depend on that.
var fields = []struct {
	name   string
	timing bool
	text   func(*Node) string
}{
	{"type", false, func(n *Node) string { return n.Type }},
	{"phase", false, func(n *Node) string { return string(n.Phase) }},
	{"message", true, func(n *Node) string { return strconv.Quote(n.Message) }},
	{"template", false, func(n *Node) string { return strconv.Quote(n.Template) }},
	{"displayName", false, func(n *Node) string { return strconv.Quote(n.DisplayName) }},
	{"inputs", false, func(n *Node) string { return asJSON(n.Inputs) }},
	{"outputs", false, func(n *Node) string { return asJSON(n.Outputs) }},
	{"inputArtifacts", false, func(n *Node) string { return asJSON(n.InputArtifacts) }},
	{"outputArtifacts", false, func(n *Node) string { return asJSON(n.OutputArtifacts) }},
	{"result", false, func(n *Node) string { return asJSON(n.Result) }},
	{"exitCode", true, func(n *Node) string { return asJSON(n.ExitCode) }},
	{"children", false, func(n *Node) string { return asJSON(n.Children) }},
}

// Nodes are the nodes of a run as a record has them.
func Nodes(run *workflow.Run) map[string]*Node {
	children := run.Children()
	anonymous := func(text string) string { return strings.ReplaceAll(text, run.Name(), "WF") }
	values := func(n *workflow.NodeStatus) (in, out map[string]string) {
		in, out = map[string]string{}, map[string]string{}
		for _, v := range n.Inputs {
			in[v.Name] = anonymous(v.Value)
		}
		for _, v := range n.Outputs {
			out[v.Name] = anonymous(v.Value)
		}
		return in, out
	}
	full := map[string]string{}
	for n := range run.Nodes() {
		full[n.Path] = "WF" + strings.TrimPrefix(n.Name, run.Name())
	}
	nodes := map[string]*Node{}
	for n := range run.Nodes() {
		g := &Node{
			DisplayName: anonymous(n.DisplayName), Type: string(n.Type), Phase: n.Phase,
			Template: n.Template, Message: anonymous(n.Message), Result: n.Result, Children: []string{},
		}
		g.Inputs, g.Outputs = values(n)
		g.InputArtifacts, g.OutputArtifacts = filesOf(n.InputArtifacts, run.Name()), filesOf(n.Artifacts, run.Name())
		if n.ExitCode != nil {
			code := strconv.Itoa(*n.ExitCode)
			g.ExitCode = &code
		}
		for _, c := range children[n.Path] {
			g.Children = append(g.Children, full[c])
		}
		slices.Sort(g.Children)
		nodes[full[n.Path]] = g
	}
	return nodes
}

// filesOf are artifacts as a record has them.
func filesOf(artifacts []executor.Artifact, run string) map[string]File {
	var files map[string]File
	for _, a := range artifacts {
		f := File{
			Path: strings.TrimSuffix(a.Path, "/"), Kind: artifact.Kind(&a.ArtifactLocation), Key: artifact.Key(&a.ArtifactLocation),
			GlobalName: a.GlobalName, Optional: a.Optional, Deleted: a.Deleted,
		}
		if a.SubPath != "" {
			f.Key = path.Join(f.Key, a.SubPath)
		}
		f.Key = strings.ReplaceAll(pods.ReplaceAllString(f.Key, "/POD/"), run, "WF")
		if a.Raw != nil {
			f.Data = a.Raw.Data
		}
		if files == nil {
			files = map[string]File{}
		}
		files[a.Name] = f
	}
	return files
}

// message is the run's own, with WF for its name.
func message(run *workflow.Run) string {
	e, ok := errors.AsType[*workflow.RunError](run.Wait(context.Background()))
	if !ok {
		return ""
	}
	return strings.ReplaceAll(e.Message, run.Name(), "WF")
}

var (
	// pods are the names of Pods in keys.
	pods = regexp.MustCompile(`/[^/]+-[a-z2-7]{13}/`)
	// ids are the IDs of nodes.
	ids = regexp.MustCompile(`\bWF-\d+\b`)
	// times are values that are a time or a duration, as the variables of the language give them.
	times = regexp.MustCompile(`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d+\.\d{6})"`)
)

// asJSON is a value on one line.
func asJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
