package source_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree is files, by name.
type tree map[string]string

func (f tree) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range f {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func configMap(name, limit string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {limit: '" + limit + "'}\n"
}

func object(kind, name string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: {}\n"
}

func TestFS(t *testing.T) {
	m, err := source.FS(tree{
		"a.yaml":           object("WorkflowTemplate", "a") + "---\n" + configMap("a", "1"),
		"b/c/d.yml":        object("ClusterWorkflowTemplate", "d"),
		"x.yaml/z.yaml":    object("WorkflowTemplate", "z"),
		"others.yaml":      object("Workflow", "a") + "---\n" + object("CronWorkflow", "a") + "---\n" + object("Workflow", ""),
		"empty.yaml":       "",
		"README.md":        "not: [YAML",
		"yaml":             "not: [YAML",
		".hidden.yaml":     "not: [YAML",
		"..data/a.yaml":    object("WorkflowTemplate", "a"),
		"b/.git/head.yaml": "not: [YAML",
	}.fs())
	require.NoError(t, err)
	for _, name := range []string{"a", "z"} {
		_, err = m.WorkflowTemplate(t.Context(), name)
		assert.NoError(t, err)
	}
	_, err = m.ClusterWorkflowTemplate(t.Context(), "d")
	assert.NoError(t, err)
	c, err := m.ConfigMap(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "1", c.Data["limit"])
}

func TestFSRefuses(t *testing.T) {
	_, err := source.FS(tree{
		"a.yaml":   object("WorkflowTemplate", "a") + "x: 1\nkid: 2\n---\n" + object("WorkflowTemplat", "b"),
		"b.yaml":   object("WorkflowTemplate", "twice") + "---\n" + configMap("twice", "1"),
		"b/c.yaml": configMap("twice", "2") + "---\n" + configMap("", "3") + "---\n" + object("WorkflowTemplate", "twice"),
		"d.yml":    "a: [",
		"e.yaml":   "apiVersion: v1\nkind: Secret\ndata: {password: aHVudGVyMg==}",
	}.fs())
	require.Error(t, err)
	assert.Equal(t, []string{
		"a.yaml: line 5: x: unknown field",
		`a.yaml: line 6: kid: unknown field; did you mean "kind"?`,
		`a.yaml: line 9: kind: unknown kind "WorkflowTemplat"; did you mean "WorkflowTemplate"?`,
		"b/c.yaml: a ConfigMap needs a metadata.name",
		`b.yaml: WorkflowTemplate "twice" is in b/c.yaml already`,
		`b.yaml: ConfigMap "twice" is in b/c.yaml already`,
		"d.yml: line 1: not YAML: did not find expected node content",
		"e.yaml: line 2: kind: a Secret is not read: secrets do not belong into files that are kept",
	}, strings.Split(err.Error(), "\n"))
	var problem *spec.DecodeError
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, 5, problem.Line)
}

// A Reload takes what is there now, or nothing.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sub", "a.yaml")
	write := func(text string) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
	write(configMap("limits", "1"))
	m, err := source.Dir(dir)
	require.NoError(t, err)
	limit := func() string {
		c, err := m.ConfigMap(t.Context(), "limits")
		require.NoError(t, err)
		return c.Data["limit"]
	}
	write(configMap("limits", "2"))
	assert.Equal(t, "1", limit())
	require.NoError(t, m.Reload())
	assert.Equal(t, "2", limit())

	write(configMap("limits", "3") + "x: 1")
	require.EqualError(t, m.Reload(), file+": line 5: x: unknown field")
	assert.Equal(t, "2", limit())

	require.NoError(t, m.Set(limits("more", "1")))
	write(object("WorkflowTemplate", "a"))
	require.NoError(t, m.Reload())
	for _, name := range []string{"limits", "more"} {
		_, err = m.ConfigMap(t.Context(), name)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func TestDirThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := source.Dir(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, dir)
}
