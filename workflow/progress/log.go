package progress

import (
	"fmt"

	"github.com/podflow/podflow/workflow"
)

// log makes a line of each change, for a log. It keeps what was said of the nodes that have not ended.
type log map[string]said

type said struct {
	phase   workflow.Phase
	message string
}

// line is the line for an event: time, phase, path, and how long it took and what its message is. It is empty if none
// of it is new.
func (l *log) line(e workflow.Event) string {
	n := e.Node
	now := said{n.Phase, n.Message}
	if (*l)[n.Path] == now {
		return ""
	}
	if *l == nil {
		*l = log{}
	}
	(*l)[n.Path] = now
	if !n.Finished.IsZero() {
		delete(*l, n.Path)
	}
	path := n.Path
	if path == "" {
		path = n.Name
	}
	text := fmt.Sprintf("%s  %-9s  %s", e.Time.Format("15:04:05"), n.Phase, clean(path))
	if took := duration(n.Phase, n.Started, n.Finished); took != "" {
		text += " (" + took + ")"
	}
	if n.Message != "" {
		text += "  " + clean(n.Message)
	}
	return text + "\n"
}
