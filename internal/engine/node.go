package engine

import (
	"iter"
	"strconv"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// node is one node of a run. What is above the line never changes and is read without the lock.
type node struct {
	scope    *node          // the dag, or the group of steps, that it is in; nil for the root
	template *plan.Template // nil for a group of steps
	inputs   []executor.Value
	call     int32 // which call of the scope's template it is, or the number of the group
	omitted  bool  // it only records that it did not run

	phase    phase
	attempt  int32 // the number of the last attempt
	started  int64 // Unix nanoseconds
	finished int64 // 0: not yet
	frame    *frame
	info     *info
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
}

// frame is the progress of a dag, of steps, or of one group of them.
type frame struct {
	nodes   []*node // by call, or by group; nil: not begun
	waits   []int32 // of a dag: how many dependencies have not ended, by call
	running int32   // how many of nodes have begun and not ended
	odd     bool    // some node ended other than Succeeded
}

// phase is a spec.Phase in one byte.
type phase uint8

const (
	pending phase = iota
	running
	succeeded
	failed
	errored
	omitted
)

var phases = [...]spec.Phase{spec.Pending, spec.Running, spec.Succeeded, spec.Failed, spec.Errored, spec.Omitted}

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

// callName is the name of the task or step that called the node.
func (n *node) callName() string {
	switch {
	case n.scope == nil:
		return ""
	case n.isGroup():
		return "[" + strconv.Itoa(int(n.call)) + "]"
	}
	return n.caller().Calls[n.call].Name
}

func (n *node) isGroup() bool { return n.template == nil }

// caller is the template whose call the node is.
func (n *node) caller() *plan.Template {
	if n.scope.isGroup() {
		return n.scope.scope.template
	}
	return n.scope.template
}

// appendPath appends the node's name below its run's: it begins with a dot, or with a bracket for a group.
func (n *node) appendPath(b []byte) []byte {
	if n.scope == nil {
		return b
	}
	b = n.scope.appendPath(b)
	if n.isGroup() {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(n.call), 10)
		return append(b, ']')
	}
	b = append(b, '.')
	return append(b, n.caller().Calls[n.call].Name...)
}

// names are the full name of a node and the path in it, without the run's name and the dot.
func (n *node) names(run string) (name, path string) {
	switch {
	case n.scope == nil:
		return run, ""
	case n.scope.scope == nil && !n.isGroup():
		name = run + "." + n.caller().Calls[n.call].Name
	default:
		var room [128]byte
		name = string(n.appendPath(append(room[:0], run...)))
	}
	path = name[len(run):]
	if path[0] == '.' {
		path = path[1:]
	}
	return name, path
}

// nodeType is the node's type in Argo's words.
func (n *node) nodeType() spec.NodeType {
	switch {
	case n.isGroup():
		return spec.TypeStepGroup
	case n.omitted:
		return spec.TypeSkipped
	case n.template.Kind == plan.DAG:
		return spec.TypeDAG
	case n.template.Kind == plan.Steps:
		return spec.TypeSteps
	case n.template.Kind == plan.Func:
		return spec.TypePlugin
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
