package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	server "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/registry"
)

// hub is a registry on this machine, with its requests counted.
type hub struct {
	host     string
	requests atomic.Int32
	// password, if set, is asked of user "me".
	password string
}

func newHub(t *testing.T) *hub {
	h := &hub{}
	images := server.New(server.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		if _, password, _ := r.BasicAuth(); password != h.password {
			w.Header().Set("WWW-Authenticate", `Basic realm="hub"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	h.host = strings.TrimPrefix(s.URL, "http://")
	return h
}

func imageOf(t *testing.T, config v1.Config) v1.Image {
	image, err := mutate.Config(empty.Image, config)
	require.NoError(t, err)
	return image
}

// push pushes an image under a name, and gives its digest.
func (h *hub) push(t *testing.T, at string, what remote.Taggable) string {
	ref, err := name.ParseReference(h.host + "/" + at)
	require.NoError(t, err)
	require.NoError(t, remote.Push(ref, what))
	d, err := remote.Get(ref)
	require.NoError(t, err)
	h.requests.Store(0)
	return d.Digest.String()
}

func TestLook(t *testing.T) {
	h := newHub(t)
	config := v1.Config{Entrypoint: []string{"/argosay"}, Cmd: []string{"hello"}, Labels: map[string]string{"a": "b"}}
	digest := h.push(t, "team/say:v2", imageOf(t, config))
	index := mutate.AppendManifests(empty.Index,
		platform(t, "windows", "amd64", v1.Config{Entrypoint: []string{"no.exe"}}),
		platform(t, "linux", "arm64", v1.Config{Entrypoint: []string{"/arm"}}),
		platform(t, "linux", "amd64", v1.Config{Entrypoint: []string{"/amd"}}))
	indexDigest := h.push(t, "team/many:v1", index)

	c := &registry.Client{Mirrors: map[string]string{"docker.io": h.host, "quay.example.com": "http://" + h.host + "/"}}
	for name, tc := range map[string]struct {
		image string
		want  registry.Image
	}{
		"of its registry":   {h.host + "/team/say:v2", registry.Image{Ref: h.host + "/team/say@" + digest, Entrypoint: config.Entrypoint, Cmd: config.Cmd, Labels: config.Labels}},
		"of a mirror":       {"team/say:v2", registry.Image{Ref: "team/say@" + digest, Entrypoint: config.Entrypoint, Cmd: config.Cmd, Labels: config.Labels}},
		"by digest":         {"team/say@" + digest, registry.Image{Ref: "team/say@" + digest, Entrypoint: config.Entrypoint, Cmd: config.Cmd, Labels: config.Labels}},
		"of many platforms": {"quay.example.com/team/many:v1", registry.Image{Ref: "quay.example.com/team/many@" + indexDigest, Entrypoint: []string{"/amd"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Look(t.Context(), tc.image)
			require.NoError(t, err)
			assert.Equal(t, &tc.want, got)
			before := h.requests.Load()
			_, err = c.Look(t.Context(), tc.image)
			require.NoError(t, err)
			assert.Equal(t, before, h.requests.Load(), "it is remembered")
		})
	}
}

func platform(t *testing.T, os, arch string, config v1.Config) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: imageOf(t, config), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}}
}

func TestLookErrors(t *testing.T) {
	h := newHub(t)
	h.push(t, "windows:v1", mutate.AppendManifests(empty.Index, platform(t, "windows", "amd64", v1.Config{})))
	c := &registry.Client{Mirrors: map[string]string{"docker.io": "http://bad host"}}
	for name, tc := range map[string]struct{ image, want string }{
		"no reference": {"Not An Image", `image "Not An Image"`},
		"not there":    {h.host + "/nothing:v1", "NAME_UNKNOWN"},
		"no Linux":     {h.host + "/windows:v1", "not for Linux"},
		"bad mirror":   {"alpine", "mirror"},
		"nobody there": {"127.0.0.1:1/alpine", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Look(t.Context(), tc.image)
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, tc.image)
		})
	}
}

func TestCredentials(t *testing.T) {
	h := newHub(t)
	h.push(t, "team/private/say:v1", imageOf(t, v1.Config{Cmd: []string{"true"}}))
	h.password = "s3cret"
	image := h.host + "/team/private/say:v1"
	document := func(key, password string) []byte {
		auth := base64.StdEncoding.EncodeToString([]byte("me:" + password))
		return fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}}`, key, auth)
	}
	for name, tc := range map[string]struct {
		documents [][]byte
		ok        bool
	}{
		"host":             {[][]byte{document(h.host, "s3cret")}, true},
		"URL":              {[][]byte{document("https://"+h.host+"/v2/", "s3cret")}, true},
		"path":             {[][]byte{document(h.host, "no"), document(h.host+"/team/private", "s3cret")}, true},
		"wildcard":         {[][]byte{document("127.*.0.1:*", "s3cret")}, true},
		"first of equals":  {[][]byte{document(h.host, "s3cret"), document(h.host, "no")}, true},
		"a broken one too": {[][]byte{[]byte("{"), document(h.host, "s3cret")}, true},
		"none":             {nil, false},
		"another path":     {[][]byte{document(h.host+"/team/priv", "s3cret")}, false},
		"another host":     {[][]byte{document("ghcr.io", "s3cret")}, false},
		"too few names":    {[][]byte{document("*", "s3cret")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := new(registry.Client).Look(t.Context(), image, tc.documents...)
			if tc.ok {
				require.NoError(t, err)
				return
			}
			var refused *transport.Error
			require.True(t, errors.As(err, &refused), "%v", err)
			assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
			assert.NotContains(t, err.Error(), "s3cret")
		})
	}
}
