package artifact_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

func TestLocations(t *testing.T) {
	for kind, l := range map[string]spec.ArtifactLocation{
		"s3": {S3: &spec.S3Artifact{}}, "gcs": {GCS: &spec.GCSArtifact{}}, "azure": {Azure: &spec.AzureArtifact{}}, "oss": {OSS: &spec.OSSArtifact{}},
		"hdfs": {HDFS: &spec.HDFSArtifact{}}, "http": {HTTP: &spec.HTTPArtifact{}}, "artifactory": {Artifactory: &spec.ArtifactoryArtifact{}},
		"plugin:x": {Plugin: &spec.PluginArtifact{Name: "x"}},
	} {
		assert.Equal(t, kind, artifact.Kind(&l))
		changed := artifact.WithKey(l, "a/b")
		assert.Equal(t, "a/b", artifact.Key(&changed))
		assert.Empty(t, artifact.Key(&l), "the one given stays")
		_, _, err := artifact.New(nil).Open(t.Context(), &l)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "there is no driver for "+kind)
		require.ErrorContains(t, err, "artifact.New", "it says how to get one")
	}
	for kind, l := range map[string]spec.ArtifactLocation{"git": {Git: &spec.GitArtifact{}}, "raw": {Raw: &spec.RawArtifact{}}, "": {}} {
		assert.Equal(t, kind, artifact.Kind(&l))
		changed := artifact.WithKey(l, "a")
		assert.Empty(t, artifact.Key(&changed))
	}
	for _, l := range []spec.ArtifactLocation{{}, artifact.Directory("relative"), artifact.Volume(""), artifact.Volume("../x"), artifact.Volume("absent")} {
		_, _, err := artifact.New(nil).Open(t.Context(), &l)
		require.Error(t, err)
	}
}

func TestJoin(t *testing.T) {
	keyed := map[string]spec.ArtifactLocation{
		"s3": {S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "b"}}}, "gcs": {GCS: &spec.GCSArtifact{}}, "azure": {Azure: &spec.AzureArtifact{}},
		"oss": {OSS: &spec.OSSArtifact{}}, "hdfs": {HDFS: &spec.HDFSArtifact{}}, "plugin:x": {Plugin: &spec.PluginArtifact{Name: "x"}},
	}
	urls := map[string]spec.ArtifactLocation{"http": {HTTP: &spec.HTTPArtifact{}}, "artifactory": {Artifactory: &spec.ArtifactoryArtifact{}}}
	for _, tc := range []struct {
		of    map[string]spec.ArtifactLocation
		key   string
		names []string
		want  string
	}{
		{keyed, "", []string{"run/pod", "out.tgz"}, "run/pod/out.tgz"},
		{keyed, "a/b", []string{"out.tgz"}, "a/b/out.tgz"},
		{keyed, "a/b/", []string{"out.tgz"}, "a/b/out.tgz"},
		{keyed, "/tmp", []string{"out.tgz"}, "/tmp/out.tgz"},
		{keyed, "a//b/../c", []string{"d/e/../f/"}, "a//b/../c/d/f"}, // another key than a/c: nobody cleans keys
		{keyed, "a", []string{"out 50%?.tgz"}, "a/out 50%?.tgz"},
		{keyed, "a/b", []string{"../../../out"}, "a/b/out"},
		{keyed, "a/b", nil, "a/b"},
		{urls, "https://host/repo", []string{"run/pod", "out.tgz"}, "https://host/repo/run/pod/out.tgz"},
		{urls, "https://host/repo/", []string{"out.tgz"}, "https://host/repo/out.tgz"},
		{urls, "https://host", []string{"out.tgz"}, "https://host/out.tgz"},
		{urls, "https://host/a%2Fb?token=x/y#z", []string{"out.tgz"}, "https://host/a%2Fb/out.tgz?token=x/y#z"},
		{urls, "https://host/repo", []string{"out 50%?.tgz"}, "https://host/repo/out%2050%25%3F.tgz"},
		{urls, "https://host/repo", []string{"../../../out"}, "https://host/repo/out"},
		{urls, "https://host/repo", nil, "https://host/repo"},
	} {
		for kind, l := range tc.of {
			base := artifact.WithKey(l, tc.key)
			joined := artifact.Join(base, tc.names...)
			assert.Equal(t, artifact.WithKey(l, tc.want), joined, "%s: %q %q", kind, tc.key, tc.names)
			assert.Equal(t, tc.key, artifact.Key(&base), "the one given stays")
		}
	}
	for _, l := range []spec.ArtifactLocation{{Git: &spec.GitArtifact{Repo: "r"}}, {Raw: &spec.RawArtifact{Data: "d"}}, {}} {
		assert.Equal(t, l, artifact.Join(l, "out.tgz"))
	}
}

func TestKeyOnly(t *testing.T) {
	for name, tc := range map[string]struct {
		only, whole spec.ArtifactLocation
	}{
		"S3":     {spec.ArtifactLocation{S3: &spec.S3Artifact{Key: "k"}}, spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "b"}}}},
		"GCS":    {spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "k"}}, spec.ArtifactLocation{GCS: &spec.GCSArtifact{GCSBucket: spec.GCSBucket{Bucket: "b"}}}},
		"OSS":    {spec.ArtifactLocation{OSS: &spec.OSSArtifact{Key: "k"}}, spec.ArtifactLocation{OSS: &spec.OSSArtifact{OSSBucket: spec.OSSBucket{Bucket: "b"}}}},
		"Azure":  {spec.ArtifactLocation{Azure: &spec.AzureArtifact{Blob: "k"}}, spec.ArtifactLocation{Azure: &spec.AzureArtifact{AzureBlobContainer: spec.AzureBlobContainer{Container: "c"}}}},
		"HDFS":   {spec.ArtifactLocation{HDFS: &spec.HDFSArtifact{Path: "k"}}, spec.ArtifactLocation{HDFS: &spec.HDFSArtifact{HDFSConfig: spec.HDFSConfig{Addresses: []string{"a"}}}}},
		"Plugin": {spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Key: "k"}}, artifact.Directory("/d")},
		"URL":    {spec.ArtifactLocation{S3: &spec.S3Artifact{}}, spec.ArtifactLocation{HTTP: &spec.HTTPArtifact{URL: "u"}}},
		"Raw":    {spec.ArtifactLocation{S3: &spec.S3Artifact{}}, spec.ArtifactLocation{Raw: &spec.RawArtifact{}}},
		"None":   {spec.ArtifactLocation{S3: &spec.S3Artifact{}}, spec.ArtifactLocation{}},
	} {
		assert.True(t, artifact.KeyOnly(&tc.only), name)
		assert.False(t, artifact.KeyOnly(&tc.whole), name)
	}
	l := spec.ArtifactLocation{Plugin: &spec.PluginArtifact{Key: "a/b"}}
	assert.EqualError(t, artifact.New(nil).Check(&l), `artifact: there is only a key, "a/b", and no repository that it is in: unsupported operation`)
}
