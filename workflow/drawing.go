package workflow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/podflow/podflow/internal/plan"
)

// drawing is what a picture of a workflow shows, whatever draws it. All texts in it are names, which hold letters,
// digits, - and . only, so that no format needs to escape them.
type drawing struct {
	title string
	boxes []drawnTemplate
	links []drawnLink
}

// drawnTemplate is a dag or steps template with its calls, or without a title an entrypoint that is a leaf.
type drawnTemplate struct {
	title  string
	shapes []shape
	arrows []arrow
}

// shape is a call of a template, or the place where one group of steps ends and the next begins.
type shape struct {
	id    string
	kind  shapeKind
	label []string
}

type shapeKind uint8

const (
	leaf shapeKind = iota
	nested
	barrier
)

// arrow leads from one of the shapes of a template to another.
type arrow struct{ from, to int }

// drawnLink leads from a shape to the template that it calls.
type drawnLink struct {
	from string
	box  int
}

// draw draws each template that the entrypoint needs once, those that are called first before the others.
func (w *Workflow) draw() *drawing {
	d := &drawing{title: cmp.Or(w.plan.Spec.Name, w.plan.Spec.GenerateName)}
	entry := w.plan.Entry
	if !entry.Kind.Calls() {
		d.boxes = []drawnTemplate{{shapes: []shape{{id: "t0c0", label: []string{entry.Name}}}}}
		return d
	}
	number := map[*plan.Template]int{entry: 0}
	queue := []*plan.Template{entry}
	for i := 0; i < len(queue); i++ {
		t := queue[i]
		box := drawnTemplate{title: cmp.Or(t.Name, t.Path)}
		for c := range t.Calls {
			call := &t.Calls[c]
			s := shape{id: fmt.Sprintf("t%dc%d", i, c), label: []string{call.Name}}
			if call.Template.Name != call.Name && call.Template.Name != "" {
				s.label = append(s.label, call.Template.Name)
			}
			if call.Template.Kind.Calls() {
				s.kind = nested
				n, known := number[call.Template]
				if !known {
					n = len(queue)
					number[call.Template] = n
					queue = append(queue, call.Template)
				}
				d.links = append(d.links, drawnLink{s.id, n})
			}
			box.shapes = append(box.shapes, s)
		}
		box.connect(t, i)
		d.boxes = append(d.boxes, box)
	}
	return d
}

// connect draws the arrows between the calls. Between two groups of steps they meet in a barrier if that saves some.
func (b *drawnTemplate) connect(t *plan.Template, number int) {
	if t.Kind == plan.DAG {
		for c := range t.Calls {
			for _, next := range t.Graph.Succ(int32(c)) {
				b.arrows = append(b.arrows, arrow{c, int(next)})
			}
		}
		return
	}
	groups := slices.Compact(append([]int32{0}, t.Groups...)) // where each group begins; those without steps are left out
	for g := 1; g+1 < len(groups); g++ {
		begin, middle, end := int(groups[g-1]), int(groups[g]), int(groups[g+1])
		if (middle-begin)*(end-middle) <= end-begin {
			for from := begin; from < middle; from++ {
				for to := middle; to < end; to++ {
					b.arrows = append(b.arrows, arrow{from, to})
				}
			}
			continue
		}
		at := len(b.shapes)
		b.shapes = append(b.shapes, shape{id: fmt.Sprintf("t%dg%d", number, g), kind: barrier, label: []string{" "}})
		for from := begin; from < middle; from++ {
			b.arrows = append(b.arrows, arrow{from, at})
		}
		for to := middle; to < end; to++ {
			b.arrows = append(b.arrows, arrow{at, to})
		}
	}
}
