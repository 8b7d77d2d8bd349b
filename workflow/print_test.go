package workflow_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/formats/dot"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "print", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestPrint(t *testing.T) {
	const message = workflow.Param[string]("message")
	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())

	diamond := dag.New("diamond").Inputs(message)
	a := diamond.Task("A", echo, message.Pass())
	b := diamond.Task("B", echo, message.Set(`say "B" & <go>`)).Dependencies(a)
	c := diamond.Task("C", echo, message.Set("C")).Dependencies(a)
	diamond.Task("D", echo, message.Set("D")).Dependencies(b, c)

	release := steps.New("release")
	release.Step("first", diamond, message.Set("one"))
	three := release.Group()
	three.Step("x", diamond, message.Set("two"))
	three.Step("y", echo, message.Set("three"))
	three.Step("echo", echo, message.Set("four"))
	two := release.Group()
	two.Step("v", echo, message.Set("five"))
	two.Step("w", echo, message.Set("six"))

	for name, entry := range map[string]workflow.Template{
		"leaf":    workflow.Container("hello", "busybox").Command("echo", "hello world"),
		"diamond": diamond,
		"nested":  release,
	} {
		t.Run(name, func(t *testing.T) {
			var args []workflow.Option
			if name == "diamond" {
				args = append(args, message.Set("A"))
			}
			w, err := workflow.New(name+"-", entry, args...)
			require.NoError(t, err)
			yaml, err := w.YAML()
			require.NoError(t, err)
			golden(t, name+".yaml", string(yaml))
			golden(t, name+".dot", w.DOT())
			golden(t, name+".mmd", w.Mermaid())
			_, err = dot.ParseString(w.DOT())
			require.NoError(t, err)

			again, err := workflow.Load(strings.NewReader(string(yaml)))
			require.NoError(t, err)
			assert.Equal(t, w.Spec(), again.Spec())
		})
	}
}

// A drawing of a workflow that runs 2^1000 nodes, and of one that is nested ten thousand deep, is as long as what was
// written.
func TestDrawingsOfDeepWorkflows(t *testing.T) {
	for name, size := range map[string]struct{ levels, calls int }{"twice": {1000, 2}, "deep": {10_000, 1}} {
		t.Run(name, func(t *testing.T) {
			var inner workflow.Template = workflow.Container("leaf", "busybox").Command("true")
			for level := range size.levels {
				d := dag.New(fmt.Sprintf("level-%d", level))
				for call := range size.calls {
					d.Task(fmt.Sprintf("call-%d", call), inner)
				}
				inner = d
			}
			w, err := workflow.New("deep-", inner)
			require.NoError(t, err)
			for _, text := range []string{w.DOT(), w.Mermaid()} {
				assert.Equal(t, size.levels, strings.Count(text, "subgraph "))
				assert.Less(t, len(text), 250*size.levels*size.calls)
			}
		})
	}
}
