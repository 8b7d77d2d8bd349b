//go:build !linux

package agent

import (
	"fmt"
	"os"

	"github.com/podflow/podflow/executor/artifact"
)

// Main says that an agent is for Linux.
func Main(...artifact.Driver) {
	fmt.Fprintln(os.Stderr, "podflow-agent: it runs on Linux only")
	os.Exit(1)
}
