package fake_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow/spec"
)

// content is an artifact of a script.
type content struct{ value }

func (content) IsArtifact() bool { return true }

func TestArtifacts(t *testing.T) {
	raw := content{value{"raw", "text"}}
	unscripted := `ERR inputs.artifacts[raw]: fake: nobody scripted what "A" leaves as "raw": expected On("A", fake.Succeed(workflow.Artifact("raw").Set(...)))`
	for name, tc := range map[string]struct {
		script []fake.Outcome
		at     spec.ArtifactLocation
		want   string // what a reader finds
	}{
		"Scripted":   {[]fake.Outcome{fake.Succeed(raw)}, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, "text"},
		"Empty":      {[]fake.Outcome{fake.Succeed(content{value{"raw", ""}})}, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, ""},
		"Unscripted": {nil, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, unscripted},
		"NotSet":     {[]fake.Outcome{fake.Succeed()}, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, unscripted},
		"Failed":     {[]fake.Outcome{fake.Fail(1, "", raw)}, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, "text"},
		"FailedBare": {[]fake.Outcome{fake.Fail(1, "")}, spec.ArtifactLocation{S3: &spec.S3Artifact{}}, "none"},
		"Volume":     {[]fake.Outcome{fake.Succeed(raw)}, artifact.Volume("claim"), "text"},
		"Directory":  {[]fake.Outcome{fake.Succeed(raw)}, artifact.Directory("/absent"), "text"},
		"Raw":        {[]fake.Outcome{fake.Succeed(raw)}, spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: "own"}}, "own"},
	} {
		t.Run(name, func(t *testing.T) {
			x := fake.New(t)
			if tc.script != nil {
				x.On("A", tc.script...)
			}
			a := task("A", "A")
			template, err := a.Template()
			require.NoError(t, err)
			template.Outputs.Artifacts = []spec.Artifact{{Name: "raw", Optional: true, ArtifactLocation: artifact.WithKey(tc.at, "a/raw.tgz")}}
			res, err := execute(x, a)
			require.NoError(t, err)
			assert.Equal(t, tc.want, found(t, x, res))
		})
	}
}

// found is what a reader finds of the artifact that a task left.
func found(t *testing.T, x *fake.Executor, res executor.Result) string {
	if len(res.Artifacts) == 0 {
		return "none"
	}
	f, err := artifact.Read(t.Context(), x.Stores(), &res.Artifacts[0])
	if err != nil {
		return "ERR " + err.Error()
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}

func TestFailLeavesOutputs(t *testing.T) {
	x := fake.New(t).On("A", fake.Fail(3, "no", value{"rows", "4"}))
	res, err := execute(x, task("A", "A", spec.Parameter{Name: "rows"}, spec.Parameter{Name: "note"}))
	require.NoError(t, err)
	assert.Equal(t, spec.Failed, res.Phase)
	assert.Equal(t, []executor.Value{{Name: "rows", Value: "4"}}, res.Outputs)
}
