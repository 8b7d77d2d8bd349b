package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// given is what files need that a made-up 1 cannot be, or that has no value.
var given = map[string][]string{
	"conditional-artifacts.yaml":        {"-o", "flip-coin=heads"},
	"dag-conditional-artifacts.yaml":    {"-o", "flip-coin=tails"},
	"conditional-parameters.yaml":       {"-o", "flip-coin=heads"},
	"conditionals-complex.yaml":         {"-o", "flip-coin=heads", "-o", "flip-again=tails"},
	"dag-conditional-parameters.yaml":   {"-o", "flip-coin=tails"},
	"data-transformations.yaml":         {"-o", `list-log-files=["a.log"]`},
	"loops-param-result.yaml":           {"-o", "generate=[20, 21]"},
	"map-reduce.yaml":                   {"-o", `split=["0", "1"]`},
	"parameter-aggregation-script.yaml": {"-o", `odd-or-even={"num": 2, "evenness": "even"}`},
	"recursive-for-loop.yaml":           {"-o", "iterate-counter=10"},
	"workflow-template/templates.yaml":  {"-p", "message=hello"},
}

// refused are the files that do not run: those that do not load, and those without anything that runs.
var refused = map[string]string{
	"configmaps/simple-parameters-configmap.yaml":                         "holds no workflow to run",
	"fun-with-gifs.yaml":                                                  "the workflow has neither a name nor a generateName",
	"k8s-jobs.yaml":                                                       "the workflow has neither a name nor a generateName",
	"k8s-patch-json-workflow.yaml":                                        "line 13: metadata.annotations: is on line 6 already",
	"synchronization-db-mutex-tmpl-level.yaml":                            "a lock in a database: not supported yet",
	"synchronization-db-mutex-wf-level.yaml":                              "a lock in a database: not supported yet",
	"synchronization-db-tmpl-level.yaml":                                  "a lock in a database: not supported yet",
	"synchronization-db-wf-level.yaml":                                    "a lock in a database: not supported yet",
	"testvolume.yaml":                                                     "holds no workflow to run",
	"workflow-count-resourcequota.yaml":                                   "holds no workflow to run",
	"workflow-event-binding/event-consumer-workfloweventbinding.yaml":     "holds no workflow to run",
	"workflow-event-binding/event-consumer-workflowtemplate.yaml":         `the workflow has no parameter "appellation"`,
	"workflow-event-binding/github-path-filter-workfloweventbinding.yaml": "holds no workflow to run",
}

// Each of Argo's example files runs to its end on the fake, but those that are refused.
func TestArgoExamples(t *testing.T) {
	files := argotest.Examples(t)
	templates := gather(t, files)
	ran := 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*24*time.Hour)
			defer cancel()
			var stdout, stderr bytes.Buffer
			args := append([]string{files[file], "-executor", "fake", "-templates", templates}, given[file]...)
			code := command.Run(ctx, args, &stdout, &stderr, load)
			if why := refused[file]; why != "" {
				assert.Equal(t, 1, code, file)
				assert.Contains(t, stderr.String(), why, file)
				assert.Empty(t, stdout.String(), file)
				t.Logf("%s: %s", file, why)
				return
			}
			ran++
			assert.Zero(t, code, "%s: %s", file, tail(stderr.String()))
		})
	}
	t.Logf("%d of %d files ran", ran, len(files))
}

// gather puts into a directory what the files refer to in each other, and the ConfigMaps that they ask for.
func gather(t *testing.T, files map[string]string) (dir string) {
	var all source.Memory
	dir = t.TempDir()
	objects := argotest.Configs()
	for _, path := range slices.Sorted(maps.Values(files)) {
		f, err := os.Open(path)
		require.NoError(t, err)
		read, err := spec.Decode(f)
		require.NoError(t, f.Close())
		if err == nil { // what does not decode is for the test
			objects = append(objects, read...)
		}
	}
	for _, o := range objects {
		if all.Set(o) == nil { // it is of a kind to be referred to
			var text bytes.Buffer
			require.NoError(t, spec.Encode(&text, o))
			name := fmt.Sprintf("%T-%s.yaml", o, o.GetName())
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o644))
		}
	}
	return dir
}

// tail is the end of what a program says.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}
