package workflow_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// makeAndUse is a workflow of two steps; of the %s the first is said of the artifact that make leaves, the second of the
// condition of make, the third of the artifact that use takes.
func makeAndUse(out, when, in string) string {
	return document(`
arguments: {parameters: [{name: day, value: monday}]}
templates:
- name: main
  steps:
  - - {name: make, template: make` + when + `}
  - - name: use
      template: use
      arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}
- {name: make, container: {image: a, command: [a]}, outputs: {artifacts: [{name: out, path: /out/file` + out + `}]}}
- {name: use, container: {image: a, command: [a]}, inputs: {artifacts: [{name: in, path: /in` + in + `}]}}`)
}

// keyOf is where the artifact out of a node is kept, without the part that no two attempts share.
func keyOf(run *workflow.Run, path string) string {
	a := &run.Node(path).Artifacts[0]
	key := regexp.MustCompile(`-[a-z2-7]{13}/`).ReplaceAllString(artifact.Key(&a.ArtifactLocation), "-HASH/")
	return artifact.Kind(&a.ArtifactLocation) + " " + key
}

// Where an artifact is kept is said by its template, by the workflow, by the Runner, or by the executor, in this order.
func TestRepository(t *testing.T) {
	config, err := source.Of(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "artifact-repositories", Annotations: map[string]string{"workflows.argoproj.io/default-artifact-repository": "mine"}},
		Data: map[string]string{
			"mine":  "s3: {bucket: mine, endpoint: s3, keyFormat: 'of/{{workflow.parameters.day}}/{{pod.name}}'}",
			"gcs":   "gcs: {bucket: other}",
			"empty": "{}",
			"odd":   "s3: {buckett: a}",
		},
	})
	require.NoError(t, err)
	runners := spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "runners"}, Key: "{{workflow.name}}/{{node.name}}"}}
	for _, tt := range []struct {
		name, out, ref string
		options        []workflow.RunnerOption
		want, err      string
	}{
		{name: "the executor's", want: "plugin:fake r/r-make-HASH/out.tgz"},
		{name: "the Runner's", options: []workflow.RunnerOption{workflow.WithRepository(runners)}, want: "s3 r/r[0].make/out.tgz"},
		{name: "the workflow's default", ref: "{}", want: "s3 of/monday/r-make-HASH/out.tgz"},
		{name: "the workflow's", ref: "{key: gcs}", want: "gcs r/r-make-HASH/out.tgz"},
		{name: "the template's", out: ", s3: {bucket: b, key: 'k/{{workflow.parameters.day}}'}", ref: "{key: gcs}", want: "s3 k/monday"},
		{name: "a bucket only", out: ", s3: {bucket: b, key: k}", ref: "{}", want: "s3 k"},
		{name: "a key only", out: ", s3: {key: k}", ref: "{key: gcs}", want: "gcs k"},
		{name: "as it is", out: ", archive: {none: {}}", want: "plugin:fake r/r-make-HASH/file"},
		{name: "zip", out: ", archive: {zip: {}}", want: "plugin:fake r/r-make-HASH/out.zip"},
		{name: "no such key", ref: "{key: none}", err: `spec.artifactRepositoryRef: configMap "artifact-repositories" has no key "none": file does not exist`},
		{name: "no such ConfigMap", ref: "{configMap: none}", err: `spec.artifactRepositoryRef: no ConfigMap "none"`},
		{name: "empty", ref: "{key: empty}", err: "it names no repository"},
		{name: "a mistake", ref: "{key: odd}", err: `key "odd": error unmarshaling JSON: while decoding JSON: json: unknown field "buckett"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := makeAndUse(tt.out, "", "")
			if tt.ref != "" {
				text = strings.Replace(text, "arguments:", "artifactRepositoryRef: "+tt.ref+"\n  arguments:", 1)
			}
			r := workflow.NewRunner(fake.New(t), append(tt.options, workflow.WithConfig(config))...)
			defer r.Close()
			run, err := r.Start(t.Context(), loadText(t, text), workflow.RunName("r"))
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.NoError(t, run.Wait(t.Context()))
			assert.Equal(t, tt.want, keyOf(run, "[0].make"))
			assert.Equal(t, "/in", run.Node("[1].use").InputArtifacts[0].Path)
			assert.Equal(t, run.Node("[0].make").Artifacts[0].ArtifactLocation, run.Node("[1].use").InputArtifacts[0].ArtifactLocation)
		})
	}
}

// loadText loads a workflow that has nothing wrong.
func loadText(t *testing.T, text string) *workflow.Workflow {
	t.Helper()
	wf, err := workflow.Load(strings.NewReader(text))
	require.NoError(t, err)
	return wf
}

// The artifacts of a workflow's arguments may have tags.
func TestArgumentFiles(t *testing.T) {
	x := fake.New(t)
	_, err := loadText(t, document(`arguments:
  parameters: [{name: p, value: v}]
  artifacts: [{name: top, s3: {bucket: b, key: "{{workflow.parameters.p}}/x"}}]
templates:
- {name: main, inputs: {artifacts: [{name: top, path: /in}]}, container: {image: a, command: [a]}}`)).Run(t.Context(), x)
	require.NoError(t, err)
	assert.Equal(t, "v/x", x.Calls()[0].Artifacts[0].S3.Key)
	_, err = workflow.Load(strings.NewReader(document(`arguments: {artifacts: [{name: top, from: "{{tasks.a.outputs.artifacts.b}}"}]}
templates:
- {name: main, inputs: {artifacts: [{name: top, path: /in}]}, container: {image: a, command: [a]}}`)))
	assert.EqualError(t, err, "arguments.artifacts[top]: an argument of a workflow needs a location, such as s3 or raw")
}

// An executor that keeps nothing by itself begins no run whose artifacts nobody keeps.
func TestNoRepository(t *testing.T) {
	_, err := loadText(t, makeAndUse("", "", "")).Run(t.Context(), &stub{})
	assert.EqualError(t, err, "templates[make].outputs.artifacts[out]: nobody says where it is kept: give it a location, "+
		"the workflow an artifactRepositoryRef, or the runner a repository by WithRepository")
	_, err = loadText(t, makeAndUse(", artifactGC: {strategy: OnWorkflowCompletion}, s3: {bucket: b, key: k}", "", "")).Run(t.Context(), &stub{})
	assert.ErrorContains(t, err, "templates[make].outputs.artifacts[out].artifactGC: the runner is to delete it: artifact: there is no driver for s3")
	r := workflow.NewRunner(fake.New(t), workflow.WithRepository(spec.ArtifactLocation{S3: &spec.S3Artifact{Key: "{{workflow.nam}}"}}))
	_, err = r.Start(t.Context(), loadText(t, makeAndUse("", "", "")))
	assert.EqualError(t, err, `repository.key: {{workflow.nam}}: no such variable; did you mean "workflow.name"?`)
}

// What a skipped task would have left is missing, which only an optional input may be.
func TestArtifactOfASkippedStep(t *testing.T) {
	run, err := loadText(t, makeAndUse("", ", when: 1 == 2", "")).Run(t.Context(), fake.New(t))
	assert.ErrorContains(t, err, "[1].use: inputs.artifacts[in]: {{steps.make.outputs.artifacts.out}} has no value")
	assert.Equal(t, workflow.Errored, run.Node("[1].use").Phase)

	x := fake.New(t)
	_, err = loadText(t, makeAndUse("", ", when: 1 == 2", ", optional: true")).Run(t.Context(), x)
	require.NoError(t, err)
	assert.Empty(t, x.Calls()[0].Artifacts)
}

// What is wrong with artifacts is found when a workflow is made, all of it at once.
func TestArtifactMistakes(t *testing.T) {
	_, err := workflow.Load(strings.NewReader(document(`
templates:
- name: main
  inputs: {artifacts: [{name: top}]}
  outputs: {artifacts: [{name: all, from: "{{steps.make.outputs.artifacts.oot}}"}, {name: none}]}
  steps:
  - - {name: make, template: make}
    - {name: lacks, template: use}
  - - name: use
      template: use
      arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.result}}"}, {name: extra, raw: {data: a}}]}
    - name: global
      template: use
      arguments: {artifacts: [{name: in, from: "{{workflow.outputs.artifacts.shard}}"}]}
- name: make
  container: {image: a}
  outputs: {artifacts: [{name: out, path: /out, globalName: shared}, {name: out, path: /b}]}
- {name: use, container: {image: a}, inputs: {artifacts: [{name: in, path: /in}]}}`)))
	for _, want := range []string{
		`arguments.artifacts: the entrypoint's template "main" needs the artifact "top"`,
		`templates[main].steps[lacks].arguments: template "use" needs the artifact "in"`,
		`templates[main].steps[use].arguments.artifacts[in].from: "{{steps.make.outputs.result}}" is no artifact: expected one`,
		`templates[main].outputs.artifacts[all].from: {{steps.make.outputs.artifacts.oot}}: template "make" has no output artifact "oot"; did you mean "out"?`,
		`templates[main].outputs.artifacts[none]: has neither from nor fromExpression`,
		`{{workflow.outputs.artifacts.shard}}: no template has an output artifact with the globalName "shard"; did you mean "shared"?`,
		`templates[make].outputs.artifacts[out]: two artifacts have this name`,
	} {
		assert.ErrorContains(t, err, want)
	}
}

// An artifactGC deletes at the run's end, or when the run is forgotten; what is gone says so.
func TestArtifactGC(t *testing.T) {
	for _, strategy := range []string{"OnWorkflowCompletion", "OnWorkflowDeletion", "Never"} {
		x := fake.New(t).On("make", fake.Succeed(workflow.Artifact("out").Set("text")))
		r := workflow.NewRunner(x)
		text := strings.Replace(makeAndUse("", "", ""), "arguments:", "artifactGC: {strategy: "+strategy+"}\n  arguments:", 1)
		run, err := r.Start(t.Context(), loadText(t, text), workflow.RunName("r"))
		require.NoError(t, err)
		require.NoError(t, run.Wait(t.Context()))
		assert.Equal(t, strategy == "OnWorkflowCompletion", run.Node("[0].make").Artifacts[0].Deleted, strategy)
		content := func() string {
			f, err := run.Open(t.Context(), "[0].make", "out")
			if err != nil {
				assert.ErrorIs(t, err, fs.ErrNotExist, strategy)
				return ""
			}
			defer f.Close()
			text, err := io.ReadAll(f)
			require.NoError(t, err)
			return string(text)
		}
		assert.Equal(t, strategy != "OnWorkflowCompletion", content() == "text", strategy)
		forgotten, err := r.Forget(t.Context(), "r")
		require.NoError(t, err)
		assert.True(t, forgotten)
		assert.Equal(t, strategy == "Never", content() == "text", strategy)
		require.NoError(t, r.Close())
	}
}

// A run that another process goes on with knows what was left before, and where; the repository is that of its begin.
func TestRecoverArtifacts(t *testing.T) {
	j, err := journal.OpenDir(t.TempDir())
	require.NoError(t, err)
	where := func(bucket string) workflow.RunnerOption {
		return workflow.WithRepository(spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: bucket}}})
	}
	first := workflow.NewRunner(fake.New(nil).On("use", fake.Forever()), workflow.WithJournal(j), where("old"))
	run, err := first.Start(t.Context(), loadText(t, makeAndUse("", "", "")), workflow.RunName("r"))
	require.NoError(t, err)
	for e := range run.Events(t.Context()) {
		if e.Node.Path == "[1].use" && e.Node.Phase == workflow.Running {
			break
		}
	}
	want := run.Node("[0].make").Artifacts
	require.NoError(t, first.Close())

	x := fake.New(t)
	second := workflow.NewRunner(x, workflow.WithJournal(j), where("new"))
	runs, err := second.Recover(t.Context())
	require.NoError(t, err)
	require.NoError(t, runs[0].Wait(t.Context()))
	assert.Equal(t, want, runs[0].Node("[0].make").Artifacts)
	assert.Equal(t, "old", x.Calls()[0].Artifacts[0].S3.Bucket)
	require.NoError(t, second.Close())
}

// On the local executor files and directories pass through its directory, packed as they say.
func TestArtifactsLocal(t *testing.T) {
	for _, archive := range []string{"", ", archive: {none: {}}", ", archive: {zip: {}}", ", archive: {tar: {compressionLevel: 0}}"} {
		x := local.New()
		x.Directory = t.TempDir()
		run, err := loadText(t, document(`
templates:
- name: main
  steps:
  - - {name: make, template: make}
  - - name: part
      template: use
      arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}", subPath: sub}]}
  - - {name: list, template: list}
- name: make
  container: {image: a, command: [sh, -c, "mkdir -p /out/dir/sub && echo a > /out/dir/sub/f && echo b > /out/dir/g"]}
  outputs: {artifacts: [{name: out, path: /out/dir`+archive+`}]}
- name: use
  script: {image: a, command: [sh], source: "cat /in/f"}
  inputs: {artifacts: [{name: in, path: /in}]}
  outputs: {parameters: [{name: x, valueFrom: {path: /in/f}}]}
- name: list
  data: {source: {artifactPaths: {name: all, plugin: {key: ""}}}, transformation: [{expression: "map(filter(data, {# contains 'dir'}), {split(#, 'dir/')[1]})"}]}`)).
			Run(t.Context(), x)
		require.NoError(t, err, archive)
		got, _ := run.Node("[1].part").Output("x")
		assert.Equal(t, "a", got, archive)
		to := filepath.Join(t.TempDir(), "d")
		require.NoError(t, run.Fetch(t.Context(), "[0].make", "out", to))
		text, err := os.ReadFile(filepath.Join(to, "g"))
		require.NoError(t, err)
		assert.Equal(t, "b\n", string(text), archive)
		want := "[]"
		if strings.Contains(archive, "none") {
			want = `["g","sub/f"]`
		}
		assert.Equal(t, want, *run.Node("[2].list").Result, archive)
	}
}

// A function that leaves no artifact that it must leave is an Error, and so is one that asks for what it has not.
func TestFuncArtifactMistakes(t *testing.T) {
	const out = workflow.Artifact("out")
	for _, tt := range []struct {
		name string
		f    func(context.Context, struct{}) (struct{}, error)
		want string
	}{
		{"nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }, "outputs.artifacts[out]: it left none, and it is not optional"},
		{"another", func(ctx context.Context, _ struct{}) (struct{}, error) {
			_, err := workflow.Artifact("outs").Create(ctx)
			return struct{}{}, err
		}, `outputs.artifacts[outs]: none is declared; did you mean "out"?`},
		{"an input", func(ctx context.Context, _ struct{}) (struct{}, error) {
			_, err := out.Open(ctx)
			return struct{}{}, err
		}, "inputs.artifacts[out]: none is declared"},
		{"a writer left open", func(ctx context.Context, _ struct{}) (struct{}, error) {
			_, err := out.Create(ctx)
			return struct{}{}, err
		}, "outputs.artifacts[out]: its writer was not closed, so it was not stored"},
		{"an aborted writer", func(ctx context.Context, _ struct{}) (struct{}, error) {
			w, err := out.Create(ctx)
			if err == nil {
				w.Abort()
				err = w.Close()
			}
			return struct{}{}, err
		}, "outputs.artifacts[out]: it left none, and it is not optional"},
	} {
		wf := workflow.Must(workflow.New("x", workflow.Func("f", tt.f).Outputs(out)))
		_, err := wf.Run(t.Context(), fake.New(t))
		assert.ErrorContains(t, err, tt.want, tt.name)
	}
	_, err := out.Create(t.Context())
	assert.EqualError(t, err, "the context is not that of a Go function of a workflow which declares artifacts")
}

// The manifest of a resource template may be an artifact, which the run reads: an executor finds a manifest.
func TestManifestFrom(t *testing.T) {
	const text = `arguments: {parameters: [{name: kind, value: ConfigMap}]}
templates:
- name: main
  inputs: {artifacts: [{name: file, raw: {data: "kind: {{workflow.parameters.kind}}"}}]}
  resource: {action: get, %s}`
	for _, tt := range []struct{ from, want, err string }{
		{from: "manifestFrom: {artifact: {name: file}}", want: "kind: ConfigMap"},
		{from: `manifestFrom: {artifact: {name: other, raw: {data: "kind: Other"}}}`, want: "kind: Other"},
		{from: "manifestFrom: {artifact: {name: fil}}",
			err: `templates[main].resource.manifestFrom.artifact: template "main" declares no input artifact "fil"; did you mean "file"?`},
		{from: "manifest: a, manifestFrom: {artifact: {name: file}}", err: "templates[main].resource.manifestFrom: there is a manifest too"},
		{from: "manifestFrom: {}", err: "templates[main].resource.manifestFrom: names no artifact"},
	} {
		wf, err := workflow.Load(strings.NewReader(document(strings.Replace(text, "%s", tt.from, 1))))
		if tt.err != "" {
			assert.EqualError(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		got := ""
		_, err = wf.Run(t.Context(), &stub{execute: func(_ context.Context, task *executor.Task, _ func(executor.Update)) (executor.Result, error) {
			template, err := task.Template()
			if err == nil {
				got = template.Resource.Manifest
			}
			return executor.Result{}, err
		}})
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
}

// In Go an artifact may be a part of another one, or come from where no task has left it, and may be missing.
func TestArtifactBuilders(t *testing.T) {
	const in, out, rest = workflow.Artifact("in"), workflow.Artifact("out"), workflow.Artifact("rest")
	text := func(data string) spec.ArtifactLocation {
		return spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: data}}
	}
	tree := workflow.Container("tree", "busybox").Command("sh", "-c", "mkdir -p /out/a/b && echo deep > /out/a/b/c").Outputs(out.At("/out"))
	var read workflow.Result[string]
	cat := workflow.Container("cat", "busybox").Command("sh", "-c", "cat /in; cat /rest || true").Outputs(read).
		Inputs(in.At("/in").In(text("own")), rest.At("/rest").Optional())
	d := dag.New("main")
	make := d.Task("make", tree)
	d.Task("sub", cat, in.From(out.Of(make).Sub("a").Sub("b/c")))
	d.Task("given", cat, in.In(text("given")), rest.In(text(" and rest")))
	d.Task("own", cat)
	wf := workflow.Must(workflow.New("x-", d))
	x := local.New()
	defer x.Close()
	run, err := wf.Run(t.Context(), x)
	require.NoError(t, err)
	for name, want := range map[string]string{"sub": "deep", "given": "given and rest", "own": "own"} {
		got, err := read.Get(run.Node(name))
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	yaml, err := wf.YAML()
	require.NoError(t, err)
	again, err := workflow.Load(bytes.NewReader(yaml))
	require.NoError(t, err)
	text2, err := again.YAML()
	require.NoError(t, err)
	assert.Equal(t, string(yaml), string(text2))
}
