package build

import (
	"github.com/podflow/podflow/workflow/spec"
)

// Hook is a template that runs at some moment in the life of a task, a step or the workflow.
type Hook struct {
	name   string
	when   Condition
	callee *Template
	args   []*Arg
}

// NewHook is a hook. The hook that is named spec.ExitHook needs no condition.
func NewHook[T any](name string, when SealedCondition, callee Sealed, args []T) Hook {
	h := Hook{name: name, callee: templateOf(callee)}
	if when != nil {
		h.when = when.condition()
	}
	for _, a := range args {
		h.args = append(h.args, ArgOf(a))
	}
	return h
}

// AddHook gives a call a hook.
func AddHook(c *Call, h Hook) {
	m := c.rare()
	m.hooks = append(m.hooks, h)
}

// hooks writes hooks. user and self are the template and the call that they belong to; nil for the workflow's.
func (c *compiler) hooks(path string, hooks []Hook, user *Template, self *Call) map[string]spec.LifecycleHook {
	if len(hooks) == 0 {
		return nil
	}
	out := make(map[string]spec.LifecycleHook, len(hooks))
	for _, h := range hooks {
		at := path + ".hooks[" + h.name + "]"
		if _, twice := out[h.name]; twice {
			c.problem(at, "two hooks have this name")
		}
		if h.name != spec.ExitHook && h.when.empty() {
			c.problem(at+".expression", emptyCondition)
		}
		for i := range h.when.from {
			c.uses(at+".expression", user, self, &h.when.from[i])
		}
		hook := spec.LifecycleHook{Expression: h.when.logic.Text}
		if h.callee.kind == none {
			c.problem(at+".template", "%s", noTemplate)
		} else {
			c.add(h.callee)
		}
		hook.Template, hook.TemplateRef = h.callee.called()
		room := make([]spec.Parameter, len(h.args))
		values := make([]spec.AnyString, len(h.args))
		for i := range room {
			room[i].Value = &values[i]
		}
		c.arguments(at, &hook.Arguments, user, self, h.callee, h.args, room)
		out[h.name] = hook
	}
	return out
}

const noTemplate = "is nil, or one that no constructor made"

// called is how a call names the template.
func (t *Template) called() (name string, ref *spec.TemplateRef) {
	if t.kind == reference {
		r := t.ref
		return "", &r
	}
	return t.spec.Name, nil
}

// Reference makes t a template of another object.
func Reference(t *Template, ref spec.TemplateRef) {
	begin(t, reference, ref.Name+"/"+ref.Template)
	t.ref = ref
}
