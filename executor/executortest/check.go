package executortest

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
)

func testCheck(t *testing.T, cfg Config) {
	checker, ok := cfg.New(t).(executor.Checker)
	if !ok {
		require.Empty(t, cfg.Refuse, "only a Checker refuses")
		require.Zero(t, cfg.Lacks, "only a Checker refuses")
		t.Skip("it checks nothing")
	}
	var leaves []executor.Leaf
	var want []string
	add := func(l executor.Leaf, path string) {
		l.Path = "templates[" + l.Template.Name + "]"
		leaves = append(leaves, l)
		want = append(want, l.Path+path)
	}
	for i, path := range slices.Sorted(maps.Keys(cfg.Refuse)) {
		template := cfg.Refuse[path]
		template.Name = "run-refused" + string(rune('a'+i))
		add(executor.Leaf{Template: &template}, "."+path)
	}
	if !cfg.has(Results) {
		template := cfg.template(Program{Stdout: "used"})
		template.Name = "run-result"
		add(executor.Leaf{Template: &template, UsesResult: true}, "")
	}
	if !cfg.has(Files) {
		template := cfg.template(Program{Files: map[string]string{"/out/rows": "used"}})
		template.Name = "run-files"
		add(executor.Leaf{Template: &template}, ".outputs.parameters[rows]")
	}
	if len(leaves) == 0 {
		t.Skip("there is nothing to refuse")
	}
	err := checker.Check(workflow("refused", leaves), leaves)
	require.Error(t, err)
	for _, path := range want {
		assert.ErrorContains(t, err, path, "all problems are in one error")
	}
}
