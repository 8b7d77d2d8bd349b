package plan

import (
	"github.com/podflow/podflow/internal/expr"
)

// Control is what few calls have besides a template and plain inputs.
type Control struct {
	// Texts has one text for each of the call's Inputs, the zero Text for those without references; nil if none has any.
	Texts []Text
	// Files are the artifacts that it gives.
	Files []*FileSource
	// When must be true for the node to run; nil: it always does.
	When *Text
	// EachWhen says that When names the item of the loop, so that it is decided item by item.
	EachWhen bool
	// Loop makes one node of each of its items.
	Loop *Loop
	// Depends decides whether a task of a dag runs once all that it names have ended; nil: all must be met.
	Depends *Depends
	// ContinueFailed and ContinueErrored say that this end of the node does not stop what comes after it.
	ContinueFailed, ContinueErrored bool
	// Hooks are what runs because of the node.
	Hooks []Hook
}

// Loop is the items of a call.
type Loop struct {
	// Fixed are the items of a withItems without tags, and Items are those of one with tags, as JSON.
	Fixed []expr.Item
	Items []Text
	// Param is the text of withParam.
	Param *Text
	// Sequence is the texts of withSequence.
	Sequence *Sequence
}

// Sequence is the texts of a withSequence; nil where one is not given.
type Sequence struct{ Count, Start, End, Format *Text }

// Depends is a depends expression.
type Depends struct {
	*expr.Depends
	// Calls are the tasks that it names, in the order of Names.
	Calls []int32
}

// Hook is what runs because of a node, in the scope of the node's call.
type Hook struct {
	// Name is empty for the exit handler, which runs once the node has ended.
	Name string
	// When is the condition of a hook, seen each time the node changes.
	When *Expression
	// Call is what it runs.
	Call Call
}

// Exit says that the hook runs once the node has ended, whatever its condition.
func (h *Hook) Exit() bool { return h.Name == "" }

// Rules are what few templates have besides a body.
type Rules struct {
	Retry *Retry
	// Timeout bounds a leaf from its begin on, PendingTimeout the time before it runs; nil: not bounded.
	Timeout, PendingTimeout *Text
	// Parallelism bounds how many children run at a time; 0: not bounded.
	Parallelism int
	// FailFast begins no more children after one has failed.
	FailFast bool
	// Daemon says that what comes after the node waits only until it is ready.
	Daemon bool
	// Locks are what a node holds while it runs.
	Locks []Lock
	// Memo is how the outputs are found again, or nil.
	Memo *Memo
	// Metrics are computed at the end of a node.
	Metrics []Metric
}

// Retry is when a template runs again.
type Retry struct {
	// Limit is how often, after the first time; nil: without limit.
	Limit *Text
	// OnFailed and OnErrored are the ends after which it may, Transient says: only if the message is of a transient
	// error.
	OnFailed, OnErrored, Transient bool
	// Expression must be true for it; nil: always.
	Expression *Expression
	// Base, Factor, Cap and MaxDuration are the backoff; nil: none.
	Base, Factor, Cap, MaxDuration *Text
}

// Continues says that what comes after a call goes on although its node ended so.
func (c *Call) Continues(failed, errored bool) bool {
	return c.Control != nil && (failed && c.ContinueFailed || errored && c.ContinueErrored)
}

// Eval is whether a task runs, given what holds of those that it names.
func (d *Depends) Eval(is func(call int32, c expr.Condition) bool) bool {
	return d.Depends.Eval(func(i int, c expr.Condition) bool { return is(d.Calls[i], c) })
}
