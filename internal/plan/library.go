package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/podflow/podflow/workflow/spec"
)

// Library is the WorkflowTemplates and ClusterWorkflowTemplates that a workflow refers to, by name.
type Library struct {
	WorkflowTemplates, ClusterWorkflowTemplates map[string]*spec.WorkflowSpec
}

// home is where the names of templates are looked up: the workflow, or what one of its references names.
type home struct {
	path   string // in front of the paths of its templates
	specs  []spec.Template
	byName map[string]*Template
}

// Find gives the spec of a WorkflowTemplate, or with cluster of a ClusterWorkflowTemplate. The error is fs.ErrNotExist
// if there is none.
type Find func(name string, cluster bool) (*spec.WorkflowSpec, error)

// Collect finds all that a workflow refers to outside of itself, and what that refers to.
func Collect(w *spec.WorkflowSpec, find Find) (*Library, []Problem) {
	l := &collector{find: find, lib: &Library{map[string]*spec.WorkflowSpec{}, map[string]*spec.WorkflowSpec{}}}
	l.workflow("", w)
	if len(l.lib.WorkflowTemplates)+len(l.lib.ClusterWorkflowTemplates) == 0 && len(l.problems) == 0 {
		return nil, nil
	}
	return l.lib, l.problems
}

type collector struct {
	find     Find
	lib      *Library
	problems []Problem
}

func (l *collector) workflow(prefix string, w *spec.WorkflowSpec) {
	if r := w.WorkflowTemplateRef; r != nil {
		l.add(prefix+"spec.workflowTemplateRef", r.Name, r.ClusterScope)
	}
	for name, h := range w.Hooks {
		l.ref(prefix+"spec.hooks["+name+"]", h.TemplateRef)
	}
	for i := range w.Templates {
		l.template(prefix+"templates["+w.Templates[i].Name+"]", &w.Templates[i])
	}
}

func (l *collector) template(path string, t *spec.Template) {
	if t.DAG != nil {
		for i := range t.DAG.Tasks {
			k := &t.DAG.Tasks[i]
			l.call(path, "tasks", k.Name, k.TemplateRef, k.Inline, k.Hooks)
		}
	}
	for _, group := range t.Steps {
		for i := range group {
			k := &group[i]
			l.call(path, "steps", k.Name, k.TemplateRef, k.Inline, k.Hooks)
		}
	}
}

func (l *collector) call(path, word, name string, ref *spec.TemplateRef, inline *spec.Template, hooks map[string]spec.LifecycleHook) {
	if ref == nil && inline == nil && hooks == nil { // the many: their path is not made
		return
	}
	path += "." + word + "[" + name + "]"
	l.ref(path, ref)
	if inline != nil {
		l.template(path+".inline", inline)
	}
	for name, h := range hooks {
		l.ref(path+".hooks["+name+"]", h.TemplateRef)
	}
}

func (l *collector) ref(path string, r *spec.TemplateRef) {
	if r != nil {
		l.add(path+".templateRef", r.Name, r.ClusterScope)
	}
}

func (l *collector) add(path, name string, cluster bool) {
	of, kind := l.lib.WorkflowTemplates, "WorkflowTemplate"
	if cluster {
		of, kind = l.lib.ClusterWorkflowTemplates, "ClusterWorkflowTemplate"
	}
	if _, known := of[name]; known {
		return
	}
	if l.find == nil {
		return // compiling tells
	}
	w, err := l.find(name, cluster)
	of[name] = w // nil: once is enough to be told that it is missing
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.problems = append(l.problems, Problem{path, err.Error()})
	case err != nil:
		l.problems = append(l.problems, Problem{path, fmt.Sprintf("%s %q: %v", kind, name, err)})
	case w != nil:
		l.workflow(refPath(name, cluster)+".", w)
	}
}

func refPath(name string, cluster bool) string {
	if cluster {
		return "clusterWorkflowTemplates[" + name + "]"
	}
	return "workflowTemplates[" + name + "]"
}

// get is the spec of that name, or nil.
func (l *Library) get(name string, cluster bool) *spec.WorkflowSpec {
	switch {
	case l == nil:
		return nil
	case cluster:
		return l.ClusterWorkflowTemplates[name]
	}
	return l.WorkflowTemplates[name]
}

// named is the template of that name in a home, or nil. Those of references are compiled when they are first asked for.
func (c *compiler) named(h *home, name string) *Template {
	if t := h.byName[name]; t != nil || h == c.main {
		return t
	}
	i := slices.IndexFunc(h.specs, func(t spec.Template) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	h.byName[name] = nil // for a template that refers to itself while it is compiled
	t := c.head(h, h.path+"templates["+name+"]", &h.specs[i])
	h.byName[name] = t
	return t
}

// referred is the template that a reference names, or nil.
func (c *compiler) referred(path string, r *spec.TemplateRef) *Template {
	w := c.lib.get(r.Name, r.ClusterScope)
	if w == nil {
		c.problem(path, "%q is not known: no source of templates was given that has it", r.Name)
		c.refused = true
		return nil
	}
	key := spec.TemplateRef{Name: r.Name, ClusterScope: r.ClusterScope}
	h := c.homes[key]
	if h == nil {
		if c.homes == nil {
			c.homes = map[spec.TemplateRef]*home{}
		}
		h = &home{path: refPath(r.Name, r.ClusterScope) + ".", specs: w.Templates, byName: map[string]*Template{}}
		c.homes[key] = h
	}
	t := c.named(h, r.Template)
	if t == nil {
		c.problem(path+".template", "%q has no template %q%s", r.Name, r.Template, c.hint(r.Template, specNames(h.specs)))
	}
	return t
}

// withTemplateRef makes the workflow what its workflowTemplateRef and itself say together: what it says itself wins.
func (c *compiler) withTemplateRef() {
	w := c.plan.Spec
	c.plan.Resolved = *w
	r := w.Spec.WorkflowTemplateRef
	if r == nil {
		return
	}
	from := c.lib.get(r.Name, r.ClusterScope)
	if from == nil {
		c.problem("spec.workflowTemplateRef", "%q is not known: no source of templates was given that has it", r.Name)
		c.refused = true
		return
	}
	merged := *w.Spec.DeepCopy()
	base := from.DeepCopy()
	merged.WorkflowTemplateRef = nil
	merged.Arguments.Parameters = mergeParameters(base.Arguments.Parameters, merged.Arguments.Parameters)
	merge(&merged, base)
	c.plan.Resolved.Spec = merged
}

// mergeParameters are the parameters of base with the values that are given.
func mergeParameters(base, given []spec.Parameter) []spec.Parameter {
	out := slices.Clone(base)
	for _, g := range given {
		if i := slices.IndexFunc(out, func(p spec.Parameter) bool { return p.Name == g.Name }); i >= 0 {
			merge(&g, &out[i])
			out[i] = g
		} else {
			out = append(out, g)
		}
	}
	return out
}
