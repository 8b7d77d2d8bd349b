package engine

import "strings"

// transients are what messages of errors say that pass by themselves: of networks, and of an API server that has too
// much to do.
var transients = []string{
	"connection refused", "connection reset", "connection timed out", "i/o timeout", "tls handshake timeout", "no such host",
	"no route to host", "network is unreachable", "broken pipe", "unexpected eof", "eof", "context deadline exceeded",
	"too many requests", "service unavailable", "exceeded quota", "http2: client connection lost", "server is currently unable",
	"etcdserver: request timed out", "the object has been modified", "temporary failure in name resolution", "transient",
}

// transient says that a message is of an error that may pass by itself.
func transient(message string) bool {
	message = strings.ToLower(message)
	for _, t := range transients {
		if strings.Contains(message, t) {
			return true
		}
	}
	return false
}
