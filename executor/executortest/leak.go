package executortest

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// goroutines are the stacks of all goroutines by their headings' number, without those that net/http keeps for
// connections that idle.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		number, _, _ := strings.Cut(stack, " [")
		if !strings.Contains(stack, "created by net/http.") && !strings.Contains(stack, "created by golang.org/x/net/http2.") {
			all[number] = stack
		}
	}
	return all
}

// requireNoneSince requires that no goroutine lives that did not live before.
func requireNoneSince(t *testing.T, before map[string]string) {
	self, _, _ := strings.Cut(string(stackOfSelf()), " [")
	assert.EventuallyWithT(t, func(c *assert.CollectT) {
		for number, stack := range goroutines() {
			if _, ok := before[number]; !ok && number != self && !strings.Contains(stack, "assert.EventuallyWithT") {
				assert.Fail(c, "a goroutine is left", stack)
			}
		}
	}, 10*time.Second, 10*time.Millisecond)
}

func stackOfSelf() []byte {
	buf := make([]byte, 1<<10)
	return buf[:runtime.Stack(buf, false)]
}
