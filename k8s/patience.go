package k8s

import "time"

// patience names how long Kubernetes may go on by itself with some kind of trouble.
type patience int

const (
	// none is no trouble, or trouble of no use to wait for.
	none patience = iota
	// forever waits as long as it takes: the reason is shown, and a person or a deadline ends it.
	forever
	// authPatience covers an API server that has just started.
	authPatience
	// missingPatience covers objects that somebody is about to make.
	missingPatience
	// configPatience covers ConfigMaps, Secrets and volumes that come late.
	configPatience
	// sandboxPatience covers a node's network.
	sandboxPatience
	// pullPatience covers registries.
	pullPatience
	// endPatience covers a node that has said that a Pod is over and not yet how its program ended.
	endPatience
)

// waits are the times behind the words.
type waits struct {
	auth, missing, config, sandbox, pull, end time.Duration
	// events is how long a Pod waits before its events are looked at, and between two looks.
	events time.Duration
	// gone is how long a Pod may stay after its grace period is over.
	gone time.Duration
	// request bounds one request.
	request time.Duration
	// logs is how long the end of a run waits for who reads a log of it.
	logs time.Duration
	// first and most are how long to wait between two tries.
	first, most time.Duration
	// watch is the least time that a watch is asked to last.
	watch time.Duration
}

var defaultWaits = waits{
	auth: 5 * time.Second, missing: 30 * time.Second, config: 2 * time.Minute, sandbox: 2 * time.Minute,
	pull: 5 * time.Minute, end: 30 * time.Second, events: 30 * time.Second, gone: time.Minute, request: time.Minute, logs: 5 * time.Second,
	first: 100 * time.Millisecond, most: 15 * time.Second, watch: 5 * time.Minute,
}

// limit is the time behind the word; ok is false if there is no end to it.
func (w *waits) limit(p patience) (d time.Duration, ok bool) {
	switch p {
	case authPatience:
		return w.auth, true
	case missingPatience:
		return w.missing, true
	case configPatience:
		return w.config, true
	case sandboxPatience:
		return w.sandbox, true
	case pullPatience:
		return w.pull, true
	case endPatience:
		return w.end, true
	case forever:
		return 0, false
	}
	return 0, true
}
