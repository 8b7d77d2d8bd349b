package k8s_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
)

// requests counts requests by verb and resource.
type requests struct {
	mu sync.Mutex
	n  map[string]int
}

// count counts the requests that go through the cluster's configuration from now on, without what a busy server makes be
// asked again: the watch, which it ends at any time, and what it refuses.
func (c *cluster) count() *requests {
	counts := &requests{n: map[string]int{}}
	c.through(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode < http.StatusBadRequest {
			counts.add(r)
		}
		return resp, err
	})
	return counts
}

func (c *requests) add(r *http.Request) {
	if r.URL.Query().Get("watch") != "" {
		return
	}
	_, rest, _ := strings.Cut(r.URL.Path, "/namespaces/")
	parts := strings.Split(rest, "/")
	what := parts[1]
	if len(parts) > 2 {
		what += "/NAME"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[r.Method+" "+what]++
}

func (c *requests) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}
