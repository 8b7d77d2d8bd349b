package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/podflow/podflow/workflow"
)

// line is a line on the screen, with its width in columns.
type line struct {
	text  string
	width int
}

// columnsPerLevel is how far a node is indented from the one above it.
const columnsPerLevel = 3

// lines is the tree in so many columns and rows, less one of each: of the row, so that the cursor has a line of its own
// below the tree; of the column, since terminals differ in what they do with a full line.
func (t *tree) lines(now time.Time, columns, rows int, colours bool) []line {
	root := t.nodes[""]
	if root == nil {
		return nil
	}
	p := painter{now: now, width: max(1, columns-1), colours: colours}
	room := max(1, rows-1)
	if len(t.nodes) > room {
		room = max(1, room-1) // the last line counts what is not shown
	}
	c := t.choose(room, p.width/2/columnsPerLevel)
	p.below = c.hanging()
	p.branch(root, nil, "", "")
	if len(c.shown) < len(t.nodes) && rows > 2 {
		p.add(segment{t.rest(&c), dim})
	}
	return p.lines
}

// rest counts the nodes that are not shown.
func (t *tree) rest(c *choice) string {
	shown := map[workflow.Phase]int{}
	for n := range c.shown {
		shown[n.Phase]++
	}
	var parts []string
	for _, phase := range []workflow.Phase{workflow.Failed, workflow.Errored, workflow.Running, workflow.Pending,
		workflow.Succeeded, workflow.Skipped, workflow.Omitted} {
		if n := t.counts[phase] - shown[phase]; n > 0 {
			parts = append(parts, number(n)+" "+strings.ToLower(string(phase)))
		}
	}
	return fmt.Sprintf("… and %s more: %s", number(len(t.nodes)-len(c.shown)), strings.Join(parts, ", "))
}

// painter paints the lines of a choice.
type painter struct {
	now     time.Time
	width   int
	colours bool
	below   map[*node][]*node
	lines   []line
}

// branch paints a node and what hangs from it. It goes no deeper than the choice does.
func (p *painter) branch(n, up *node, first, further string) {
	name := clean(n.DisplayName)
	if n.parent != up {
		name = "…" + name
	}
	p.node(n, name, first)
	below := p.below[n]
	for i, child := range below {
		if i < len(below)-1 {
			p.branch(child, n, further+"├─ ", further+"│  ")
		} else {
			p.branch(child, n, further+"└─ ", further+"   ")
		}
	}
}

// node paints one node: its name gives way to how long it took, and its message has what is left.
func (p *painter) node(n *node, name, indent string) {
	sign, colour := glyph(n.Phase)
	took := duration(n.Phase, n.Started, n.Finished)
	if n.Phase == workflow.Running {
		took = max(0, p.now.Sub(n.Started)).Truncate(time.Second).String()
	}
	if n.Attempts > 1 {
		took = strings.TrimSpace(fmt.Sprintf("%s (attempt %d)", took, n.Attempts))
	}
	if took != "" {
		took = "  " + took
	}
	name = cut(name, max(8, p.width-columns(indent)-2-columns(took)))
	message := ""
	if n.Message != "" && !n.blames {
		message = "  " + clean(n.Message)
	}
	p.add(segment{indent, dim}, segment{sign, colour}, segment{" " + name, ""}, segment{took, dim}, segment{message, ""})
}

// segment is a part of a line in one style.
type segment struct{ text, style string }

// add adds a line, as much of it as there is room for.
func (p *painter) add(parts ...segment) {
	var l line
	var b strings.Builder
	for _, s := range parts {
		text := cut(s.text, p.width-l.width)
		l.width += columns(text)
		if p.colours && s.style != "" && text != "" {
			text = s.style + text + plain
		}
		b.WriteString(text)
		if text == "" && s.text != "" {
			break
		}
	}
	l.text = b.String()
	p.lines = append(p.lines, l)
}
