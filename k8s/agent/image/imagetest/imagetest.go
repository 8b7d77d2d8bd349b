// Package imagetest gives tests on a real cluster the agent's image.
package imagetest

import (
	"os"
	"regexp"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/agent/image"
)

// Registry is the host and port of the registry that the test cluster's nodes pull from and that this machine can push
// to: PODFLOW_REGISTRY, or what the program that PODFLOW_CLUSTER names has as REGISTRY=. The test is skipped without.
func Registry(t testing.TB) string {
	if r := os.Getenv("PODFLOW_REGISTRY"); r != "" {
		return r
	}
	program := os.Getenv("PODFLOW_CLUSTER")
	if program == "" {
		t.Skip("no registry: neither PODFLOW_REGISTRY nor PODFLOW_CLUSTER is set")
	}
	text, err := os.ReadFile(program)
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^REGISTRY=(\S+)$`).FindSubmatch(text)
	require.NotNil(t, found, "%s says no REGISTRY=", program)
	return string(found[1])
}

var pushed = struct {
	sync.Mutex
	refs map[string]string
}{refs: map[string]string{}}

// Push builds the agent for this machine's architecture, pushes it to [Registry], and gives the name with the digest by
// which Pods can have it. A process does it once.
func Push(t testing.TB) string {
	ref := Registry(t) + "/podflow/agent:test"
	pushed.Lock()
	defer pushed.Unlock()
	if pushed.refs[ref] == "" {
		index, err := image.Build(t.Context(), "", runtime.GOARCH)
		require.NoError(t, err)
		pinned, err := image.Push(t.Context(), index, ref)
		require.NoError(t, err)
		pushed.refs[ref] = pinned
	}
	return pushed.refs[ref]
}
