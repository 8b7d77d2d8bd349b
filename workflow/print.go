package workflow

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// YAML is the workflow as Argo writes it. [Load] reads it back; only Go functions stay behind.
func (w *Workflow) YAML() ([]byte, error) {
	var b bytes.Buffer
	err := spec.Encode(&b, w.plan.Spec)
	return b.Bytes(), err
}

// DOT is the workflow as a drawing for Graphviz. Each dag or steps template that the entrypoint needs is drawn once, as
// a cluster with its tasks; a dashed line leads to it from each task that calls it. So the drawing grows with what was
// written, not with what will run.
func (w *Workflow) DOT() string {
	d := w.draw()
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n\tcompound=true\n\tnode [shape=box]\n", d.title)
	for i, box := range d.boxes {
		indent := "\t"
		if box.title != "" {
			fmt.Fprintf(&b, "\tsubgraph cluster_%d {\n\t\tlabel=%q\n", i, box.title)
			indent = "\t\t"
		}
		for _, s := range box.shapes {
			form := ""
			switch s.kind {
			case nested:
				form = " peripheries=2"
			case barrier:
				form = " shape=point"
			}
			fmt.Fprintf(&b, "%s%s [label=%q%s]\n", indent, s.id, strings.Join(s.label, "\n"), form)
		}
		for _, a := range box.arrows {
			fmt.Fprintf(&b, "%s%s -> %s\n", indent, box.shapes[a.from].id, box.shapes[a.to].id)
		}
		if box.title != "" {
			b.WriteString("\t}\n")
		}
	}
	for _, l := range d.links {
		fmt.Fprintf(&b, "\t%s -> %s [style=dashed lhead=cluster_%d]\n", l.from, d.boxes[l.box].shapes[0].id, l.box)
	}
	b.WriteString("}\n")
	return b.String()
}

// Mermaid is the workflow as a Mermaid flowchart, which Markdown renderers draw: what [Workflow.DOT] is for Graphviz.
func (w *Workflow) Mermaid() string {
	d := w.draw()
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %q\n---\nflowchart TD\n", d.title)
	for i, box := range d.boxes {
		if box.title != "" {
			fmt.Fprintf(&b, "\tsubgraph t%d [%q]\n", i, box.title)
		}
		for _, s := range box.shapes {
			open, shut := "[", "]"
			switch s.kind {
			case nested:
				open, shut = "[[", "]]"
			case barrier:
				open, shut = "((", "))"
			}
			fmt.Fprintf(&b, "\t%s%s\"%s\"%s\n", s.id, open, strings.Join(s.label, "<br>"), shut)
		}
		for _, a := range box.arrows {
			fmt.Fprintf(&b, "\t%s --> %s\n", box.shapes[a.from].id, box.shapes[a.to].id)
		}
		if box.title != "" {
			b.WriteString("\tend\n")
		}
	}
	for _, l := range d.links {
		fmt.Fprintf(&b, "\t%s -.-> t%d\n", l.from, l.box)
	}
	return b.String()
}
