package engine

import (
	"iter"
	"strconv"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// node is one node of a run. What is above the line never changes and is read without the lock.
type node struct {
	scope    *node          // whose progress it is a part of; nil for the root
	template *plan.Template // nil for a group of steps
	inputs   []executor.Value
	part     *part // what names it, for the roles that need more than the call
	call     int32 // which call of the scope's template it is, or the number of the group
	role     role
	form     form
	exit     bool // it is, or is in, the exit handler of the run

	depth int32

	phase    phase
	attempt  int32 // the number of the last attempt
	started  int64 // Unix nanoseconds
	finished int64 // 0: not yet
	frame    *frame
	info     *info
}

// role is what a node is to its scope.
type role uint8

const (
	roleCall      role = iota // the node of a task or step; or the root
	roleGroup                 // a group of steps
	roleItem                  // one of the nodes of a loop
	roleAttempt               // one of the nodes of a retry
	roleHook                  // what a hook of the scope runs
	roleContainer             // a container of a set
)

// form is how a node comes to its end.
type form uint8

const (
	formBody  form = iota // by what its template does
	formGroup             // by its steps
	formLoop              // by the nodes of its items
	formRetry             // by its attempts
	formNone              // it does nothing: it was skipped, or omitted, or could not begin
)

// part is what distinguishes a node from others of one call.
type part struct {
	label string // behind the scope's name: (0:a), (1), .onExit
	item  *expr.Item
	hook  *plan.Hook
	index int32
}

// info is what is known of a node besides; many nodes have none.
type info struct {
	message                  string
	outputs                  []executor.Value // in the order of the template's
	result                   *string
	exitCode                 *int
	podName, podIP, hostNode string
	err                      error
	lost                     int      // how often the infrastructure lost it
	excused                  []string // the reasons that count only once
	hooks                    *hooks
	guard                    *guard
	metrics                  []Metric
	files                    *files
}

// frame is the progress of what consists of other nodes: a dag, steps, a group of them, a loop, a retry.
type frame struct {
	nodes   []*node // by call, group, item or attempt; nil: not begun
	waits   []int32 // of a dag: how many dependencies have not ended, by call
	running int32   // how many of nodes are to end
	odd     bool    // some node ended other than Succeeded
	targets []int32 // of a dag whose target has tags
	wanted  []bool
	gate    *gate // where not all may run at once
}

// phase is a spec.Phase in one byte.
type phase uint8

const (
	pending phase = iota
	running
	succeeded
	failed
	errored
	skipped
	omitted
)

var phases = [...]spec.Phase{spec.Pending, spec.Running, spec.Succeeded, spec.Failed, spec.Errored, spec.Skipped, spec.Omitted}

func (p phase) ended() bool { return p >= succeeded }
func (p phase) bad() bool   { return p == failed || p == errored }

// pageSize is how many nodes are allocated together. Pages never move, so a *node stays what it is.
const pageSize = 256

// pages is a growing list that never copies what it holds.
type pages[T any] struct {
	full [][]T
	last []T
}

func (p *pages[T]) add(v T) *T {
	if len(p.last) == cap(p.last) {
		if p.last != nil {
			p.full = append(p.full, p.last)
		}
		size := pageSize
		if p.full == nil && p.last == nil {
			size = 8 // most workflows are small
		} else if len(p.full) == 1 {
			size = 64
		}
		p.last = make([]T, 0, size)
	}
	p.last = append(p.last, v)
	return &p.last[len(p.last)-1]
}

func (p *pages[T]) all() iter.Seq[*T] { return p.from(0) }

// from is what the list holds from a place on.
func (p *pages[T]) from(at int) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range len(p.full) + 1 {
			page := p.last
			if i < len(p.full) {
				page = p.full[i]
			}
			if at >= len(page) {
				at -= len(page)
				continue
			}
			for k := range page[at:] {
				if !yield(&page[at+k]) {
					return
				}
			}
			at = 0
		}
	}
}

// callName is what the node is called where it stands: A, [0], A(0:x), A.onExit.
func (n *node) callName() string {
	switch {
	case n.scope == nil:
		return ""
	case n.role == roleGroup:
		return "[" + strconv.Itoa(int(n.call)) + "]"
	case n.role == roleCall:
		return n.owner().template.Calls[n.call].Name
	}
	if n.role == roleContainer {
		return n.part.label
	}
	return n.scope.callName() + n.part.label
}

// owner is the node whose template has the call that the node is of.
func (n *node) owner() *node {
	if n.role == roleHook {
		return n.scope.owner()
	}
	for n = n.scope; ; n = n.scope {
		switch {
		case n == nil:
			return nil
		case n.form == formBody && n.role != roleGroup:
			return n
		}
	}
}

// place is where texts about the node stand that its caller wrote: the template of the call, and the item of a loop.
func (n *node) place() place {
	p := place{owner: n.owner()}
	for ; n != nil && n != p.owner; n = n.scope {
		if n.role == roleItem {
			p.item = n.part.item
			break
		}
	}
	return p
}

// plan is the call that made the node, or nil for the root and for groups.
func (n *node) planCall() *plan.Call {
	switch {
	case n.role == roleHook:
		return &n.part.hook.Call
	case n.role == roleGroup || n.scope == nil:
		return nil
	case n.role == roleItem || n.role == roleAttempt || n.role == roleContainer:
		return n.scope.planCall()
	}
	return &n.owner().template.Calls[n.call]
}

// hidden says that the node is not in the tree: the loop of a step, whose nodes stand in the group.
func (n *node) hidden() bool {
	return n.form == formLoop && n.scope != nil && n.scope.role == roleGroup
}

// appendPath appends the node's name below its run's: it begins with a dot, or with a bracket for a group.
func (n *node) appendPath(b []byte) []byte {
	if n.scope == nil {
		return b
	}
	return n.appendLabel(n.scope.appendPath(b))
}

// appendLabel appends what the node's name has behind its scope's.
func (n *node) appendLabel(b []byte) []byte {
	switch n.role {
	case roleGroup:
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(n.call), 10)
		return append(b, ']')
	case roleCall:
		b = append(b, '.')
		return append(b, n.owner().template.Calls[n.call].Name...)
	}
	return append(b, n.part.label...)
}

// names are the full name of a node and the path in it, without the run's name and the dot.
func (n *node) names(run string) (name, path string) {
	switch {
	case n.scope == nil:
		return run, ""
	case n.scope.scope == nil && n.role == roleCall && n.scope.form == formBody:
		name = run + "." + n.scope.template.Calls[n.call].Name
	default:
		var room [128]byte
		name = string(n.appendPath(append(room[:0], run...)))
	}
	return name, pathOf(name, run)
}

// pathOf is the path in the full name of a node.
func pathOf(name, run string) string {
	path := name[min(len(run), len(name)):]
	if path != "" && path[0] == '.' {
		return path[1:]
	}
	return path
}

// nodeType is the node's type in Argo's words.
func (n *node) nodeType() spec.NodeType {
	switch n.form {
	case formGroup:
		return spec.TypeStepGroup
	case formNone:
		return spec.TypeSkipped
	case formLoop:
		return spec.TypeTaskGroup
	case formRetry:
		return spec.TypeRetry
	}
	if n.role == roleContainer {
		return spec.TypeContainer
	}
	switch n.template.Kind {
	case plan.DAG:
		return spec.TypeDAG
	case plan.Steps:
		return spec.TypeSteps
	case plan.Func, plan.Plugin:
		return spec.TypePlugin
	case plan.Suspend:
		return spec.TypeSuspend
	case plan.HTTP:
		return spec.TypeHTTP
	}
	return spec.TypePod
}

// more is the node's info, to write to.
func (n *node) more() *info {
	if n.info == nil || n.info == &exitZero {
		i := *n.known()
		n.info = &i
	}
	return n.info
}

// known is the node's info, to read.
func (n *node) known() *info {
	if n.info == nil {
		return &nothing
	}
	return n.info
}

func (n *node) message() string { return n.known().message }

// exitZero is shared by the nodes that ended well and of which there is nothing else to know.
var exitZero = info{exitCode: new(int)}

// nothing is the info of the nodes that have none.
var nothing info
