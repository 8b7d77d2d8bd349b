//go:build unix

package command_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

// asProgram is the variable that makes this test a program.
const asProgram = "PODFLOW_TEST_PROGRAM"

// unwilling is a workflow of one function, which says what happens to it and goes on until its standard input ends.
func unwilling() (*workflow.Workflow, error) {
	type none struct{}
	return workflow.New("unwilling-", workflow.Func("unwilling", func(ctx context.Context, _ none) (none, error) {
		fmt.Println("begun")
		<-ctx.Done()
		fmt.Println("asked to end")
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Println("ended")
		return none{}, ctx.Err()
	}))
}

// TestSignals sends signals to a program in the middle of its run: it waits for what it runs before it ends itself.
func TestSignals(t *testing.T) {
	if os.Getenv(asProgram) != "" {
		os.Args = os.Args[:1]
		command.Main(unwilling)
	}
	for _, tt := range []struct {
		name          string
		start         string // the shell command that starts the program
		before, after []os.Signal
		cause         string
	}{
		{"terminated", `exec "$@"`, []os.Signal{syscall.SIGTERM}, nil, "terminated signal received"},
		{"the terminal ends", `exec "$@"`, []os.Signal{syscall.SIGHUP}, []os.Signal{syscall.SIGHUP}, "hangup signal received"},
		{"nohup", `trap '' HUP; exec "$@"`, []os.Signal{syscall.SIGHUP, syscall.SIGTERM}, []os.Signal{syscall.SIGHUP}, "terminated signal received"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stderr strings.Builder
			cmd := exec.CommandContext(t.Context(), "sh", "-c", tt.start, "sh", os.Args[0], "-test.run=^TestSignals$")
			cmd.Env = append(os.Environ(), asProgram+"=yes")
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			says := func(want string, lines *bufio.Reader) {
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, want+"\n", line)
			}
			send := func(signals []os.Signal) {
				for _, s := range signals {
					require.NoError(t, cmd.Process.Signal(s))
				}
			}
			lines := bufio.NewReader(stdout)
			says("begun", lines)
			send(tt.before)
			says("asked to end", lines)
			send(tt.after)
			require.NoError(t, stdin.Close())
			says("ended", lines)
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			assert.Equal(t, 1, exit.ExitCode(), exit)
			assert.Contains(t, stderr.String(), tt.cause)
		})
	}
}
