package dial

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatiently(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	other := errors.New("no such host")
	for name, tc := range map[string]struct {
		refusals int
		then     error
		want     error
		tries    int
	}{
		"AtOnce":        {0, nil, nil, 1},
		"Later":         {3, nil, nil, 4},
		"Never":         {100, nil, syscall.ECONNREFUSED, 6},
		"OtherTrouble":  {0, other, other, 1},
		"TroubleInTime": {2, other, other, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, begun := 0, time.Now()
				_, err := patiently(t.Context(), func() (net.Conn, error) {
					if tries++; tries <= tc.refusals {
						return nil, refused
					}
					return nil, tc.then
				})
				require.ErrorIs(t, err, tc.want)
				assert.Equal(t, tc.tries, tries)
				assert.LessOrEqual(t, time.Since(begun), 1600*time.Millisecond)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := patiently(ctx, func() (net.Conn, error) { return nil, refused })
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Error(t, ctx.Err(), "it ends with its context")
	})
}

func TestRealConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := Patiently(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
