package build

import (
	"reflect"
	"slices"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// call checks one task or step and writes all of it that steps have too, with its arguments in room.
func (c *compiler) call(k *Call, task *spec.Task, room []spec.Parameter) (rest []spec.Parameter) {
	task.Name = k.name
	callee := c.derive(k)
	if callee.kind == none {
		c.problem(k.path()+".template", "%s", noTemplate)
	} else {
		c.add(callee)
	}
	task.Template, task.TemplateRef = callee.called()
	rest = c.arguments("", &task.Arguments, k.owner, k, k.callee, k.args, room)
	if l := k.loopOf(); l != nil {
		c.uses(k.path()+".each", k.owner, k, &l.from)
		l.write(task)
	}
	if k.more != nil {
		c.more(k, k.more, task)
	}
	return rest
}

// more writes what few calls have.
func (c *compiler) more(k *Call, m *more, task *spec.Task) {
	path := k.path()
	for _, p := range m.problems {
		c.problem(path+p.Path, "%s", p.Text)
	}
	if !m.when.empty() {
		for i := range m.when.from {
			c.uses(path+".when", k.owner, k, &m.when.from[i])
		}
		task.When = "{{=" + m.when.logic.Text + "}}"
	}
	if m.goesOn != nil {
		goesOn := *m.goesOn
		task.ContinueOn = &goesOn
	}
	task.Hooks = c.hooks(path, m.hooks, k.owner, k)
}

// arguments checks the arguments of the call self, or of a hook, and writes them into room. Without a path it is that
// of self.
func (c *compiler) arguments(path string, out *spec.Arguments, user *Template, self *Call, callee *Template, args []*Arg, room []spec.Parameter) (rest []spec.Parameter) {
	n := 0
	for _, a := range args {
		if a.More != nil || a.Type != callee.inputType(a) {
			if path == "" {
				path = self.path()
			}
			c.argument(path+".arguments", callee, a)
			if a.More != nil {
				c.uses(path+".arguments."+word(a.Type)+"["+a.Name+"]", user, self, &a.More.From)
			}
		}
		if a.Type == ArtifactType {
			out.Artifacts = append(out.Artifacts, spec.Artifact{
				Name: a.Name, From: a.Value, SubPath: a.More.SubPath, ArtifactLocation: a.More.Location,
			})
			continue
		}
		room[n].Name = a.Name
		*room[n].Value = spec.AnyString(a.Value)
		n++
	}
	if n > 0 {
		out.Parameters = room[:n:n]
	}
	return room[len(args):]
}

// argument checks the type of a value; that the parameter exists is for the plan to see.
func (c *compiler) argument(path string, callee *Template, a *Arg) {
	path += "." + word(a.Type) + "[" + a.Name + "]"
	if p := a.Problem(); p != "" {
		c.problem(path, "%s", p)
	}
	i := slices.IndexFunc(callee.in, func(d decl) bool { return d.named(a.Name, a.Type) })
	switch {
	case a.Type == nil: // there is no argument
	case callee.kind == none || i < 0 && callee.open(callee.in):
	case i < 0:
		names := nearest.Names(callee.in, func(d *decl) string { return d.name })
		c.problem(path, "template %q has no input%s %q%s", callee.spec.Name, artifact(a.Type), a.Name, nearest.Hint(a.Name, names))
	case a.Type != callee.in[i].typ:
		c.problem(path, "%q is of type %v in template %q, not %v", a.Name, callee.in[i].typ, callee.spec.Name, a.Type)
	}
}

// open says that a template may have other inputs, or outputs, than those that it declares: an edit may declare some,
// and of another object's template nothing need be declared.
func (t *Template) open(declared []decl) bool {
	return len(t.edits) > 0 || t.kind == reference && len(declared) == 0
}

// artifact is the word that tells an artifact from a parameter.
func artifact(typ reflect.Type) string {
	if typ == ArtifactType {
		return " artifact"
	}
	return ""
}

// uses checks that a value comes from a call of the template user, or is the item of the loop that the call self is,
// and has the type that it is taken for. user is nil for a hook of the workflow, self for an output of the template.
func (c *compiler) uses(path string, user *Template, self *Call, o *Origin) {
	if o.Problem != "" {
		c.problem(path, "%s", o.Problem)
	}
	for i := range o.Parts {
		c.uses(path, user, self, &o.Parts[i])
	}
	if o.Item != nil {
		c.item(path, self, o.Item)
	}
	p := o.Call
	switch {
	case p == nil:
		return
	case p.owner == nil:
		c.problem(path, "uses %q of a %s that is nil or that no constructor made", o.Output, user.callWord())
		return
	case user == nil:
		c.problem(path, "uses %q of %q, which is in template %q: the workflow's hooks know workflow.outputs only", o.Output, p.name, p.owner.spec.Name)
		return
	case p.owner != user:
		c.problem(path, "uses %q of %q, which is in template %q", o.Output, p.name, p.owner.spec.Name)
		return
	case o.Output == "": // something of the node itself
		return
	}
	if loop := p.loopOf() != nil; loop != o.All && p != self {
		switch {
		case o.All:
			c.problem(path, "uses %q of %q with All, but that is no loop: use Of", o.Output, p.name)
		case o.Type == ArtifactType:
			c.problem(path, "uses the artifact %q of %q, but that is a loop, and the artifacts of a loop cannot be taken together", o.Output, p.name)
		default:
			c.problem(path, "uses %q of %q with Of, but that is a loop: use All", o.Output, p.name)
		}
	}
	c.output(path, p.callee, o)
}

// item checks that an item is that of the loop that a call is.
func (c *compiler) item(path string, self *Call, item *Loop) {
	switch own := self.loopOf(); {
	case own == nil:
		c.problem(path, "uses the item of a loop, but nothing says that this is one: add Each")
	case own != item:
		c.problem(path, "uses the items of two loops")
	}
}

// output checks the type of an output. That the parameter exists is for the plan to see, which does not see those of
// other objects, nor artifacts yet.
func (c *compiler) output(path string, callee *Template, o *Origin) {
	for i := range callee.out {
		d := &callee.out[i]
		if !d.named(o.Output, o.Type) {
			continue
		}
		if d.typ != o.Type && o.Type != nil && d.typ != nil {
			c.problem(path, "output %q is of type %v in template %q, not %v", o.Output, d.typ, callee.spec.Name, o.Type)
		}
		return
	}
	if callee.open(callee.out) || callee.kind != reference && o.Type != ArtifactType {
		return
	}
	names := nearest.Names(callee.out, func(d *decl) string { return d.name })
	c.problem(path, "template %q has no output%s %q%s", callee.spec.Name, artifact(o.Type), o.Output, nearest.Hint(o.Output, names))
}
