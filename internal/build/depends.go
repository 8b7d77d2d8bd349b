package build

import (
	"slices"
	"strings"
)

// Depends is an expression over the ends of tasks.
type Depends struct {
	logic Logic
	tasks []*Call
}

// DependsOn is the term that a task has ended in some way: "Failed", say.
func DependsOn(task SealedCall, end string) Depends {
	c := CallOf(task)
	return Depends{Logic{Text: c.name + "." + end}, []*Call{c}}
}

// And is true if both are.
func (d Depends) And(e Depends) Depends { return d.combine(Logic.And, e) }

// Or is true if one is.
func (d Depends) Or(e Depends) Depends { return d.combine(Logic.Or, e) }

// Not is true if d is not.
func (d Depends) Not() Depends {
	if d.empty() {
		return d
	}
	return Depends{d.logic.Not(false), d.tasks}
}

func (d Depends) combine(join func(a, b Logic) Logic, e Depends) Depends {
	if d.empty() || e.empty() {
		return Depends{}
	}
	tasks := make([]*Call, 0, len(d.tasks)+len(e.tasks))
	return Depends{join(d.logic, e.logic), append(append(tasks, d.tasks...), e.tasks...)}
}

func (d Depends) empty() bool { return d.logic.Text == "" }

// SetDepends sets the expression that a task waits for.
func SetDepends(c *Call, d Depends) {
	m := c.rare()
	if m.depends = &d; d.empty() {
		m.problem(".depends", "the expression is empty")
	}
}

// mixed is a dag in which some task has a depends expression: then every task is written with one, since Argo knows
// neither dependencies nor continueOn beside it.
type mixed struct {
	calls  map[string]*Call
	waited map[*Call]bool // that some task waits for
}

// mix is nil if no task of the dag has a depends expression.
func mix(t *Template) *mixed {
	if !slices.ContainsFunc(t.calls, func(k *Call) bool { return k.more != nil && k.more.depends != nil }) {
		return nil
	}
	m := &mixed{make(map[string]*Call, len(t.calls)), map[*Call]bool{}}
	for _, k := range t.calls {
		m.calls[k.name] = k
	}
	return m
}

// depends is the expression for a task that waits for the tasks of those names, of which some were said and the others
// follow from the values that it uses.
func (m *mixed) depends(c *compiler, k *Call, names []string, said int) string {
	var terms []string
	own := k.more != nil && k.more.depends != nil
	for i, name := range names {
		on := m.calls[name]
		if own && i >= said && !slices.Contains(k.more.depends.tasks, on) {
			c.problem(k.path()+".depends", "uses a value of task %q, which its Depends does not name", name)
		}
		if own && i >= said {
			continue
		}
		m.waited[on] = true
		terms = append(terms, term(name, on))
	}
	if own {
		for _, on := range k.more.depends.tasks {
			m.waited[on] = true
			if on.owner != k.owner {
				c.foreign(k.path()+".depends", on)
			}
		}
		terms = append(terms, k.more.depends.logic.within(and))
		if len(terms) == 1 {
			return k.more.depends.logic.Text
		}
	}
	if len(terms) == 1 {
		return strings.TrimSuffix(strings.TrimPrefix(terms[0], "("), ")")
	}
	return strings.Join(terms, " && ")
}

// term is what a plain dependency on a task means in an expression.
func term(name string, on *Call) string {
	ends := []string{name}
	if on != nil && on.more != nil && on.more.goesOn != nil {
		if on.more.goesOn.Failed {
			ends = append(ends, name+".Failed")
		}
		if on.more.goesOn.Error {
			ends = append(ends, name+".Errored")
		}
	}
	if len(ends) == 1 {
		return name
	}
	return "(" + strings.Join(ends, " || ") + ")"
}

// check refuses what an expression of others cannot say: that the dag succeeds although its last task does not.
func (m *mixed) check(c *compiler, t *Template) {
	for _, k := range t.calls {
		if k.more != nil && k.more.goesOn != nil && !m.waited[k] {
			c.problem(k.path()+".continueOn", "no task waits for this one, and Argo has no continueOn in a dag where a task has a depends expression")
		}
	}
}

// foreign says that a task of another dag, or of none, was named.
func (c *compiler) foreign(path string, on *Call) {
	if on.owner == nil {
		c.problem(path, "a task that is nil or that no dag made")
	} else {
		c.problem(path, "task %q is in template %q", on.name, on.owner.spec.Name)
	}
}
