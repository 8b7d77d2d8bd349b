package workflow_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Each of Argo's example workflows is either accepted or refused for the reasons that the golden file lists, and what
// is accepted has on the fake, where each leaf ends as it did in Argo, the tree that Argo's controller made.
func TestArgoExamples(t *testing.T) {
	files := argotest.Examples(t)
	var refused bytes.Buffer
	accepted, equal := 0, 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(files[file])
		require.NoError(t, err)
		if strings.HasPrefix(file, "configmaps/") {
			continue
		}
		objects, err := spec.Decode(bytes.NewReader(text))
		if err == nil && !slices.ContainsFunc(objects, func(o spec.Object) bool { _, ok := o.(*spec.Workflow); return ok }) {
			continue // a file of templates
		}
		wf, err := workflow.Load(bytes.NewReader(text))
		if err != nil {
			fmt.Fprintf(&refused, "%s: %s\n", file, strings.Join(reasons(err), ", "))
			continue
		}
		accepted++
		want := argotest.Golden(t, file)
		if want == nil || want.Timing {
			t.Logf("%s: accepted; there is no record to compare it to", file)
			continue
		}
		if t.Run(file, func(t *testing.T) {
			run, err := wf.Run(t.Context(), replay(t, wf, want))
			require.NotNil(t, run, "%v", err)
			argotest.Equal(t, want, run)
		}) {
			equal++
		}
	}
	t.Logf("%d workflows accepted, %d trees equal to Argo's", accepted, equal)
	assert.GreaterOrEqual(t, accepted, 36)
	assert.GreaterOrEqual(t, equal, 30)

	const golden = "testdata/argo-refused.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, refused.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(refused.String(), "\n"))
}

// reasons are what is wrong, without the places at which it is.
func reasons(err error) []string {
	said := map[string]bool{}
	var collect func(error)
	collect = func(err error) {
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, e := range e.Unwrap() {
				collect(e)
			}
		case *workflow.Error:
			said[quoted.ReplaceAllString(e.Problem, `"…"`)] = true
		default:
			said[err.Error()] = true
		}
	}
	collect(err)
	return slices.Sorted(maps.Keys(said))
}

var quoted = regexp.MustCompile(`(?s)"[^"]*"|\{\{.*\}\}`)

// replay is a fake on which each leaf ends as it did in a record.
func replay(t *testing.T, wf *workflow.Workflow, want *argotest.Record) *fake.Executor {
	x := fake.New(t)
	for name, node := range want.Nodes {
		if node.Type != string(spec.TypePod) {
			continue
		}
		o := fake.Outcome{Result: executor.Result{Phase: node.Phase, Message: node.Message, Result: node.Result}}
		if node.Phase == workflow.Errored {
			o = fake.Error(errors.New(node.Message))
		}
		if node.ExitCode != nil {
			code, err := strconv.Atoi(*node.ExitCode)
			require.NoError(t, err)
			o.Result.ExitCode = &code
		}
		for n, v := range node.Outputs {
			o.Result.Outputs = append(o.Result.Outputs, executor.Value{Name: n, Value: v})
		}
		key := strings.TrimPrefix(strings.TrimPrefix(name, "WF"), ".")
		if key == "" {
			key = node.Template
		}
		x.On(key, o)
	}
	return x
}
