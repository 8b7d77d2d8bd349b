package workflow_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// Two files of a node under one key would be one file.
func TestOutputsUnderOneKey(t *testing.T) {
	at := func(bucket, key string) spec.ArtifactLocation {
		return spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: bucket}, Key: key}}
	}
	const a, b = workflow.Artifact("a"), workflow.Artifact("b")
	for name, tt := range map[string]struct {
		first, second spec.ArtifactLocation
		refused       bool
	}{
		"the same key":               {at("x", "k"), at("x", "k"), true},
		"the same tags":              {at("x", "{{workflow.name}}/k"), at("x", "{{workflow.name}}/k"), true},
		"the same key of elsewhere":  {at("", "k"), at("", "k"), true},
		"an expression":              {at("x", "{{=sprig.randNumeric(4)}}"), at("x", "{{=sprig.randNumeric(4)}}"), false},
		"another key":                {at("x", "k"), at("x", "l"), false},
		"another bucket":             {at("x", "k"), at("y", "k"), false},
		"another store":              {at("", "k"), spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "k"}}, false},
		"where the repository says":  {spec.ArtifactLocation{}, spec.ArtifactLocation{}, false},
		"a bucket, and no key of it": {at("x", ""), at("x", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := workflow.New("x-", workflow.Container("main", "alpine:3.23").Outputs(a.At("/a").In(tt.first), b.At("/b").In(tt.second)))
			if !tt.refused {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, `templates[main].outputs.artifacts[b]: has the same key as templates[main].outputs.artifacts[a]: one would overwrite the other`)
		})
	}
}

// Who asks a run for what it has not is told what it has.
func TestOpenNamesTheNearest(t *testing.T) {
	d := dag.New("main")
	d.Task("build", workflow.Container("build", "alpine:3.23").Outputs(outFile.At("/out")))
	run, err := workflow.Must(workflow.New("x-", d)).Run(t.Context(), fake.New(t).On("build", fake.Succeed(outFile.Set("text"))))
	require.NoError(t, err)
	for want, tt := range map[string]struct {
		path string
		a    workflow.Artifact
	}{
		`no node "biuld" has begun; did you mean "build"?: file does not exist`:         {"biuld", outFile},
		`no node "quite-other" has begun: file does not exist`:                          {"quite-other", outFile},
		`node "build" left no artifact "uot"; did you mean "out"?: file does not exist`: {"build", "uot"},
	} {
		_, err := run.Open(t.Context(), tt.path, tt.a)
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, err, fs.ErrNotExist)
		assert.EqualError(t, run.Fetch(t.Context(), tt.path, tt.a, t.TempDir()+"/x"), want)
	}
}
