package k8s

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Logs follows the log of container main from its beginning to its end, also when main has not begun yet, and over
// broken connections. What is read is for people: the kubelet keeps the newest part only, and mixes standard output and
// standard error. Close it, since it holds the watch, and the end of the run waits for it (see [Executor.EndRun]).
//
// The error is [executor.ErrNoLog] if there is no Pod of the attempt and nobody executes it. Reading gives it if the
// Pod goes away before the log was read to its end.
func (x *Executor) Logs(ctx context.Context, t *executor.Task) (io.ReadCloser, error) {
	if t.Func != nil {
		return nil, executor.ErrNoLog
	}
	x.watch.hold()
	r := &logReader{
		x: x, run: t.ID.Run, container: logContainer(t), pod: x.store.follow(PodName(t, x.namespace)), pause: backoff{waits: &x.waits},
		done: make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	x.mu.Lock()
	x.readers[r] = struct{}{}
	x.mu.Unlock()
	err := x.persist(ctx, func(ctx context.Context) error {
		p, err := x.pods.Get(ctx, r.pod.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := owned(p, t); err != nil {
			return &finalError{err}
		}
		x.store.see(p, false)
		return nil
	})
	if notFound(err) {
		if err = executor.ErrNoLog; r.pod.shared() {
			err = nil // somebody is about to create it
		}
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// logContainer is the container whose log is that of the node: main, or the first of a set that has no main.
func logContainer(t *executor.Task) string {
	template, err := t.Template()
	if err != nil || template.ContainerSet == nil || len(template.ContainerSet.Containers) == 0 {
		return MainContainer
	}
	set := template.ContainerSet.Containers
	if slices.ContainsFunc(set, func(c spec.ContainerNode) bool { return c.Name == MainContainer }) {
		return MainContainer
	}
	return set[0].Name
}

// logReader reads the log of one container.
type logReader struct {
	x   *Executor
	run string
	// container is the one whose log is read.
	container string
	pod       *entry
	ctx       context.Context
	cancel    context.CancelFunc
	pause     backoff
	// done is closed once nothing more is read from the Pod.
	done chan struct{}

	mu     sync.Mutex
	stream io.ReadCloser
	lines  *bufio.Reader
	// last says that main had ended before the stream was opened, so that the stream's end is the log's.
	last bool
	// sure says that a stream after main's end has been read to its end before.
	sure bool
	// ready is what can be read, and err what comes after it.
	ready  []byte
	err    error
	closed bool
	at     position
}

// position is how far a log was read: so many lines of that time, and so many bytes of the one after them.
type position struct {
	time  time.Time
	lines int
	bytes int
	// skip is how much of this a new stream repeats.
	skip struct{ lines, bytes int }
	// inLine says that the next bytes continue a line, and drop that it is one that was read before.
	inLine, drop bool
}

// Read reads. It waits for more as long as main runs.
func (r *logReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.ready) == 0 {
		if r.err == nil {
			if r.err = r.fill(); r.err != nil {
				r.x.forget(r)
			}
		}
		if r.err != nil && len(r.ready) == 0 {
			return 0, r.err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// Close ends the reading, also one that waits.
func (r *logReader) Close() error {
	r.cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	r.err = io.ErrClosedPipe
	r.drop()
	r.x.forget(r)
	r.pod.leave()
	r.x.watch.release()
	return nil
}

// forget says that nothing more is read from the reader's Pod.
func (x *Executor) forget(r *logReader) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, reads := x.readers[r]; reads {
		delete(x.readers, r)
		close(r.done)
	}
}

// awaitReaders waits until the logs of a run have been read to their end, for some time.
func (x *Executor) awaitReaders(ctx context.Context, run string) {
	ctx, cancel := context.WithTimeout(ctx, x.waits.logs)
	defer cancel()
	x.mu.Lock()
	readers := slices.Collect(maps.Keys(x.readers))
	x.mu.Unlock()
	for _, r := range readers {
		if r.run != run {
			continue
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return
		}
	}
}

// drop closes the stream.
func (r *logReader) drop() {
	if r.stream != nil {
		_ = r.stream.Close()
		r.stream = nil
	}
}

// fill reads one line or a part of it. No error with nothing read means to try again.
func (r *logReader) fill() error {
	if r.stream == nil {
		if err := r.open(); err != nil || r.stream == nil {
			return err
		}
	}
	part, err := r.lines.ReadSlice('\n')
	if !r.at.inLine && len(part) > 0 {
		stamp, text, ok := bytes.Cut(part, []byte{' '})
		when, perr := time.Parse(time.RFC3339Nano, string(stamp))
		if !ok || perr != nil {
			return r.broken(fmt.Errorf("the node answered with something else than a log: %q", bytes.TrimSpace(part)))
		}
		r.at.begin(when)
		part = text
	}
	if len(part) > 0 {
		r.pause.reset()
		r.ready = append(r.ready[:0], r.at.take(part)...)
	}
	switch {
	case err == nil || errors.Is(err, bufio.ErrBufferFull):
		return nil
	case !errors.Is(err, io.EOF):
		return r.broken(err)
	case r.last && r.sure:
		r.drop()
		return io.EOF
	}
	r.sure = r.last // what main wrote last may come to the log after its end is told
	r.drop()
	return r.again(nil)
}

// open opens a stream once main has begun, from where the last one ended.
func (r *logReader) open() error {
	var o observation
	for {
		changed, err := r.pod.load(&o)
		switch {
		case r.ctx.Err() != nil:
			return context.Cause(r.ctx)
		case err != nil && !o.logs:
			return err
		case o.logs && !o.gone:
			return r.request(o.ended())
		case o.gone && (o.logs || o.kind == lost):
			return fmt.Errorf("%w: the Pod is gone", executor.ErrNoLog)
		case o.ended():
			return io.EOF
		}
		select {
		case <-changed:
		case <-r.ctx.Done():
		}
	}
}

func (r *logReader) request(last bool) error {
	opts := &corev1.PodLogOptions{Container: r.container, Follow: true, Timestamps: true}
	if !r.at.time.IsZero() {
		since := metav1.NewTime(r.at.time)
		opts.SinceTime = &since
	}
	stream, err := r.x.pods.GetLogs(r.pod.name, opts).Stream(r.ctx)
	if err != nil {
		return r.broken(err)
	}
	r.at.again()
	r.stream, r.lines, r.last = stream, bufio.NewReaderSize(stream, 32<<10), last
	return nil
}

// broken is trouble on the way. The reading goes on unless it is of no use.
func (r *logReader) broken(err error) error {
	r.drop()
	if notFound(err) && strings.Contains(err.Error(), `pods "`+r.pod.name+`"`) {
		return fmt.Errorf("%w: the Pod is gone", executor.ErrNoLog)
	}
	if r.pause.last >= r.x.waits.most {
		return fmt.Errorf("k8s: log of Pod %s: %w", r.pod.name, err)
	}
	return r.again(err)
}

// again waits for news of the Pod, or for some time. A Pod that went away after a clean end has no more log.
func (r *logReader) again(trouble error) error {
	var o observation
	changed, _ := r.pod.load(&o)
	if o.gone {
		if trouble == nil {
			return io.EOF
		}
		return fmt.Errorf("%w: the Pod is gone: %w", executor.ErrNoLog, trouble)
	}
	t := time.NewTimer(r.pause.next(0))
	defer t.Stop()
	select {
	case <-changed:
		if _, _ = r.pod.load(&o); o.gone && trouble == nil {
			return io.EOF
		}
	case <-t.C:
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
	return nil
}

// begin is the beginning of a line of that time.
func (p *position) begin(when time.Time) {
	p.inLine = true
	switch {
	case when.Before(p.time), when.Equal(p.time) && p.skip.lines > 0:
		p.drop = true
		if when.Equal(p.time) {
			p.skip.lines--
		}
	case when.Equal(p.time) && p.skip.bytes > 0: // the line that broke off
	case when.Equal(p.time):
		p.bytes = 0
	default:
		p.time, p.lines, p.bytes = when, 0, 0
		p.skip.lines, p.skip.bytes = 0, 0
	}
}

// take is what is new of the next part of a line.
func (p *position) take(part []byte) []byte {
	ends := part[len(part)-1] == '\n'
	fresh := part
	switch {
	case p.drop:
		fresh = nil
	default:
		n := min(p.skip.bytes, len(part))
		p.skip.bytes -= n
		fresh = part[n:]
		p.bytes += len(fresh)
	}
	if ends {
		if !p.drop {
			p.lines, p.bytes, p.skip.bytes = p.lines+1, 0, 0
		}
		p.inLine, p.drop = false, false
	}
	return fresh
}

// again is the beginning of a stream that repeats what was read.
func (p *position) again() {
	p.inLine, p.drop = false, false
	p.skip.lines, p.skip.bytes = p.lines, p.bytes
}
