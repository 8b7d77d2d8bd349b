package workflow_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Load accepts each of Argo's example workflows but those that the golden file lists, each with the reasons, and writes
// back equal values.
func TestArgoExamples(t *testing.T) {
	files := argotest.Examples(t)
	var refused bytes.Buffer
	workflows := 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(files[file])
		require.NoError(t, err)
		objects, err := spec.Decode(bytes.NewReader(text))
		if err != nil {
			fmt.Fprintf(&refused, "%s: %s\n", file, strings.Join(reasons(err), ", "))
			continue
		}
		for _, o := range objects {
			w, ok := o.(*spec.Workflow)
			if !ok {
				continue
			}
			workflows++
			wf, err := workflow.FromSpec(w)
			if err != nil {
				fmt.Fprintf(&refused, "%s: %s\n", file, strings.Join(reasons(err), ", "))
				continue
			}
			assert.True(t, equality.Semantic.DeepEqual(w, wf.Spec()), "what is written back of %s", file)
		}
	}
	t.Logf("%d files with %d workflows; refused: %d", len(files), workflows, bytes.Count(refused.Bytes(), []byte("\n")))

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
