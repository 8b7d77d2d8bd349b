package engine

import "context"

// ask is a command of a rule that has a file of its own: to find something out, or to change something, outside of the
// run. It must not block.
type ask interface{ carryOut(r *Run) }

// answer is what came of an ask.
type answer interface{ apply(m *machine) }

// ask carries out what may take its time on a goroutine of the run. The answer is the machine's next event; nil: there
// is none. What has ended asks nothing any more.
func (r *Run) ask(f func() answer) {
	r.queueMu.Lock()
	defer r.queueMu.Unlock()
	if r.closed {
		return
	}
	r.work.Go(func() {
		if a := f(); a != nil {
			r.tell(event{answer: a})
		}
	})
}

// contextOf is the context of what is at work for a node.
func (r *Run) contextOf(n *node) context.Context {
	if n.exit {
		return r.ctx
	}
	return r.workCtx
}
