package plan

import (
	"strings"
)

// Text is a string of the spec with the references that its tags make. The zero value is the empty text.
type Text struct {
	Source string
	Refs   []Ref // in order; none for a plain text
}

// Ref is one tag of a text.
type Ref struct {
	start, end int32 // of the tag in Source, braces included
	Kind       RefKind
	Call       int32  // which call of the template, for the kinds that name one
	Index      int32  // which input or output
	Name       string // the tag without its braces
}

// RefKind says what a tag refers to.
type RefKind uint8

// What a tag can refer to.
const (
	RefRun         RefKind = iota // something of the run that does not change: workflow.name, workflow.parameters.N
	RefNodeName                   // node.name
	RefInput                      // inputs.parameters.N
	RefInputs                     // inputs.parameters: all, as JSON
	RefConst                      // known when compiled; Name is the value
	RefCallResult                 // tasks.N.outputs.result
	RefCallOutput                 // tasks.N.outputs.parameters.P
	RefCallOutputs                // tasks.N.outputs.parameters: all, as JSON
	RefCallStatus                 // tasks.N.status
	RefCallField                  // tasks.N.id, ip, exitCode, startedAt, finishedAt, hostNodeName; Index is one of the Fields
)

// Fields are the names of the fields of RefCallField.
var Fields = []string{"id", "ip", "exitCode", "startedAt", "finishedAt", "hostNodeName"}

// Fill is the text with each tag replaced by its value. Where value has none, missing is the first such tag.
func (t *Text) Fill(value func(*Ref) (string, bool)) (filled, missing string) {
	if len(t.Refs) == 0 {
		return t.Source, ""
	}
	if r := &t.Refs[0]; len(t.Refs) == 1 && r.start == 0 && int(r.end) == len(t.Source) {
		v, ok := value(r)
		if !ok {
			return "", r.Name
		}
		return v, ""
	}
	var b strings.Builder
	var at int32
	for i := range t.Refs {
		r := &t.Refs[i]
		v, ok := value(r)
		if !ok && missing == "" {
			missing = r.Name
		}
		b.WriteString(t.Source[at:r.start])
		b.WriteString(v)
		at = r.end
	}
	b.WriteString(t.Source[at:])
	return b.String(), missing
}

// roots are the first words of the tags that belong to the language. Any other text in double braces is the
// user's own, of a templating language of the program that gets it, say, and stays as it is.
var roots = map[string]bool{
	"inputs": true, "outputs": true, "steps": true, "tasks": true, "workflow": true, "item": true, "node": true,
	"pod": true, "retries": true, "lastRetry": true, "cronworkflow": true,
}

// parseText finds the tags of a text. resolve says what a tag refers to, or what is wrong with it.
func parseText(source string, resolve func(tag string) (Ref, string), problem func(string)) Text {
	t := Text{Source: source}
	for at := 0; ; {
		i := strings.Index(source[at:], "{{")
		if i < 0 {
			return t
		}
		start := at + i
		j := strings.Index(source[start:], "}}")
		if j < 0 {
			return t
		}
		at = start + j + 2
		tag := strings.TrimSpace(source[start+2 : at-2])
		if strings.HasPrefix(tag, "=") {
			problem("expression tags are not supported yet: {{" + tag + "}}")
			continue
		}
		root, _, _ := strings.Cut(tag, ".")
		if !roots[root] {
			continue
		}
		ref, wrong := resolve(tag)
		if wrong != "" {
			problem("{{" + tag + "}}: " + wrong)
			continue
		}
		ref.start, ref.end = int32(start), int32(at)
		if ref.Name == "" {
			ref.Name = tag
		}
		t.Refs = append(t.Refs, ref)
	}
}
