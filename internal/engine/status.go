package engine

import (
	"context"
	"iter"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Status is what is known of a node at one time.
type Status struct {
	Name, Path, DisplayName  string
	TemplateName             string
	Type                     spec.NodeType
	Phase                    spec.Phase
	Message                  string
	Attempts                 int
	Started, Finished        time.Time
	Inputs, Outputs          []executor.Value
	FilesIn, FilesOut        []executor.Artifact
	Result                   *string
	ExitCode                 *int
	PodName, PodIP, HostNode string
	Err                      error
	Metrics                  []Metric
	Memoized                 bool   // its outputs are from a cache
	Parent                   string // the path of the node that it is in
	Root                     bool
}

// Event is a change of a node.
type Event struct {
	Time time.Time
	Status
}

// Phase is the phase of the run.
func (r *Run) Phase() spec.Phase {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.m.phase()
}

// Message is why the run ended as it did, if not well.
func (r *Run) Message() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.m.stop; s != nil && s.fatal {
		return s.message()
	}
	return r.m.deciding().message()
}

// phase is that of the run: its root's, or of a failed exit handler behind a root that went well. A run is over only
// when its exit handlers are.
func (m *machine) phase() spec.Phase {
	switch p := m.deciding().phase; {
	case m.over && m.stop != nil && m.stop.fatal:
		return spec.Errored
	case p == skipped || p == omitted:
		return spec.Succeeded
	case p.ended() && !m.over:
		return spec.Running
	default:
		return phases[p]
	}
}

// deciding is the node whose phase is the run's.
func (m *machine) deciding() *node {
	if h := m.root.known().hooks; h != nil && !m.root.phase.bad() {
		for _, n := range h.nodes {
			if n != nil && n.exit && n.phase.bad() {
				return n
			}
		}
	}
	return m.root
}

// Err is trouble of the run itself: its journal, its clean-up.
func (r *Run) Err() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.err
}

// Detached says that the run goes on without this process.
func (r *Run) Detached() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.detached
}

// Info is what does not change of the run.
func (r *Run) Info() *executor.Run { return r.run }

// Node is the node of that path, if it has begun.
func (r *Run) Node(path string) (Status, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.find(path)
	if n == nil {
		return Status{}, false
	}
	return r.status(n), true
}

// ID is the ID of the node of that path, or empty. The first call for a run costs an index of all its nodes.
func (r *Run) ID(path string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.find(path); n != nil {
		return r.m.id(n)
	}
	return ""
}

// Len is the number of nodes that have begun.
func (r *Run) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.m.count
}

// find finds a node by its path. The index grows when somebody asks.
func (r *Run) find(path string) *node {
	if path == "" {
		return r.m.root
	}
	if r.paths == nil {
		r.paths = map[string]*node{}
	}
	if r.indexed < r.m.count {
		for n := range r.m.nodes.from(r.indexed) {
			if !n.hidden() {
				_, p := n.names(r.run.Name)
				r.paths[p] = n
			}
		}
		r.indexed = r.m.count
	}
	return r.paths[path]
}

// Nodes are the nodes that have begun, in that order.
func (r *Run) Nodes() iter.Seq[Status] {
	return func(yield func(Status) bool) {
		for i := 0; ; {
			page, n := r.page(i)
			for _, s := range page {
				if !yield(s) {
					return
				}
			}
			if i += n; n == 0 {
				return
			}
		}
	}
}

// page is some of the nodes from a place on: the lock is not held while the caller looks at them.
func (r *Run) page(from int) (page []Status, seen int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range r.m.nodes.from(from) {
		if !n.hidden() {
			page = append(page, r.status(n))
		}
		if seen++; seen == pageSize {
			break
		}
	}
	return page, seen
}

// Events are the changes of nodes from the beginning to the end of the run, or of ctx.
func (r *Run) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for at := 0; ; {
			batch, seen, changed, over := r.eventsFrom(at)
			for _, e := range batch {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			at += seen
			if seen > 0 {
				continue
			}
			if over {
				return
			}
			select {
			case <-changed:
			case <-r.done:
			case <-ctx.Done():
				return
			}
		}
	}
}

// eventsFrom are the events from a place on, or a channel that is closed when there are more.
func (r *Run) eventsFrom(at int) (batch []Event, seen int, changed <-chan struct{}, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for rec := range r.m.events.from(at) {
		if seen++; seen > pageSize {
			seen--
			break
		}
		if rec.node.hidden() {
			continue
		}
		s := r.status(rec.node)
		s.Phase, s.Message = phases[rec.phase], rec.message
		if rec.node.form != formRetry {
			s.Attempts = int(rec.attempt) + 1
		}
		if rec.attempt != rec.node.attempt {
			s.PodName, s.PodIP, s.HostNode = "", "", ""
		}
		if !rec.phase.ended() {
			s.Finished, s.Outputs, s.Result, s.ExitCode, s.Err, s.Metrics = time.Time{}, nil, nil, nil, nil, nil
			s.FilesOut = nil
		}
		batch = append(batch, Event{time.Unix(0, rec.at), s})
	}
	if seen > 0 {
		return batch, seen, nil, false
	}
	select {
	case <-r.done:
		return nil, 0, nil, true
	default:
	}
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return nil, 0, r.changed, false
}

// displayName is what people are shown as the name of a node.
func (m *machine) displayName(n *node) string {
	if n.form != formGroup && n.template.Display != nil && n.form != formLoop {
		if name, err := n.template.Display.Fill(m.lookup(place{owner: n, node: n})); err == nil {
			return name
		}
	}
	name := n.callName()
	if n.role == roleContainer {
		return name[1:]
	}
	for ; n.role != roleCall && n.role != roleGroup; n = n.scope {
	}
	if n.scope == nil { // the root, and what is named after it
		return m.run.Name + name
	}
	return name
}

// status is the state of a node; r.mu is held.
func (r *Run) status(n *node) Status {
	s := Status{Type: n.nodeType(), Phase: phases[n.phase], Inputs: n.inputs, Attempts: int(n.attempt) + 1, Root: n.scope == nil}
	s.Name, s.Path = n.names(r.run.Name)
	scope := n.scope
	if scope != nil && scope.hidden() {
		scope = scope.scope
	}
	s.DisplayName = r.m.displayName(n)
	if !s.Root {
		_, s.Parent = scope.names(r.run.Name)
	}
	if n.form == formRetry {
		s.Attempts = len(n.frame.nodes)
	}
	if n.template != nil {
		s.TemplateName = n.template.Name
	}
	s.Started, s.Metrics = time.Unix(0, n.started), r.nodeMetrics(n)
	if n.finished != 0 {
		s.Finished = time.Unix(0, n.finished)
	}
	if n.template != nil && n.template.Files != nil {
		s.FilesIn = n.given()
	}
	if i := n.info; i != nil {
		s.Message, s.Outputs, s.Result, s.ExitCode, s.Err = i.message, i.outputs, i.result, i.exitCode, i.err
		s.PodName, s.PodIP, s.HostNode = i.podName, i.podIP, i.hostNode
		s.Memoized = i.memoized()
		s.FilesOut = r.m.shown(n.filesOut())
	}
	return s
}

// maxCauses is how many causes are told of: of a run that has outgrown its limits there are as many as it has nodes.
const maxCauses = 100

// Causes are the first nodes that went wrong by themselves, not because of others, in the order in which they began.
func (r *Run) Causes() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[*node]bool{}
	r.m.root.causes(found)
	if h := r.m.root.known().hooks; h != nil && len(found) == 0 {
		for _, hook := range h.nodes {
			if hook != nil && hook.exit {
				hook.causes(found)
			}
		}
	}
	var causes []Status
	for n := range r.m.nodes.all() {
		if len(causes) == maxCauses {
			break
		}
		if found[n] {
			causes = append(causes, r.status(n))
		}
	}
	return causes
}

// causes finds the nodes because of which a node went wrong: those below it, or itself.
func (n *node) causes(found map[*node]bool) {
	if n == nil || !n.phase.bad() {
		return
	}
	before := len(found)
	switch {
	case n.form == formRetry && n.template.Kind.Leaf():
	case n.form == formRetry && len(n.frame.nodes) > 0:
		n.frame.nodes[len(n.frame.nodes)-1].causes(found)
	case n.frame != nil && !n.isSet():
		for _, child := range n.frame.nodes {
			child.causes(found)
		}
	}
	if len(found) == before {
		found[n] = true
	}
}

// Task is the attempt that a leaf is at, as its executor knows it; nil if there is none.
func (r *Run) Task(path string) (*executor.Task, executor.Executor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.find(path)
	if n != nil && n.form == formRetry && len(n.frame.nodes) > 0 {
		n = n.frame.nodes[len(n.frame.nodes)-1]
	}
	if n == nil || n.form != formBody || n.role == roleGroup || !n.template.Kind.Leaf() {
		return nil, nil
	}
	return &r.newAttempt(start{node: n, attempt: n.attempt}).task, r.executor(n.template)
}

// Children are the nodes that come next after each node as Argo draws them, by path: a node is a child of every
// node that it waited for, and of its dag or group where it waited for none.
func (r *Run) Children() map[string][]string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	children := map[string][]string{}
	path := func(n *node) string { _, p := n.names(r.run.Name); return p }
	for n := range r.m.nodes.all() {
		if n.hidden() {
			continue
		}
		if _, ok := children[path(n)]; !ok {
			children[path(n)] = []string{}
		}
		for _, before := range n.before() {
			p := path(before)
			children[p] = append(children[p], path(n))
		}
	}
	return children
}

// before are the nodes of which a node is a child.
func (n *node) before() []*node {
	var out []*node
	switch {
	case n.scope == nil, n.role == roleHook && n.exit && n.scope.scope == nil:
		return nil
	case n.role == roleContainer:
		return n.containersBefore()
	case n.role == roleItem && n.scope.hidden():
		return []*node{n.scope.scope}
	case n.role == roleGroup && n.call > 0:
		for _, step := range n.scope.frame.nodes[n.call-1].frame.nodes {
			out = append(out, step.outbound()...)
		}
	case n.role == roleCall && n.scope.role != roleGroup:
		for _, p := range n.scope.template.Graph.Pred(n.call) {
			if on := n.scope.frame.nodes[p]; on != nil {
				out = append(out, on.outbound()...)
			}
		}
	}
	if len(out) == 0 {
		return []*node{n.scope}
	}
	return out
}

// outbound are the nodes at which a node's part of the tree ends.
func (n *node) outbound() []*node {
	var out []*node
	switch {
	case n == nil:
		return nil
	case n.frame == nil:
	case n.isSet():
		return n.lastContainers()
	case n.form == formLoop:
		for _, item := range n.frame.nodes {
			out = append(out, item.outbound()...)
		}
	case n.form == formRetry:
		if last := len(n.frame.nodes) - 1; last >= 0 {
			out = n.frame.nodes[last].outbound()
		}
	case n.template.Kind == plan.DAG:
		for _, t := range n.targets() {
			out = append(out, n.frame.nodes[t].outbound()...)
		}
	default:
		for i := len(n.frame.nodes) - 1; i >= 0; i-- {
			if g := n.frame.nodes[i]; g != nil {
				for _, step := range g.frame.nodes {
					out = append(out, step.outbound()...)
				}
				break
			}
		}
	}
	if len(out) == 0 {
		return []*node{n}
	}
	return out
}

// StopCause is why the run was stopped, or nil.
func (r *Run) StopCause() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.m.stop == nil {
		return nil
	}
	return r.m.stop.cause
}
