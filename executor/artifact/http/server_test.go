package http

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSameServer(t *testing.T) {
	for _, tc := range []struct {
		from, to string
		want     bool
	}{
		{"http://a/x", "http://a/y", true},
		{"http://a/x", "http://A:80/y", true},
		{"http://a/x", "https://a/y", true},
		{"http://a:80/x", "https://a:443/y", true},
		{"http://[::1]/x", "http://[::1]:80/x", true},
		{"https://a/x", "http://a/x", false},
		{"http://a/x", "https://a:8443/x", false},
		{"http://a:8080/x", "https://a/x", false},
		{"http://a:8080/x", "http://a/x", false},
		{"http://a/x", "http://a.b/x", false},
		{"http://b/x", "http://a.b/x", false},
		{"https://a/x", "https://b/x", false},
	} {
		from, err := url.Parse(tc.from)
		require.NoError(t, err)
		to, err := url.Parse(tc.to)
		require.NoError(t, err)
		assert.Equal(t, tc.want, sameServer(from, to), "%s to %s", tc.from, tc.to)
	}
}
