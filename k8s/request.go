package k8s

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
)

var createOptions = metav1.CreateOptions{}

// request carries out one request, or a few that belong together, in its turn. It goes on although ctx ends, so that
// its outcome is known, for as long as one request may take; only [executor.ErrDetach] does not wait for that.
//
// It is carried out on a goroutine of its own: the stack that a request needs is not kept by who waits for a Pod.
func (x *Executor) request(ctx context.Context, do func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		<-x.slots
		return errClosed
	}
	x.pending.Add(1)
	x.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		defer x.pending.Done()
		defer func() { <-x.slots }()
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.waits.request)
		defer cancel()
		done <- do(own)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if errors.Is(context.Cause(ctx), executor.ErrDetach) {
		return executor.ErrDetach
	}
	return <-done
}

// persist carries out a request again and again until it is done, is refused for good, or ctx has ended.
func (x *Executor) persist(ctx context.Context, do func(context.Context) error) error {
	pause := backoff{waits: &x.waits}
	start := time.Now()
	for {
		err := x.request(ctx, do)
		if err == nil || ctx.Err() != nil {
			return err
		}
		r := refused(err)
		if limit, bounded := x.waits.limit(r.patience); bounded && time.Since(start) >= limit {
			return err
		}
		if sleep(ctx, pause.next(r.after)) != nil {
			return err
		}
	}
}

// finalError is an error that did not come from the API server, and that trying again does not help.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }
