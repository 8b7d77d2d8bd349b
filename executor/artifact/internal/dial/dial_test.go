package dial_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact/internal/dial"
)

// free is an address where nobody listens.
func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestSomebodyComesToListen(t *testing.T) {
	address := free(t)
	listening := time.AfterFunc(100*time.Millisecond, func() {
		l, err := net.Listen("tcp", address)
		if err == nil {
			t.Cleanup(func() { _ = l.Close() })
		}
	})
	defer listening.Stop()
	conn, err := dial.Patiently(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestNobodyComes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := dial.Patiently(ctx, "tcp", free(t))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = dial.Patiently(t.Context(), "tcp", free(t))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
