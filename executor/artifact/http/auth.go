package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// reader reads Secrets until one fails.
type reader struct {
	ctx     context.Context
	secrets artifact.Secrets
	err     error
}

// text is the value of a Secret.
func (r *reader) text(s *corev1.SecretKeySelector) string {
	if r.err != nil {
		return ""
	}
	var value string
	value, r.err = r.secrets.Text(r.ctx, s)
	return value
}

// tokens asks for tokens and keeps one as long as it is valid.
func (r *reader) tokens(o *spec.OAuth2Auth, transport http.RoundTripper) oauth2.TokenSource {
	config := clientcredentials.Config{
		ClientID: r.text(o.ClientIDSecret), ClientSecret: r.text(o.ClientSecretSecret), TokenURL: r.text(o.TokenURLSecret),
		Scopes: o.Scopes, EndpointParams: url.Values{},
	}
	if u, err := url.Parse(config.TokenURL); r.err == nil && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		r.err = errors.New("oauth2.tokenURLSecret: expected http://… or https://…")
	}
	for _, p := range o.EndpointParams {
		config.EndpointParams.Add(p.Key, p.Value)
	}
	// The context of a token's request is that of the artifact's, which package oauth2 does not know. The request holds
	// the client's secret, so it is not repeated where its server redirects.
	asking := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return config.TokenSource(context.WithValue(r.ctx, oauth2.HTTPClient, asking))
}

// tokenError is why there is no token. An error of package oauth2 holds the URL, which is a Secret, and what the server
// answered, which may repeat others; so may errors of the connection.
func tokenError(ctx context.Context, err error) error {
	var refused *oauth2.RetrieveError
	var errno syscall.Errno
	var host *net.DNSError
	var untrusted *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused) && refused.Response != nil:
		code := refused.Response.StatusCode
		return fmt.Errorf("the token's server answers %d %s", code, http.StatusText(code))
	case errors.As(err, &errno):
		return fmt.Errorf("the token's server: %w", errno)
	case errors.As(err, &host):
		return errors.New("the token's server: the name of its host is not known")
	case errors.As(err, &untrusted):
		return errors.New("the token's server: its certificate is not trusted")
	default:
		return errors.New("the token's server gives no token")
	}
}

// leave takes along what the location adds to a request to where its own server redirects, and to no other.
func leave(req *http.Request, via []*http.Request) error {
	const most = 10
	if len(via) >= most {
		return fmt.Errorf("it redirects more than %d times", most)
	}
	if !sameServer(via[0].URL, req.URL) {
		req.Header = http.Header{}
	}
	return nil
}

// ownOnly shows a certificate to the server that was asked, and to no other to which that redirects.
type ownOnly struct{ certified *http.Transport }

func (o ownOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	first := req
	for first.Response != nil {
		first = first.Response.Request
	}
	if !sameServer(first.URL, req.URL) {
		return shared.RoundTrip(req)
	}
	return o.certified.RoundTrip(req)
}

// sameServer says that a redirect stays with its server: the scheme, the host and the port are the same, or http becomes
// https at the ports that nobody writes.
func sameServer(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	ports := map[string]string{"http": "80", "https": "443"}
	upgraded := from.Scheme == "http" && to.Scheme == "https"
	portFrom, portTo := cmp.Or(from.Port(), ports[from.Scheme]), cmp.Or(to.Port(), ports[to.Scheme])
	return from.Scheme == to.Scheme && portFrom == portTo || upgraded && portFrom == "80" && portTo == "443"
}
