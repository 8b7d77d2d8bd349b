package local_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow/spec"
)

// raw is an input artifact whose text is written in the workflow.
func raw(path, text string) executor.Artifact {
	return executor.Artifact{Artifact: spec.Artifact{
		Name: filepath.Base(path), Path: path, ArtifactLocation: spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: text}},
	}}
}

// given is a task with input artifacts.
func (b *bench) given(t *spec.Template, artifacts ...executor.Artifact) *executor.Task {
	task := b.task(t)
	task.Artifacts = artifacts
	for i := range artifacts {
		t.Inputs.Artifacts = append(t.Inputs.Artifacts, spec.Artifact{Name: artifacts[i].Name, Path: artifacts[i].Path})
	}
	return task
}

func (b *bench) end(t *executor.Task) (executor.Result, error) {
	return b.Execute(b.Context(), t, func(executor.Update) {})
}

func TestArtifactPathsAreMapped(t *testing.T) {
	b := begin(t)
	template := sh(`cat /tmp/in /tmp/in2 /etc/conf.d/x; echo; printf %s "$1"; touch $PODFLOW_ROOT/tmp/out`)
	template.Container.Args = []string{"sh", "/tmp/in /tmp/inner /tmp/in/side /tmp/out/x /conf/y /tmp/other"}
	template.Outputs.Artifacts = []spec.Artifact{{Name: "out", Path: "/tmp/out", ArtifactLocation: artifact.WithKey(artifact.Directory(t.TempDir()), "x")}}
	res, err := b.end(b.given(template, raw("/tmp/in", "1"), raw("/tmp/in2", "2"), raw("/etc/conf.d/x", "3"), raw("/conf/z", "4")))
	require.NoError(t, err)
	assert.Equal(t, "123\nDIR/tmp/in /tmp/inner DIR/tmp/in/side DIR/tmp/out/x DIR/conf/y /tmp/other", anonymous(*res.Result))
}

func TestInputArtifactAboveWorkingDirectory(t *testing.T) {
	b := begin(t)
	store := artifact.Directory(t.TempDir())
	tree := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "src", "cmd"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "src", "cmd", "main"), []byte("main"), 0o600))
	kept, err := artifact.Save(t.Context(), artifact.New(nil), &spec.Artifact{Name: "src", ArtifactLocation: artifact.WithKey(store, "src")}, filepath.Join(tree, "src"))
	require.NoError(t, err)
	kept.Path = "/work/src"
	template := sh("pwd; cat main ../data")
	template.Container.WorkingDir = "/work/src/cmd"
	res, err := b.end(b.given(template, raw("/work/src/data", "data"), kept))
	require.NoError(t, err)
	assert.Equal(t, "DIR/work/src/cmd\nmaindata", anonymous(*res.Result))
}

func TestArtifactIsNotReadOutOfTheNode(t *testing.T) {
	b := begin(t)
	secrets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "key"), []byte("secret"), 0o600))
	for script, path := range map[string]string{
		"ln -s " + secrets + "/key /out/data":                            "/out/data",
		"rmdir /out/dir; ln -s " + secrets + " /out/dir":                 "/out/dir/key",
		"ln -s " + secrets + " /out/data; exit 0":                        "/out/data",
		"rmdir /out/b; ln -s ../../../../../../.." + secrets + " /out/b": "/out/b/key",
	} {
		template := sh(script)
		template.Outputs.Artifacts = []spec.Artifact{{Name: "data", Path: path, ArtifactLocation: artifact.WithKey(artifact.Directory(t.TempDir()), "x")}}
		_, err := b.end(b.task(template))
		require.ErrorContains(t, err, "outputs.artifacts[data]: "+path, "%s", script)
		assert.ErrorContains(t, err, "escapes", "%s", script)
	}
}

func TestOwnRepository(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x := local.New()
	at := x.Repository()
	assert.Equal(t, at, x.Repository(), "it stays")
	assert.Empty(t, left(t, x), "it is made when something is kept")
	file := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o600))
	_, err := artifact.Save(t.Context(), artifact.New(nil), &spec.Artifact{ArtifactLocation: artifact.WithKey(at, "a/b")}, file)
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(at.Plugin.Configuration, "a/b"))
	require.NoError(t, x.Close())
	assert.Empty(t, left(t, x))

	x = local.New()
	x.Directory = t.TempDir()
	assert.Equal(t, artifact.Directory(x.Directory), x.Repository())
	require.NoError(t, x.Close())
	assert.DirExists(t, x.Directory)
}

func TestPlacesThatNoDriverOpensAreRefused(t *testing.T) {
	template := sh("true")
	template.Inputs.Artifacts = []spec.Artifact{
		{Name: "task", Path: "/in"}, {Name: "text", Path: "/text", ArtifactLocation: spec.ArtifactLocation{Raw: &spec.RawArtifact{}}},
		{Name: "bucket", Path: "/b", ArtifactLocation: spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "b"}}}}, {Name: "nowhere"},
		{Name: "keyOfS3", Path: "/k", ArtifactLocation: spec.ArtifactLocation{S3: &spec.S3Artifact{Key: "k"}}},
		{Name: "key", Path: "/k2", ArtifactLocation: spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Key: "k"}}},
	}
	err := local.New().Check(&spec.Workflow{}, []executor.Leaf{{Path: "templates[x]", Template: template}})
	require.ErrorContains(t, err, "templates[x].inputs.artifacts[bucket]: not on the local executor")
	require.ErrorContains(t, err, "artifact.New")
	require.ErrorContains(t, err, "templates[x].inputs.artifacts[nowhere]")
	for _, fine := range []string{"task", "text", "keyOfS3", "key"} {
		assert.NotContains(t, err.Error(), "["+fine+"]")
	}
}
