package workflow_test

import (
	"bytes"
	"errors"
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

// Each of Argo's example files is accepted but those that the golden file lists, each with the reasons: every workflow
// in it, and every workflow that a CronWorkflow or a template in it would run. What is accepted is not changed by that.
func TestArgoExamples(t *testing.T) {
	files := argotest.Examples(t)
	var refused bytes.Buffer
	workflows := 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(files[file])
		require.NoError(t, err)
		objects, err := spec.Decode(bytes.NewReader(text))
		errs := []error{err}
		for _, o := range objects {
			w := runnable(o)
			if w == nil {
				continue
			}
			workflows++
			wf, err := workflow.FromSpec(w, workflow.Templates(t.Context(), argotest.Source(t)))
			if err == nil {
				assert.True(t, equality.Semantic.DeepEqual(w, wf.Spec()), "what is written back of %s", file)
			}
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			fmt.Fprintf(&refused, "%s: %s\n", file, strings.Join(reasons(err), ", "))
		}
	}
	t.Logf("%d files with %d workflows; %d files refused", len(files), workflows, bytes.Count(refused.Bytes(), []byte("\n")))

	const golden = "testdata/argo-refused.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, refused.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(refused.String(), "\n"))
}

// runnable is the workflow that an object is, or runs; nil if it only serves others.
func runnable(o spec.Object) *spec.Workflow {
	w := &spec.Workflow{}
	w.APIVersion, w.Kind, w.GenerateName = spec.APIVersion, "Workflow", o.GetName()+"-"
	switch o := o.(type) {
	case *spec.Workflow:
		return o
	case *spec.CronWorkflow:
		w.Spec = o.Spec.WorkflowSpec
	case *spec.WorkflowTemplate:
		w.Spec = o.Spec
	case *spec.ClusterWorkflowTemplate:
		w.Spec = o.Spec
	}
	if w.Spec.Entrypoint == "" && w.Spec.WorkflowTemplateRef == nil {
		return nil
	}
	return w
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
