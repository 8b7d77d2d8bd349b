package build

import "github.com/podflow/podflow/workflow/spec"

// Loop is a list whose elements a call is made for, one node each.
type Loop struct {
	items    []spec.Item
	param    string
	sequence *spec.Sequence
	from     Origin // of the list
}

// SealedLoop is an item of a loop.
type SealedLoop interface{ loop() *Loop }

func (l *Loop) loop() *Loop { return l }

// Items is a loop over values that are known, as JSON.
func Items(items []spec.Item) *Loop {
	if items == nil {
		items = []spec.Item{}
	}
	return &Loop{items: items}
}

// Sequence is a loop over numbers.
func Sequence(s spec.Sequence) *Loop { return &Loop{sequence: &s} }

// Each is the loop over a list: a new one, so that a task can tell its own from another's.
func Each(ref string, list Origin) *Loop {
	if l := list.List; l != nil {
		return &Loop{items: l.items, sequence: l.sequence, from: list}
	}
	return &Loop{param: ref, from: list}
}

// LoopOf is the loop behind an item, or nil.
func LoopOf(i SealedLoop) *Loop {
	if IsNil(i) {
		return nil
	}
	return i.loop()
}

// write makes the task a loop.
func (l *Loop) write(task *spec.Task) {
	task.WithItems, task.WithParam = l.items, l.param
	if l.sequence != nil {
		s := *l.sequence
		task.WithSequence = &s
	}
}

// SetEach makes the call a loop.
func SetEach(c *Call, i SealedLoop) {
	m := c.rare()
	if m.each = LoopOf(i); m.each == nil {
		m.problem(".each", "the item is nil, or one that Each did not make")
	}
}

// loop is the loop that the call is, or nil: that of its Each, or else of an argument's.
func (c *Call) loopOf() *Loop {
	if c == nil {
		return nil
	}
	if c.more != nil && c.more.each != nil {
		return c.more.each
	}
	for _, a := range c.args {
		if a.More != nil && a.More.Each {
			return a.More.From.Item
		}
	}
	return nil
}
