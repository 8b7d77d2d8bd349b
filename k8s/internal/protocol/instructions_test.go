package protocol_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// inContainer is the environment that the kubelet makes of variables, with one of the program's own.
func inContainer(vars []corev1.EnvVar) []string {
	environ := []string{"PATH=/bin"}
	for _, v := range vars {
		environ = append(environ, v.Name+"="+v.Value)
	}
	return environ
}

func TestInstructionsArrive(t *testing.T) {
	for name, in := range map[string]*protocol.Instructions{
		"Run": {Run: &protocol.Run{
			Container: "main", WantResult: true,
			Values: []protocol.File{{Name: "a", Path: "/tmp/$(A)"}}, Grace: time.Minute, MessageLimit: 4096,
			Artifacts: []spec.Artifact{{Name: "x", Path: "/x", Archive: &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}}},
		}},
		"LongPath": {Run: &protocol.Run{Values: []protocol.File{{Name: "$(HOME)", Path: base64.StdEncoding.EncodeToString([]byte(noise(256 << 10)))}}}},
		"Init": {Init: &protocol.Init{Install: true, Artifacts: []executor.Artifact{{Artifact: spec.Artifact{Name: "in", Path: "/in",
			ArtifactLocation: spec.ArtifactLocation{S3: &spec.S3Artifact{Key: "k"}}}, Size: 3, SHA256: "ab"}}}},
		"Outputs": {Outputs: &protocol.Outputs{Artifacts: []spec.Artifact{{Name: "x"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			in.Attempt = "uid/é/0"
			vars, err := in.Env()
			require.NoError(t, err)
			for _, v := range vars {
				assert.NotContains(t, v.Value, "$", "the kubelet expands $(VAR)")
				assert.Less(t, len(v.Name)+len(v.Value), 128<<10)
			}
			got, rest, err := protocol.FromEnv(inContainer(vars))
			require.NoError(t, err)
			assert.Equal(t, in, got)
			assert.Equal(t, []string{"PATH=/bin"}, rest)
		})
	}
}

func TestInstructionsThatDoNotFit(t *testing.T) {
	_, err := (&protocol.Instructions{Run: &protocol.Run{Values: []protocol.File{{Name: "$(HOME)", Path: base64.StdEncoding.EncodeToString([]byte(noise(600 << 10)))}}}}).Env()
	assert.ErrorContains(t, err, "at most")
}

func TestInstructionsThatAreNone(t *testing.T) {
	vars, err := (&protocol.Instructions{Run: &protocol.Run{Values: []protocol.File{{Name: "$(HOME)", Path: base64.StdEncoding.EncodeToString([]byte(noise(100 << 10)))}}}}).Env()
	require.NoError(t, err)
	for name, environ := range map[string][]string{
		"None":        {"PATH=/bin"},
		"NoText":      {"PODFLOW_AGENT="},
		"NoBase64":    {"PODFLOW_AGENT=" + protocol.Version + " ?"},
		"Cut":         {"PODFLOW_AGENT=" + vars[0].Value[:1000]},
		"PartMissing": {vars[0].Name + "=" + vars[0].Value},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := protocol.FromEnv(environ)
			assert.ErrorContains(t, err, "PODFLOW_AGENT")
		})
	}
	t.Run("OfAnotherVersion", func(t *testing.T) {
		_, _, err := protocol.FromEnv([]string{"PODFLOW_AGENT=0.9" + strings.TrimPrefix(vars[0].Value, protocol.Version)})
		var version *protocol.VersionError
		require.ErrorAs(t, err, &version)
		assert.Equal(t, protocol.VersionError{Agent: protocol.Version, Library: "0.9"}, *version)
	})
}

func TestSecretEnvIsOfNameAndKey(t *testing.T) {
	of := func(name, key string) string {
		return protocol.SecretEnv(&corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key})
	}
	assert.Regexp(t, "^PODFLOW_SECRET_[0-9a-f]+$", of("a.b", "c"))
	assert.NotEqual(t, of("a", "bc"), of("ab", "c"))
}

func FuzzFromEnv(f *testing.F) {
	vars, err := (&protocol.Instructions{Attempt: "a", Run: &protocol.Run{Container: "main"}}).Env()
	require.NoError(f, err)
	f.Add(vars[0].Value, "")
	f.Add(vars[0].Value[:20], vars[0].Value[20:])
	f.Add(protocol.Version+" AAAA", "x")
	f.Fuzz(func(t *testing.T, first, second string) {
		in, rest, err := protocol.FromEnv([]string{"PODFLOW_AGENT=" + first, "PODFLOW_AGENT_1=" + second, "A=b"})
		assert.Equal(t, []string{"A=b"}, rest)
		assert.Equal(t, err == nil, in != nil)
	})
}
