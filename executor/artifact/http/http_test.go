package http_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/big"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/http"
	"github.com/podflow/podflow/workflow/spec"
)

func secret(key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: key}
}

// planted reads Secrets whose values no error may hold.
func planted(values map[string]string) artifact.Secrets {
	return func(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
		v, ok := values[s.Key]
		if !ok {
			return nil, fmt.Errorf("no key %q", s.Key)
		}
		return []byte(v), nil
	}
}

// files is a server that keeps what is put, and asks who comes.
type files struct {
	mu    sync.Mutex
	kept  map[string]string
	check func(r *nethttp.Request) int
}

func (f *files) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if status := f.check(r); status != 0 {
		if status/100 == 3 {
			w.Header().Set("Location", "/moved"+r.URL.Path)
		}
		w.WriteHeader(status)
		return
	}
	switch r.Method {
	case nethttp.MethodPut:
		text, err := io.ReadAll(r.Body)
		if err == nil {
			f.kept[r.URL.Path] = string(text)
		}
	case nethttp.MethodGet:
		text, ok := f.kept[r.URL.Path]
		if !ok {
			w.WriteHeader(nethttp.StatusNotFound)
		}
		_, _ = io.WriteString(w, text)
	}
}

func serve(t *testing.T, check func(r *nethttp.Request) int) (*files, *httptest.Server) {
	f := &files{kept: map[string]string{}, check: check}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s
}

func location(url string, edit func(*spec.HTTPArtifact)) spec.ArtifactLocation {
	at := &spec.HTTPArtifact{URL: url}
	edit(at)
	return spec.ArtifactLocation{HTTP: at}
}

func TestPutAndGet(t *testing.T) {
	values := map[string]string{"user": "me", "password": "planted-1", "id": "client", "secret": "planted-2"}
	token := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "client" || secret != "planted-2" || r.FormValue("scope") != "a b" || r.FormValue("audience") != "files" {
			w.WriteHeader(nethttp.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "planted-3", "token_type": "bearer"}`)
	}))
	t.Cleanup(token.Close)
	values["url"] = token.URL
	require403 := func(ok bool) int {
		if ok {
			return 0
		}
		return nethttp.StatusForbidden
	}
	for name, tc := range map[string]struct {
		edit  func(*spec.HTTPArtifact)
		check func(r *nethttp.Request) int
	}{
		"Nobody": {func(*spec.HTTPArtifact) {}, func(r *nethttp.Request) int { return require403(r.Header.Get("Authorization") == "") }},
		"Headers": {
			func(a *spec.HTTPArtifact) {
				a.Headers = []spec.Header{{Name: "x-a", Value: "1"}, {Name: "X-A", Value: "2"}, {Name: "Host", Value: "other"}}
			},
			func(r *nethttp.Request) int {
				return require403(strings.Join(r.Header.Values("X-A"), ",") == "1,2" && r.Host == "other")
			},
		},
		"Basic": {
			func(a *spec.HTTPArtifact) {
				a.Auth = &spec.HTTPAuth{BasicAuth: spec.BasicAuth{UsernameSecret: secret("user"), PasswordSecret: secret("password")}}
			},
			func(r *nethttp.Request) int {
				user, password, _ := r.BasicAuth()
				return require403(user == "me" && password == "planted-1")
			},
		},
		"OAuth2": {
			func(a *spec.HTTPArtifact) {
				a.Auth = &spec.HTTPAuth{OAuth2: spec.OAuth2Auth{
					ClientIDSecret: secret("id"), ClientSecretSecret: secret("secret"), TokenURLSecret: secret("url"), Scopes: []string{"a", "b"},
					EndpointParams: []spec.OAuth2EndpointParam{{Key: "audience", Value: "files"}},
				}}
			},
			func(r *nethttp.Request) int { return require403(r.Header.Get("Authorization") == "Bearer planted-3") },
		},
		"RedirectedByFile": {
			func(a *spec.HTTPArtifact) { a.SaveStreamViaFile = true },
			func(r *nethttp.Request) int {
				if !strings.HasPrefix(r.URL.Path, "/moved") {
					return nethttp.StatusTemporaryRedirect
				}
				return require403(r.Method == nethttp.MethodGet || r.ContentLength == 5)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, tc.check)
			stores := artifact.New(planted(values), http.Driver{})
			file := filepath.Join(t.TempDir(), "x")
			require.NoError(t, os.WriteFile(file, []byte("text\n"), 0o600))
			a := &spec.Artifact{Name: "x", Archive: &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}, ArtifactLocation: location(s.URL+"/a/b", tc.edit)}
			kept, err := artifact.Save(t.Context(), stores, a, file)
			require.NoError(t, err)
			to := filepath.Join(t.TempDir(), "y")
			require.NoError(t, artifact.Load(t.Context(), stores, &kept, to))
			text, err := os.ReadFile(to)
			require.NoError(t, err)
			assert.Equal(t, "text\n", string(text))

			kept.HTTP = &spec.HTTPArtifact{URL: s.URL + "/absent", Auth: kept.HTTP.Auth, Headers: kept.HTTP.Headers}
			err = artifact.Load(t.Context(), stores, &kept, to)
			require.ErrorIs(t, err, fs.ErrNotExist)
			assert.NotContains(t, err.Error(), "planted")
		})
	}
}

func TestErrors(t *testing.T) {
	f, s := serve(t, func(r *nethttp.Request) int {
		if strings.HasPrefix(r.URL.Path, "/forbidden") {
			return nethttp.StatusForbidden
		}
		return 0
	})
	open := func(l spec.ArtifactLocation) (artifact.Store, error) {
		store, _, err := artifact.New(planted(map[string]string{"password": "planted-1"}), http.Driver{}).Open(t.Context(), &l)
		return store, err
	}
	store, err := open(location(s.URL, func(*spec.HTTPArtifact) {}))
	require.NoError(t, err)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, url := range []string{"http://me:planted@" + host + "/forbidden?sig=planted", "http://me:planted@127.0.0.1:1/x?sig=planted"} {
		_, err := store.Get(t.Context(), url)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "planted")
		err = store.Put(t.Context(), url, strings.NewReader(strings.Repeat("x", 1<<20)))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "planted")
	}
	for _, url := range []string{"", "relative", "://", "ftp://host/x"} {
		_, err := store.Get(t.Context(), url)
		require.Error(t, err, url)
	}
	broken := errors.New("broken")
	require.ErrorIs(t, store.Put(t.Context(), s.URL+"/half", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))), broken)
	assert.NotContains(t, f.kept, "/half")
	require.ErrorIs(t, store.Delete(t.Context(), s.URL), errors.ErrUnsupported)

	_, err = open(location(s.URL, func(a *spec.HTTPArtifact) {
		a.Auth = &spec.HTTPAuth{BasicAuth: spec.BasicAuth{UsernameSecret: secret("absent"), PasswordSecret: secret("password")}}
	}))
	require.ErrorContains(t, err, `secret "cred", key "absent"`)
	_, err = open(location(s.URL, func(a *spec.HTTPArtifact) {
		a.Auth = &spec.HTTPAuth{ClientCert: spec.ClientCertAuth{ClientCertSecret: secret("password"), ClientKeySecret: secret("password")}}
	}))
	require.ErrorContains(t, err, "clientCert")
	assert.NotContains(t, err.Error(), "planted")
}

func TestClientCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "me"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	values := map[string]string{
		"cert": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
	shown := nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		for _, cert := range r.TLS.PeerCertificates {
			_, _ = io.WriteString(w, cert.Subject.CommonName)
		}
	})
	other := httptest.NewUnstartedServer(shown)
	mux := nethttp.NewServeMux()
	mux.Handle("/", shown)
	mux.Handle("/in", nethttp.RedirectHandler("/", nethttp.StatusFound))
	mux.HandleFunc("/out", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(w, r, other.URL, nethttp.StatusFound)
	})
	s := httptest.NewUnstartedServer(mux)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	other.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	for _, s := range []*httptest.Server{s, other} {
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
	}
	authority := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	t.Setenv("SSL_CERT_FILE", authority) // read once, by the first use of the system's authorities

	a := &executor.Artifact{Artifact: spec.Artifact{Name: "x", ArtifactLocation: location(s.URL, func(a *spec.HTTPArtifact) {
		a.Auth = &spec.HTTPAuth{ClientCert: spec.ClientCertAuth{ClientCertSecret: secret("cert"), ClientKeySecret: secret("key")}}
	})}}
	for path, want := range map[string]string{"/": "me", "/in": "me", "/out": ""} {
		a.HTTP.URL = s.URL + path
		to := filepath.Join(t.TempDir(), "x")
		require.NoError(t, artifact.Load(t.Context(), artifact.New(planted(values), http.Driver{}), a, to))
		text, err := os.ReadFile(to)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), path)
	}

	values["id"], values["secret"], values["url"] = "planted", "planted", strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/planted"
	oauth(a.HTTP)
	err = artifact.Load(t.Context(), artifact.New(planted(values), http.Driver{}), a, filepath.Join(t.TempDir(), "x"))
	require.ErrorContains(t, err, "auth: oauth2: the token's server: its certificate is not trusted", "it is not one of localhost")
	assert.NotContains(t, err.Error(), "localhost")
}
