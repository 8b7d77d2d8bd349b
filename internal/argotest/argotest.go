// Package argotest reads the records of what Argo's own controller did with its example files, and compares runs to
// them. The files are test data that lies beside the project; a test that needs them skips where they are not.
package argotest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/workflow"
)

// Record is what the controller did with one workflow.
type Record struct {
	File    string           `json:"file"`
	Phase   workflow.Phase   `json:"phase"`
	Message string           `json:"message"`
	Timing  bool             `json:"timing"`
	Nodes   map[string]*Node `json:"nodes"`
}

// Node is one node of a record, by name with the workflow's own name written WF.
type Node struct {
	DisplayName string            `json:"displayName"`
	Type        string            `json:"type"`
	Phase       workflow.Phase    `json:"phase"`
	Template    string            `json:"template"`
	Message     string            `json:"message"`
	Inputs      map[string]string `json:"inputs"`
	Outputs     map[string]string `json:"outputs"`
	Result      *string           `json:"result"`
	ExitCode    *string           `json:"exitCode"`
	Children    []string          `json:"children"`
}

// shared is where the test data lies, seen from the root of the project.
const shared = "../shared"

// Examples are the example files, by their name below their folder.
func Examples(t testing.TB) map[string]string {
	t.Helper()
	dir := locate(t, "argo-examples")
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".yaml") {
			files[strings.TrimPrefix(path, dir+"/")] = path
		}
		return err
	}))
	return files
}

// Golden is the record of an example file, or nil if there is none.
func Golden(t testing.TB, file string) *Record {
	t.Helper()
	name := strings.ReplaceAll(strings.TrimSuffix(file, ".yaml"), "/", "__") + ".json"
	text, err := os.ReadFile(filepath.Join(locate(t, "argo-golden"), name))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	r := &Record{}
	require.NoError(t, json.Unmarshal(text, r))
	return r
}

// locate finds the test data from whatever package's folder the test runs in.
func locate(t testing.TB, name string) string {
	t.Helper()
	at, err := os.Getwd()
	require.NoError(t, err)
	for ; at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			break
		}
	}
	dir := filepath.Join(at, shared, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s/%s is not there: it holds the records of Argo's controller", shared, name)
	}
	return filepath.Clean(dir)
}

// Equal compares a run to a record: every node's name, type, phase, template, message, values, exit code and children.
func Equal(t testing.TB, want *Record, run *workflow.Run) {
	t.Helper()
	assert.Equal(t, want.Phase, run.Phase(), "the workflow's phase")
	got := Nodes(run)
	assert.Equal(t, slices.Sorted(maps.Keys(want.Nodes)), slices.Sorted(maps.Keys(got)), "names of nodes")
	for name, w := range want.Nodes {
		g := got[name]
		if g == nil {
			continue
		}
		slices.Sort(w.Children)
		expected := *w
		expected.Message, g.Message = withoutIDs(w.Message), withoutIDs(g.Message)
		assert.Equal(t, &expected, g, name)
	}
}

// Nodes are the nodes of a run as a record has them.
func Nodes(run *workflow.Run) map[string]*Node {
	children := run.Children()
	nodes := map[string]*Node{}
	full := map[string]string{}
	for n := range run.Nodes() {
		full[n.Path] = strings.Replace(n.Name, run.Name(), "WF", 1)
	}
	for n := range run.Nodes() {
		g := &Node{
			DisplayName: strings.Replace(n.DisplayName, run.Name(), "WF", 1), Type: string(n.Type), Phase: n.Phase,
			Template: n.Template, Message: strings.ReplaceAll(n.Message, run.Name(), "WF"),
			Inputs: map[string]string{}, Outputs: map[string]string{}, Result: n.Result, Children: []string{},
		}
		for _, v := range n.Inputs {
			g.Inputs[v.Name] = v.Value
		}
		for _, v := range n.Outputs {
			g.Outputs[v.Name] = v.Value
		}
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

// withoutIDs drops the numbers that are made of the workflow's name, which differs from run to run.
func withoutIDs(message string) string { return idPattern.ReplaceAllString(message, "'WF-N'") }

var idPattern = regexp.MustCompile(`'WF-[0-9]+'`)
