package k8s_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/k8s/agent/image/imagetest"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

func hasImage(p *corev1.Pod) bool {
	for _, v := range p.Spec.Volumes {
		if v.Image != nil {
			return true
		}
	}
	return false
}

// The cluster is asked once whether an image can be a volume, and believed.
func TestImageVolumeIsAskedFor(t *testing.T) {
	for name, can := range map[string]bool{"can": true, "cannot": false} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, nil)
			agent := withAgent(t)
			var asked atomic.Int32
			c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				answer, err := next.RoundTrip(r)
				if r.URL.Query().Get("dryRun") == "" || err != nil || answer.StatusCode >= http.StatusMultipleChoices {
					return answer, err // a busy server is asked again
				}
				asked.Add(1)
				if can {
					return answer, nil
				}
				_ = answer.Body.Close()
				old, err := json.Marshal(corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, Spec: corev1.PodSpec{
					Volumes: []corev1.Volume{{Name: protocol.BinaryVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
				}})
				answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(old)), int64(len(old))
				answer.Header = http.Header{"Content-Type": {"application/json"}}
				return answer, err
			})
			x := c.executor(k8s.Waits{}, agent...)
			var calls []*call
			var names []string
			for range 3 {
				task := wanting(shell("echo hello"))
				calls, names = append(calls, execute(t, x, task)), append(names, k8s.PodName(task, c.namespace))
			}
			for i, call := range calls {
				result, err := call.end()
				require.NoError(t, err)
				assert.Equal(t, "hello", *result.Result)
				assert.Equal(t, can, hasImage(c.pod(names[i])))
			}
			assert.Equal(t, int32(1), asked.Load())
		})
	}
}

// A webhook may refuse the question and nothing else.
func TestImageVolumeCannotBeAskedFor(t *testing.T) {
	c := newCluster(t, nil)
	agent := withAgent(t)
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.URL.Query().Get("dryRun") == "" {
			return next.RoundTrip(r)
		}
		text := `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "BadRequest", "code": 400,
			"message": "admission webhook does not support dry run"}`
		return &http.Response{StatusCode: http.StatusBadRequest, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text))}, nil
	})
	task := wanting(shell("echo hello"))
	result, err := execute(t, c.executor(k8s.Waits{}, agent...), task).end()
	require.NoError(t, err)
	assert.Equal(t, "hello", *result.Result)
	assert.False(t, hasImage(c.pod(k8s.PodName(task, c.namespace))))
}

// A node on which no container with an image volume starts is seen from the first Pod there.
func TestNodeWithoutImageVolumes(t *testing.T) {
	c := newCluster(t, nil)
	agent := withAgent(t)
	x := c.executor(k8s.Waits{}, agent...)
	x.AgentPinned(imagetest.Registry(t) + "/library/busybox:latest") // it does not hold the agent
	_, err := execute(t, x, wanting(shell("echo hello"))).end()
	var lost *executor.LostError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, "NoImageVolume", lost.Reason)

	x.AgentPinned(imagetest.Push(t))
	task := wanting(shell("echo hello"))
	result, err := execute(t, x, task).end()
	require.NoError(t, err)
	assert.Equal(t, "hello", *result.Result)
	assert.False(t, hasImage(c.pod(k8s.PodName(task, c.namespace))))
}

// A Pod that cannot start for reasons of its own says so after a second attempt, and changes nothing for others.
func TestStartErrorWithImageVolume(t *testing.T) {
	c := newCluster(t, nil)
	x := c.executor(k8s.Waits{}, withAgent(t)...)
	_, err := execute(t, x, wanting(shell("echo hello"))).end()
	require.NoError(t, err)

	broken := shell("echo hello")
	broken.Container.WorkingDir = "/etc/hostname" // a file
	task := wanting(broken)
	_, err = execute(t, x, task).end()
	var lost *executor.LostError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, "NoImageVolume", lost.Reason)
	again := *task
	again.ID.Attempt++
	_, err = execute(t, x, &again).end()
	require.Error(t, err)
	assert.False(t, errors.As(err, &lost), err)

	other := wanting(shell("echo hello"))
	_, err = execute(t, x, other).end()
	require.NoError(t, err)
	assert.True(t, hasImage(c.pod(k8s.PodName(other, c.namespace))))
}

// Where the agent is copied, main does not wait for an image of the agent that cannot be pulled.
func TestAgentThatCannotBePulled(t *testing.T) {
	c := newCluster(t, nil)
	agent := withAgent(t)
	x := c.executor(k8s.Waits{}, agent...)
	x.AgentByCopy()
	x.AgentPinned(imagetest.Registry(t) + "/no/such:agent")
	task := wanting(shell("echo hello"))
	_, err := execute(t, x, task).end()
	var lost *executor.LostError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, "AgentNotCopied", lost.Reason)
	require.ErrorContains(t, err, "no/such:agent")
	c.untilGone(k8s.PodName(task, c.namespace))
}

func TestAgentVersion(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	at := strings.TrimPrefix(server.URL, "http://")
	push := func(tag, version string) string {
		image, err := mutate.Config(empty.Image, v1.Config{Labels: map[string]string{protocol.VersionLabel: version}})
		require.NoError(t, err)
		ref, err := name.ParseReference(at + "/agent:" + tag)
		require.NoError(t, err)
		require.NoError(t, remote.Write(ref, image))
		digest, err := image.Digest()
		require.NoError(t, err)
		return at + "/agent@" + digest.String()
	}
	template := shell("echo hello")
	leaves := []executor.Leaf{{Path: "templates[a]", Template: &template, UsesResult: true}, {Path: "templates[b]", Template: &template}}
	old, fits := push("old", "0.9"), push("fits", protocol.Version)
	for image, want := range map[string]string{
		at + "/agent:old": `version "0.9"`, old: protocol.PushCommand, at + "/agent:none": "name it by digest", "": "WithAgentImage",
		at + "/agent:fits": "", fits: "",
	} {
		err := withAgentAt(t, image).Check(&spec.Workflow{}, leaves)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "templates[a]: its standard output is used")
		assert.NotContains(t, err.Error(), "templates[b]")
	}
}
