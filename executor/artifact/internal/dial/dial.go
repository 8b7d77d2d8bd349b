// Package dial makes connections to stores.
package dial

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	firstPause = 50 * time.Millisecond // before a connection is tried again; it doubles
	longest    = time.Second           // a pause that would be longer is not made
)

var dialer = net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}

// Patiently connects, and tries again for some 1.5 seconds if nobody takes the connection: a Pod may be faster than the
// rules that lead it to a Service.
func Patiently(ctx context.Context, network, address string) (net.Conn, error) {
	return patiently(ctx, func() (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
}

func patiently(ctx context.Context, connect func() (net.Conn, error)) (net.Conn, error) {
	for pause := firstPause; ; pause *= 2 {
		conn, err := connect()
		if !errors.Is(err, syscall.ECONNREFUSED) || pause > longest {
			return conn, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}
