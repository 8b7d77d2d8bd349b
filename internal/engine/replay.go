package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// replay brings the machine to where an earlier process left it. All that the machine hears is recorded, and it reads
// nothing else, so it does what it did then. What has begun and not ended is left in its commands, to be begun again or
// adopted.
func (r *Run) replay(records []journal.Record) {
	p := &replayer{
		run: r, m: &r.m, starts: map[executor.ID]start{}, timers: map[timerKey]timer{}, asks: map[*node]ask{}, holders: map[*holder]bool{},
	}
	p.take()
	for i := range records {
		p.m.now = records[i].Finished
		p.hear(&records[i])
		p.m.settle()
		p.take()
	}
	p.rest()
}

// replayer is the machine's commands while it hears what was recorded.
type replayer struct {
	run     *Run
	m       *machine
	starts  map[executor.ID]start
	order   []executor.ID
	timers  map[timerKey]timer
	asks    map[*node]ask // by who waits for the answer
	asked   []*node
	holders map[*holder]bool // of locks
}

type timerKey struct {
	node *node
	why  alarm
}

// take collects what the machine wants done.
func (p *replayer) take() {
	todo := p.m.take()
	for _, s := range todo.starts {
		id := p.m.attemptID(s.node, s.attempt)
		p.starts[id] = s
		p.order = append(p.order, id)
	}
	for _, t := range todo.timers {
		p.timers[timerKey{t.node, t.why}] = t
	}
	for _, a := range todo.asks {
		p.ask(a)
	}
	for _, k := range todo.kills {
		p.scopeEnded(k.node)
	}
}

// scopeEnded ends the attempt of a daemon, if a node is one whose scope has ended. Whatever is left of it goes with the
// run.
func (p *replayer) scopeEnded(n *node) {
	id := p.m.attemptID(n, n.attempt)
	if _, ok := p.starts[id]; !ok || !n.phase.ended() {
		return
	}
	delete(p.starts, id)
	p.m.live--
	p.m.leafLeft(n)
	p.m.settle()
	p.take()
}

func (p *replayer) ask(a ask) {
	var n *node
	switch a := a.(type) {
	case *lockAsk:
		n = a.h.node
	case *recallAsk:
		n = a.n
	case *keepAsk:
		n = a.n
	case *unlockAsk:
		delete(p.holders, a.h)
		if waits, ok := p.asks[a.h.node].(*lockAsk); ok && waits.h == a.h {
			delete(p.asks, a.h.node)
		}
		return
	}
	p.asks[n] = a
	p.asked = append(p.asked, n)
}

// hear tells the machine what was recorded.
func (p *replayer) hear(rec *journal.Record) {
	switch rec.Kind {
	case journal.Stopped, journal.Cancelled:
		p.m.halt(&stop{cause: causeOf(rec.Error), text: rec.Result.Message, handlers: rec.Kind == journal.Stopped})
	case journal.Suspended:
		p.m.hold()
	case journal.Resumed:
		n, path := p.node(rec)
		_ = p.m.resumePath(n, &resumption{path: path, values: rec.Result.Outputs}) // it was an error then, too
	case journal.Backoff, journal.TimedOut, journal.PendingTimedOut:
		p.alarm(rec)
	case journal.Collected:
		for i := range rec.Result.Artifacts {
			p.m.delete(&rec.Result.Artifacts[i])
		}
	case journal.Locked, journal.Recalled, journal.Stored:
		p.answer(rec)
	default:
		p.attempt(rec)
	}
}

// node is the node that a record names, if there is one, and its path.
func (p *replayer) node(rec *journal.Record) (*node, string) {
	path := pathOf(rec.ID.Node, p.m.run.Name)
	return p.run.find(path), path
}

func (p *replayer) alarm(rec *journal.Record) {
	n, _ := p.node(rec)
	for why, kind := range alarms {
		if t, ok := p.timers[timerKey{n, why}]; ok && kind == rec.Kind {
			delete(p.timers, timerKey{n, why})
			p.m.alarm(t)
			return
		}
	}
}

func (p *replayer) answer(rec *journal.Record) {
	n, _ := p.node(rec)
	a := p.asks[n]
	answer := answerTo(a, rec)
	if answer == nil {
		return
	}
	delete(p.asks, n)
	if a, ok := a.(*lockAsk); ok && rec.Error == "" {
		p.holders[a.h] = true
	}
	answer.apply(p.m)
}

func (p *replayer) attempt(rec *journal.Record) {
	s, ok := p.starts[rec.ID]
	if !ok {
		return
	}
	if rec.PodName != "" || rec.PodIP != "" || rec.HostNode != "" {
		i := s.node.more()
		i.podName, i.podIP, i.hostNode = rec.PodName, rec.PodIP, rec.HostNode
	}
	switch rec.Kind {
	case journal.Ready:
		p.m.daemonReady(s.node)
	case journal.Running:
		p.m.update(s.node, &executor.Update{Phase: spec.Running, Message: rec.Result.Message})
	case journal.Ended:
		delete(p.starts, rec.ID)
		res, err := rec.Outcome()
		p.m.finish(s.node, &res, err)
	}
}

// rest leaves what is still to be done in the machine's commands, and takes the locks again that are held.
func (p *replayer) rest() {
	for _, id := range p.order {
		if s, ok := p.starts[id]; ok {
			p.m.starts = append(p.m.starts, s)
		}
	}
	for _, n := range p.asked {
		if a := p.asks[n]; a != nil {
			delete(p.asks, n)
			p.m.asks = append(p.m.asks, a)
		}
	}
	for key, t := range p.timers {
		if key.why == alarmDeadline || !key.node.phase.ended() {
			p.m.timers = append(p.m.timers, t)
		}
	}
	slices.SortFunc(p.m.timers, func(a, b timer) int { return cmp.Compare(a.at, b.at) })
	if !p.run.over {
		p.run.locks.hold(slices.Collect(maps.Keys(p.holders)))
	}
}

// attemptID is the ID of an attempt.
func (m *machine) attemptID(n *node, attempt int32) (id executor.ID) {
	id.Run, id.Attempt = m.run.UID, int(attempt)
	id.Node, _ = n.names(m.run.Name)
	return id
}
