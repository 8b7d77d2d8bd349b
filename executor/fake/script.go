package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
)

// script is what On or OnFunc said of a name.
type script struct {
	key      string
	outcomes []Outcome
	used     []bool // of outcomes
	f        func(*executor.Task) (Outcome, error)
	calls    int
}

// On scripts a task by its name or path. With several outcomes, the first is for the first attempt of a node and the
// last for the last and all after it. Scripting a name twice is a mistake, which fails the test.
func (x *Executor) On(task string, outcomes ...Outcome) *Executor {
	return x.add(&script{key: task, outcomes: outcomes, used: make([]bool, len(outcomes))})
}

// OnFunc scripts a task by a function of its inputs, which is called once for each attempt. An error that it returns
// is trouble of the infrastructure, and so is its panic or Goexit (as of a failed require): the node's phase is Error.
func (x *Executor) OnFunc(task string, f func(*executor.Task) (Outcome, error)) *Executor {
	return x.add(&script{key: task, f: f})
}

// Verify is what was scripted and not used, or in vain: one error that lists all, or nil. After a run that
// [Executor.Check] refused it is the refusal. A fake that [New] made for a test calls it when the test ends.
func (x *Executor) Verify() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.refused != nil {
		return x.refused
	}
	errs := slices.Clone(x.problems)
	known := x.known()
	for _, s := range x.order {
		if s.calls == 0 && (s.f != nil || slices.ContainsFunc(s.outcomes, func(o Outcome) bool { return !o.optional })) {
			meant := ""
			if unknown(s.key, known) != "" {
				meant = hint(s.key, known)
			}
			errs = append(errs, fmt.Errorf("fake: On(%q): no node of that name ran%s", s.key, meant))
			continue
		}
		for i, o := range s.outcomes {
			if !s.used[i] && !o.optional {
				errs = append(errs, fmt.Errorf("fake: On(%q): outcome %d of %d, %s, was not used: there were fewer attempts",
					s.key, i+1, len(s.outcomes), o))
			}
		}
	}
	return errors.Join(errs...)
}

// known are the names that nodes have.
func (x *Executor) known() map[string]bool {
	known := map[string]bool{}
	if x.workflow != nil {
		known = namesOf(x.workflow).known
	}
	for _, t := range x.calls {
		known[withoutIndices(t.Name)], known[withoutIndices(t.Path)] = true, true
	}
	return known
}

// add keeps a script.
func (x *Executor) add(s *script) *Executor {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.scripts[s.key] != nil:
		x.problems = append(x.problems, fmt.Errorf("fake: On(%q) is there twice: give all outcomes to one", s.key))
		return x
	case s.f == nil && len(s.outcomes) == 0:
		x.problems = append(x.problems, fmt.Errorf("fake: On(%q) has no outcome", s.key))
		return x
	}
	x.scripts[s.key] = s
	x.order = append(x.order, s)
	return x
}

// find is the most exact script for a task; nil if there is none.
func (x *Executor) find(t *executor.Task) *script {
	if len(x.scripts) == 0 {
		return nil
	}
	for _, key := range [...]string{t.Path, withoutAttempts(t.Path), withoutIndices(t.Path), withoutIndices(t.Name)} {
		if s := x.scripts[key]; s != nil && key != "" {
			return s
		}
	}
	return nil
}

// count is the number of the outcome for this attempt of the task's node.
func (x *Executor) count(s *script, t *executor.Task) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	s.calls++
	if s.f != nil {
		return 0
	}
	p := place{t.ID.Run, withoutAttempts(t.Path), s}
	n := min(x.counts[p], len(s.outcomes)-1)
	x.counts[p]++
	s.used[n] = true
	return n
}

// outcome is the script's outcome for attempt n of a node.
func (s *script) outcome(t *executor.Task, n int) (o Outcome, err error) {
	if s.f == nil {
		return s.outcomes[n], nil
	}
	isolated := executor.Task{Func: func(context.Context, []executor.Value) ([]executor.Value, error) {
		o, err = s.f(t)
		return nil, nil
	}}
	if _, crash := isolated.Call(context.Background()); crash != nil {
		err = crash
	}
	if err != nil {
		err = fmt.Errorf("fake: the function of OnFunc(%q): %w", s.key, err)
	}
	return o, err
}

// nameOf is how a script may name the task.
func nameOf(t *executor.Task) string { return withoutIndices(t.Name) }

// withoutAttempts is a path without the numbers of attempts: "fetch(1)" is "fetch", "map(0:x)(1)" is "map(0:x)".
func withoutAttempts(path string) string {
	return withoutParens(path, func(inside string) bool { return strings.Trim(inside, "0123456789") == "" })
}

// withoutIndices is a path without attempts and items: "map(0:x)(1)" is "map".
func withoutIndices(path string) string {
	return withoutParens(path, func(string) bool { return true })
}

// withoutParens drops each "(inside)" of a path for which drop says so.
func withoutParens(path string, drop func(inside string) bool) string {
	if strings.IndexByte(path, '(') < 0 {
		return path
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "(")
		inside, after, closed := strings.Cut(rest, ")")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if !closed {
			return b.String() + "(" + rest
		}
		if !drop(inside) {
			b.WriteString("(" + inside + ")")
		}
		path = after
	}
}

// hint names the name that was meant.
func hint(key string, names map[string]bool) string {
	return nearest.Hint(key, slices.Values(slices.Sorted(maps.Keys(names))))
}
