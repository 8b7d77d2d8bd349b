// Package http reads and writes artifacts at URLs: inputs by GET, outputs by PUT.
//
//	stores := artifact.New(secrets, http.Driver{})
package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"os"
	"sync"

	"golang.org/x/oauth2"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/internal/dial"
	"github.com/podflow/podflow/workflow/spec"
)

// Driver opens URLs. The zero value works. The key of such a location is its URL.
//
// Credentials and headers go to the server of that URL only, its scheme, host and port, and not to another to which it
// redirects. A redirect from http to https of the same host is not another.
//
// Whether a file that was sent in part only can be seen is up to the server: a PUT that is cut off it should not take.
type Driver struct{}

// shared are the connections of all who show no certificate. Files arrive as they are, not unpacked on the way.
var shared = newTransport(nil)

func newTransport(certificates []tls.Certificate) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.DialContext = dial.Patiently
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: certificates}
	return t
}

// Kind is http.
func (Driver) Kind() string { return "http" }

// Open reads the Secrets that the location names. It asks no server.
func (Driver) Open(ctx context.Context, l *spec.ArtifactLocation, secrets artifact.Secrets) (artifact.Store, error) {
	s := &server{at: l.HTTP, client: &http.Client{Transport: shared, CheckRedirect: leave}}
	if l.HTTP.Auth == nil {
		return s, nil
	}
	r := reader{ctx: ctx, secrets: secrets}
	auth := l.HTTP.Auth
	if basic := auth.BasicAuth; basic.UsernameSecret != nil || basic.PasswordSecret != nil {
		s.user = url.UserPassword(r.text(basic.UsernameSecret), r.text(basic.PasswordSecret))
	}
	if cert := auth.ClientCert; cert.ClientCertSecret != nil || cert.ClientKeySecret != nil {
		pair, err := tls.X509KeyPair([]byte(r.text(cert.ClientCertSecret)), []byte(r.text(cert.ClientKeySecret)))
		if err != nil && r.err == nil {
			r.err = errors.New("clientCert: expected a certificate and its key in PEM")
		}
		s.client.Transport = ownOnly{newTransport([]tls.Certificate{pair})}
	}
	if o := auth.OAuth2; o.ClientIDSecret != nil || o.TokenURLSecret != nil {
		s.tokens = r.tokens(&o, s.client.Transport)
	}
	if r.err != nil {
		return nil, fmt.Errorf("auth: %w", r.err)
	}
	return s, nil
}

// server is what answers at URLs.
type server struct {
	at     *spec.HTTPArtifact
	client *http.Client
	user   *url.Userinfo
	tokens oauth2.TokenSource // nil if it asks for none
}

var errUnsupported = fmt.Errorf("of HTTP only GET and PUT are used: %w", errors.ErrUnsupported)

func (s *server) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	res, err := s.do(ctx, http.MethodGet, key, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Put sends what r gives as it comes, or, if the location asks for it, by a file: then it can be sent again to where the
// server redirects.
func (s *server) Put(ctx context.Context, key string, r io.Reader) error {
	if s.at.SaveStreamViaFile {
		f, err := os.CreateTemp("", "podflow-*")
		if err != nil {
			return err
		}
		defer func() {
			f.Close()
			os.Remove(f.Name())
		}()
		if _, err := io.Copy(f, r); err != nil {
			return err
		}
		return s.put(ctx, key, f)
	}
	b := &body{r: r}
	defer b.Close()
	if err := s.put(ctx, key, b); err != nil {
		return errors.Join(b.failure(), err)
	}
	return nil
}

func (s *server) put(ctx context.Context, key string, r io.Reader) error {
	res, err := s.do(ctx, http.MethodPut, key, r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection serves again
	return res.Body.Close()
}

// List is not supported.
func (*server) List(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", errUnsupported) }
}

// Delete is not supported.
func (*server) Delete(context.Context, string) error { return errUnsupported }

// do makes a request. A status that is not 2xx is an error; errors hold no user, query or header.
func (s *server) do(ctx context.Context, method, at string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil || req.URL.Host == "" {
		return nil, errors.New("url: expected http://… or https://…")
	}
	if f, ok := body.(*os.File); ok {
		if err := rewound(req, f); err != nil {
			return nil, err
		}
	}
	for _, h := range s.at.Headers {
		req.Header.Add(h.Name, h.Value)
		if http.CanonicalHeaderKey(h.Name) == "Host" {
			req.Host = h.Value
		}
	}
	if s.user != nil {
		password, _ := s.user.Password()
		req.SetBasicAuth(s.user.Username(), password)
	}
	if s.tokens != nil {
		token, err := s.tokens.Token()
		if err != nil {
			return nil, fmt.Errorf("auth: oauth2: %w", tokenError(ctx, err))
		}
		token.SetAuthHeader(req)
	}
	place := method + " " + (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}).String()
	res, err := s.client.Do(req)
	if err != nil {
		for about := (*url.Error)(nil); errors.As(err, &about); {
			err = about.Err
		}
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	_ = res.Body.Close()
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
		return nil, fmt.Errorf("%s: %s: %w", place, res.Status, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%s: %s", place, res.Status)
}

// body is a stream as the body of a request. A client may read on when the answer is there already; once it is closed,
// nobody does.
type body struct {
	mu     sync.Mutex
	r      io.Reader
	err    error
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, fs.ErrClosed
	}
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// failure is why the stream could not be read.
func (b *body) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// rewound makes a file the body of a request, from its beginning each time that it is sent.
func rewound(req *http.Request, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	req.ContentLength = info.Size()
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, 0, info.Size())), nil }
	req.Body, err = req.GetBody()
	return err
}
