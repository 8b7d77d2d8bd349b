package http_test

import (
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/http"
	"github.com/podflow/podflow/workflow/spec"
)

func oauth(a *spec.HTTPArtifact) {
	a.Auth = &spec.HTTPAuth{OAuth2: spec.OAuth2Auth{ClientIDSecret: secret("id"), ClientSecretSecret: secret("secret"), TokenURLSecret: secret("url")}}
}

func basic(a *spec.HTTPArtifact) {
	a.Auth = &spec.HTTPAuth{BasicAuth: spec.BasicAuth{UsernameSecret: secret("id"), PasswordSecret: secret("secret")}}
}

// TestRedirects asks a server that redirects: what says who asks stays with it, whatever else is asked.
func TestRedirects(t *testing.T) {
	seen := nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+r.Header.Get("X-Key")+r.Header.Get("Referer"))
	})
	other := httptest.NewServer(seen)
	t.Cleanup(other.Close)
	mux := nethttp.NewServeMux()
	mux.HandleFunc("/token", func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "planted-3", "token_type": "bearer"}`)
	})
	mux.Handle("/out", nethttp.RedirectHandler(other.URL, nethttp.StatusTemporaryRedirect))
	mux.Handle("/in", nethttp.RedirectHandler("/seen", nethttp.StatusTemporaryRedirect))
	mux.Handle("/round", nethttp.RedirectHandler("/round", nethttp.StatusTemporaryRedirect))
	mux.Handle("/seen", seen)
	own := httptest.NewServer(mux)
	t.Cleanup(own.Close)
	secrets := planted(map[string]string{"id": "planted-1", "secret": "planted-2", "url": own.URL + "/token"})
	for name, tc := range map[string]struct {
		edit func(*spec.HTTPArtifact)
		in   string // what the own server sees where it redirects
	}{
		"OAuth2":  {oauth, "Bearer planted-3"},
		"Basic":   {basic, "Basic cGxhbnRlZC0xOnBsYW50ZWQtMg=="},
		"Headers": {func(a *spec.HTTPArtifact) { a.Headers = []spec.Header{{Name: "X-Key", Value: "planted"}} }, "planted"},
	} {
		t.Run(name, func(t *testing.T) {
			l := location(own.URL, tc.edit)
			store, _, err := artifact.New(secrets, http.Driver{}).Open(t.Context(), &l)
			require.NoError(t, err)
			for path, want := range map[string]string{"/out?sig=planted": "", "/in": tc.in + own.URL + "/in"} {
				r, err := store.Get(t.Context(), own.URL+path)
				require.NoError(t, err)
				text, err := io.ReadAll(r)
				require.NoError(t, err)
				require.NoError(t, r.Close())
				assert.Equal(t, want, string(text), path)
			}
			_, err = store.Get(t.Context(), own.URL+"/round?sig=planted")
			require.ErrorContains(t, err, "redirects more than 10 times")
			assert.NotContains(t, err.Error(), "planted")
		})
	}
}

// TestTokenErrors asks for tokens in vain. The URL is a Secret, and a server may answer with what it was sent.
func TestTokenErrors(t *testing.T) {
	mux := nethttp.NewServeMux()
	echo := func(status int, kind string) nethttp.HandlerFunc {
		return func(w nethttp.ResponseWriter, r *nethttp.Request) {
			id, secret, _ := r.BasicAuth()
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `%%%s {"error": "%s", "error_description": "%s"}`, secret, id, secret)
		}
	}
	mux.Handle("/planted/refuses", echo(nethttp.StatusUnauthorized, "application/json"))
	mux.Handle("/planted/text", echo(nethttp.StatusOK, "text/plain"))
	mux.Handle("/planted/json", echo(nethttp.StatusOK, "application/json"))
	mux.Handle("/planted/moved", nethttp.RedirectHandler("/planted/elsewhere", nethttp.StatusTemporaryRedirect))
	mux.HandleFunc("/planted/elsewhere", func(nethttp.ResponseWriter, *nethttp.Request) {
		t.Error("the client's secret went where its server redirects")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	for name, tc := range map[string]struct {
		url, want string
		is        error
	}{
		"Refuses":  {s.URL + "/planted/refuses?token=planted", "answers 401 Unauthorized", nil},
		"Moved":    {s.URL + "/planted/moved", "answers 307 Temporary Redirect", nil},
		"Text":     {s.URL + "/planted/text", "gives no token", nil},
		"JSON":     {s.URL + "/planted/json", "gives no token", nil},
		"Nobody":   {"http://" + nobody.Addr().String() + "/planted?token=planted", "connection refused", syscall.ECONNREFUSED},
		"NoURL":    {"://planted", "oauth2.tokenURLSecret: expected http", nil},
		"NoScheme": {"planted://host", "oauth2.tokenURLSecret: expected http", nil},
	} {
		t.Run(name, func(t *testing.T) {
			secrets := planted(map[string]string{"id": "planted-1", "secret": "planted-2", "url": tc.url})
			l := location(s.URL, oauth)
			store, _, err := artifact.New(secrets, http.Driver{}).Open(t.Context(), &l)
			if err == nil {
				_, err = store.Get(t.Context(), s.URL+"/file")
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "planted")
			assert.NotContains(t, err.Error(), nobody.Addr().String())
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
		})
	}
}
