package build

import (
	"slices"
	"strings"
	"time"

	"github.com/podflow/podflow/workflow/spec"
)

// derived is a template with a timeout that a task gave it.
type derived struct {
	from    *Template
	timeout time.Duration
}

// derive is the callee of a call. Tasks have no timeout in Argo: one that is given to a task makes a template of its
// own.
func (c *compiler) derive(k *Call) *Template {
	t := k.callee
	if k.more == nil || k.more.timeout <= 0 || t.kind == none {
		return t
	}
	if t.kind != leaf {
		c.problem(k.path()+".timeout", "a %v template has no timeout: give one to each of the leaves below", t.kind)
		return t
	}
	key := derived{t, k.more.timeout}
	if d := c.derived[key]; d != nil {
		return d
	}
	text := key.timeout.String()
	d := *t
	d.spec.Name += "-timeout-" + strings.NewReplacer(".", "-", "µ", "u").Replace(text)
	if t.fn != nil {
		d.spec.Plugin = t.fn.plugin(d.spec.Name)
	}
	d.edits = append(slices.Clip(d.edits), func(s *spec.Template) { s.Timeout = text })
	if c.derived == nil {
		c.derived = map[derived]*Template{}
	}
	c.derived[key] = &d
	return &d
}
