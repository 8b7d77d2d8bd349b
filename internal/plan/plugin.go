package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/podflow/podflow/workflow/spec"
)

// plugin checks the work for a plugin; which plugins there are, a Runner knows.
func (c *compiler) plugin(path string, p spec.Plugin) {
	if len(p) != 1 {
		c.problem(path, "names %d plugins; expected one", len(p))
	}
	for name, config := range p {
		if config != nil && !json.Valid(config) {
			c.problem(path+"."+name, "is not JSON")
		}
	}
}

// walkPlugin visits the texts of a plugin's configuration. It is JSON before and after: what stands in the place of a
// tag is never more than a part of a text.
func walkPlugin(p spec.Plugin, at *place, visit func(*place, string) string) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if !bytes.Contains(p[name], []byte("{{")) {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(p[name]))
		d.UseNumber()
		var config any
		if d.Decode(&config) != nil { // the plan says so
			continue
		}
		w := jsonWalk{visit: visit}
		config = w.value(config, &place{at, name})
		if w.changed {
			p[name], _ = json.Marshal(config) // it was JSON before
		}
	}
}

// jsonWalk visits the strings of a JSON value, names of members too, always in the same order.
type jsonWalk struct {
	visit   func(*place, string) string
	changed bool
}

func (w *jsonWalk) value(v any, at *place) any {
	switch v := v.(type) {
	case string:
		return w.text(v, at)
	case []any:
		for i := range v {
			v[i] = w.value(v[i], &place{at, fmt.Sprintf("[%d]", i)})
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			in := &place{at, name}
			out[w.text(name, in)] = w.value(v[name], in)
		}
		return out
	}
	return v
}

func (w *jsonWalk) text(s string, at *place) string {
	if !bytes.Contains([]byte(s), []byte("{{")) {
		return s
	}
	filled := w.visit(at, s)
	w.changed = w.changed || filled != s
	return filled
}
