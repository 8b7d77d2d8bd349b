package engine

import (
	"container/heap"
	"errors"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/journal"
)

// replay brings the machine to where an earlier process left it: it hears again what was recorded, in that order, and
// the timers that went off between. What had begun and not ended is left in the machine's commands, to be begun again
// or adopted. A record whose attempt does not come up in its turn, since something outside of the run decided that,
// is kept for when it does.
func (r *Run) replay(records []journal.Record) {
	p := &replayer{m: &r.m, starts: map[executor.ID]start{}}
	p.take()
	for i := range records {
		rec := &records[i]
		p.until(rec.Finished)
		if !p.hear(r, rec) && rec.Kind == journal.Ended {
			if r.known == nil {
				r.known = map[executor.ID]*journal.Record{}
			}
			r.known[rec.ID] = rec
		}
		r.m.settle()
		p.take()
	}
	p.rest()
}

// replayer is the machine's commands while it hears what was recorded.
type replayer struct {
	m      *machine
	starts map[executor.ID]start
	order  []executor.ID
	asks   []ask
	timers timerHeap
}

// timerHeap has the timer that goes off first at its front.
type timerHeap []timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(t any)        { *h = append(*h, t.(timer)) }
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}

func (p *replayer) take() {
	todo := p.m.take()
	for _, s := range todo.starts {
		id := p.m.attemptID(s.node, s.attempt)
		p.starts[id] = s
		p.order = append(p.order, id)
	}
	for _, t := range todo.timers {
		heap.Push(&p.timers, t)
	}
	p.asks = append(p.asks, todo.asks...)
}

// until lets the timers go off whose time has come, in that order.
func (p *replayer) until(at int64) {
	for len(p.timers) > 0 && p.timers[0].at <= at {
		t := heap.Pop(&p.timers).(timer)
		p.m.now = max(p.m.now, t.at)
		p.m.alarm(t)
		p.m.settle()
		p.take()
	}
	p.m.now = max(p.m.now, at)
}

// hear tells the machine what was recorded. It reports false if that does not fit.
func (p *replayer) hear(r *Run, rec *journal.Record) bool {
	switch rec.Kind {
	case journal.Stopped:
		p.m.halt(&stop{cause: errors.New(rec.Error), text: rec.Result.Message, handlers: true})
		return true
	case journal.Cancelled:
		p.m.halt(&stop{cause: errors.New(rec.Error), text: rec.Result.Message})
		return true
	case journal.Suspended:
		p.m.hold()
		return true
	case journal.Resumed:
		_, path := cut(rec.ID.Node, r.run.Name)
		return p.m.resumePath(r.find(path), &resumption{path: path, values: rec.Result.Outputs}) == nil
	}
	s, ok := p.starts[rec.ID]
	if !ok {
		return false
	}
	if rec.PodName != "" || rec.PodIP != "" || rec.HostNode != "" {
		i := s.node.more()
		i.podName, i.podIP, i.hostNode = rec.PodName, rec.PodIP, rec.HostNode
	}
	if rec.Kind == journal.Ready {
		p.m.daemonReady(s.node)
		return true
	}
	delete(p.starts, rec.ID)
	res, err := rec.Outcome()
	p.m.finish(s.node, &res, err)
	return true
}

// rest leaves what is still to be done in the machine's commands.
func (p *replayer) rest() {
	for _, id := range p.order {
		s, ok := p.starts[id]
		switch {
		case !ok:
		case s.node.phase.ended(): // a daemon whose scope ended: whatever is left of it goes with the run
			p.m.live--
			p.m.leafLeft(s.node)
		default:
			p.m.starts = append(p.m.starts, s)
		}
	}
	p.m.timers = append(p.m.timers, p.timers...)
	p.m.asks = append(p.m.asks, p.asks...)
}

// attemptID is the ID of an attempt.
func (m *machine) attemptID(n *node, attempt int32) (id executor.ID) {
	id.Run, id.Attempt = m.run.UID, int(attempt)
	id.Node, _ = n.names(m.run.Name)
	return id
}

// cut is the path in a node's full name.
func cut(name, run string) (full, path string) {
	path = name[min(len(run), len(name)):]
	if path != "" && path[0] == '.' {
		path = path[1:]
	}
	return name, path
}
