package argotest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Record is what the controller did with one workflow.
type Record struct {
	// Name is the record's: its file's without the ending.
	Name string `json:"-"`
	// File is the example file, and Document which of its YAML documents the workflow is, from 0.
	File     string `json:"file"`
	Document int    `json:"document"`
	// Phase and Message are the workflow's.
	Phase   workflow.Phase `json:"phase"`
	Message string         `json:"message"`
	// ResumedBy are the nodes that were resumed by hand, with the values that they were given.
	ResumedBy map[string]map[string]string `json:"resumedBy"`
	// Timing says that exit codes and messages are those of the one run: which deadline was first, and how a program
	// took its end.
	Timing bool             `json:"timing"`
	Nodes  map[string]*Node `json:"nodes"`
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
	// InputArtifacts and OutputArtifacts are by name.
	InputArtifacts  map[string]File `json:"inputArtifacts"`
	OutputArtifacts map[string]File `json:"outputArtifacts"`
	// Children are sorted.
	Children []string `json:"children"`
}

// File is an artifact of a node. In a key POD stands for the name of a Pod.
type File struct {
	Path       string `json:"path,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Key        string `json:"key,omitempty"`
	Data       string `json:"data,omitempty"`
	GlobalName string `json:"globalName,omitempty"`
	Optional   bool   `json:"optional,omitempty"`
	Deleted    bool   `json:"deleted,omitempty"`
}

// Records are all records, by name.
func Records(t testing.TB) []*Record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(locate(t, "argo-golden"), "*.json"))
	require.NoError(t, err)
	var records []*Record
	for _, file := range files {
		records = append(records, read(t, file))
	}
	return records
}

// Golden is the record of an example file that holds one workflow, or nil if there is none.
func Golden(t testing.TB, file string) *Record {
	t.Helper()
	name := strings.ReplaceAll(strings.TrimSuffix(file, ".yaml"), "/", "__") + ".json"
	path := filepath.Join(locate(t, "argo-golden"), name)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil
	}
	return read(t, path)
}

func read(t testing.TB, path string) *Record {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	r := &Record{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
	require.NoError(t, json.Unmarshal(text, r), path)
	for _, n := range r.Nodes {
		slices.Sort(n.Children)
		delete(n.OutputArtifacts, "main-logs") // archiveLogs does nothing here
		if len(n.OutputArtifacts) == 0 {
			n.OutputArtifacts = nil
		}
		for _, files := range []map[string]File{n.InputArtifacts, n.OutputArtifacts} {
			for name, f := range files {
				f.Key = strings.Replace(f.Key, "WF/WF/", "WF/POD/", 1) // the Pod of a root is named as the workflow
				files[name] = f
			}
		}
	}
	return r
}

// RunName is the name that the recorded run had, where it is known: with it the run's node IDs, which messages and
// inputs name, are those of the record. Empty is not known.
func (r *Record) RunName() string { return runNames[r.Name] }

// runNames were found back from the node IDs that the records hold: of the 27^5 suffixes that Argo makes, one gives
// a name whose FNV-32a is that ID.
var runNames = map[string]string{
	"custom-metrics":                      "hello-world-nbbk9",
	"pod-gc-strategy":                     "pod-gc-strategy-wmh6m",
	"pod-gc-strategy-with-label-selector": "pod-gc-strategy-with-label-selector-96n8h",
	"resource-flags":                      "resource-validate-8vs8k",
	"resubmit":                            "resubmit-fzwr8",
	"retry-conditional":                   "retry-script-56jl5",
	"step-level-timeout":                  "steps-tmpl-timeout-6lwc5",
	"template-defaults":                   "template-defaults-tdmgw",
	"timeouts-workflow":                   "timeouts-workflow-kzvvl",
	"variables-showcase":                  "variables-showcase-4vnvn",
	"work-avoidance":                      "work-avoidance-rchl9",
}

// Workflow is the workflow that the controller ran, as data. The error is that of decoding its file.
func (r *Record) Workflow(t testing.TB) (*spec.Workflow, error) {
	t.Helper()
	objects, err := decode(t, filepath.Join(locate(t, "argo-examples"), r.File))
	if err != nil {
		return nil, err
	}
	require.Greater(t, len(objects), r.Document, "objects of %s", r.File)
	w, ok := objects[r.Document].(*spec.Workflow)
	require.True(t, ok, "object %d of %s is a workflow", r.Document, r.File)
	return w, nil
}
