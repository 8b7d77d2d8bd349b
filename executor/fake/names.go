package fake

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Check refuses scripts that are mistakes in themselves, and those of names that the workflow does not have. Where
// templates that are not in the workflow bring names of their own, only [Executor.Verify] finds unknown ones.
func (x *Executor) Check(w *spec.Workflow, _ []executor.Leaf) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.workflow = w
	errs := slices.Clone(x.problems)
	if len(x.order) > 0 {
		if n := namesOf(w); !n.hidden {
			for _, s := range x.order {
				if name := unknown(s.key, n.known); name != "" {
					errs = append(errs, fmt.Errorf("fake: On(%q): the workflow has no task or step %q%s", s.key, name, hint(name, n.known)))
				}
			}
		}
	}
	x.refused = errors.Join(errs...)
	return x.refused
}

// unknown is the first name in a script's key that is not known, or empty.
func unknown(key string, known map[string]bool) string {
	for _, name := range segments(key) {
		if !known[name] {
			return name
		}
	}
	return ""
}

// segments are the names in a script's key: "api(0:x).compile" has api and compile, "[1].heads" has heads.
func segments(key string) []string {
	names := strings.Split(withoutIndices(key), ".")
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "[")
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// names are the names that nodes of a workflow can have.
type names struct {
	known  map[string]bool
	hidden bool // there may be more
}

func namesOf(w *spec.Workflow) *names {
	n := &names{known: map[string]bool{}}
	n.add(w.Spec.Entrypoint)
	n.add(w.Spec.OnExit)
	if w.Spec.OnExit != "" {
		n.add("onExit")
	}
	n.hooks(w.Spec.Hooks)
	n.hidden = n.hidden || w.Spec.WorkflowTemplateRef != nil
	for i := range w.Spec.Templates {
		n.template(&w.Spec.Templates[i])
	}
	return n
}

func (n *names) add(name string) {
	if name != "" {
		n.known[name] = true
	}
}

// template adds the names of a template's tasks and steps.
func (n *names) template(t *spec.Template) {
	if t.DAG != nil {
		for i := range t.DAG.Tasks {
			c := &t.DAG.Tasks[i]
			//lint:ignore SA1019 a workflow may still say it
			n.call(c.Name, c.TemplateRef, c.Inline, c.OnExit, c.Hooks)
		}
	}
	for _, group := range t.Steps {
		for i := range group {
			c := &group[i]
			//lint:ignore SA1019 a workflow may still say it
			n.call(c.Name, c.TemplateRef, c.Inline, c.OnExit, c.Hooks)
		}
	}
}

func (n *names) call(name string, ref *spec.TemplateRef, inline *spec.Template, onExit string, hooks map[string]spec.LifecycleHook) {
	n.add(name)
	n.hidden = n.hidden || ref != nil
	if inline != nil {
		n.template(inline)
	}
	if onExit != "" {
		n.add("onExit")
		n.add(onExit)
	}
	n.hooks(hooks)
}

// hooks adds what the nodes of hooks are called: X.onExit, X.hooks.NAME.
func (n *names) hooks(hooks map[string]spec.LifecycleHook) {
	for name, h := range hooks {
		n.add("onExit")
		n.add("hooks")
		n.add(name)
		n.add(h.Template)
		n.hidden = n.hidden || h.TemplateRef != nil
	}
}
