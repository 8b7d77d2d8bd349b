package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/nearest"
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
	Call       int32       // which call of the template, for the kinds that name one
	Index      int32       // which input or output
	Name       string      // the tag without its braces
	Expr       *Expression // of a RefExpr
}

// RefKind says what a tag refers to.
type RefKind uint8

// What a tag can refer to.
const (
	RefRun            RefKind = iota // something of the run that does not change: workflow.name, workflow.parameters.N
	RefNodeName                      // node.name
	RefPodName                       // pod.name
	RefCallName                      // steps.name, tasks.name
	RefInput                         // inputs.parameters.N
	RefInputs                        // inputs.parameters: all, as JSON
	RefConst                         // known when compiled; Name is the value
	RefCallResult                    // tasks.N.outputs.result
	RefCallOutput                    // tasks.N.outputs.parameters.P
	RefCallOutputs                   // tasks.N.outputs.parameters: all, as JSON
	RefCallStatus                    // tasks.N.status
	RefCallField                     // tasks.N.id, ip, exitCode, startedAt, finishedAt, hostNodeName; Index is one of the Fields
	RefItem                          // item
	RefItemField                     // item.F: Name is F
	RefArtifact                      // inputs.artifacts.N, which is no text, as those of the next two are none
	RefCallArtifact                  // tasks.N.outputs.artifacts.A
	RefGlobalArtifact                // workflow.outputs.artifacts.G
	RefRetry                         // retries, lastRetry.F
	RefLate                          // something of the run that changes: workflow.status, workflow.outputs.parameters.N
	RefExpr                          // an expression: Expr
	RefSelf                          // of a metric: what is known of the node itself; Index is which output
)

// Fields are the names of the fields of RefCallField.
var Fields = []string{"id", "ip", "exitCode", "startedAt", "finishedAt", "hostNodeName"}

// Tag is the tag that makes the reference, without its braces.
func (r *Ref) Tag() string {
	if r.Kind == RefItemField {
		return "item." + r.Name
	}
	return r.Name
}

// Lookup gives the value of a reference. The error is a *[NoValueError] where there is none.
type Lookup func(*Ref) (string, error)

// NoValueError says that what a tag refers to has no value: the task was skipped, say.
type NoValueError struct{ Tag string }

// Error names the tag.
func (e *NoValueError) Error() string { return "{{" + e.Tag + "}} has no value" }

// Fill is the text with each tag replaced by its value. The error is that of the first tag that has one.
func (t *Text) Fill(value Lookup) (string, error) {
	if len(t.Refs) == 0 {
		return t.Source, nil
	}
	if t.Single() {
		return value(&t.Refs[0])
	}
	var b strings.Builder
	var at int32
	for i := range t.Refs {
		r := &t.Refs[i]
		v, err := value(r)
		if err != nil {
			return "", err
		}
		b.WriteString(t.Source[at:r.start])
		b.WriteString(v)
		at = r.end
	}
	b.WriteString(t.Source[at:])
	return b.String(), nil
}

// Single says that the text is one tag and nothing else.
func (t *Text) Single() bool {
	return len(t.Refs) == 1 && t.Refs[0].start == 0 && int(t.Refs[0].end) == len(t.Source)
}

// names says that a tag of the text, or a variable of one of its expressions, is of one of the kinds.
func (t *Text) names(kinds ...RefKind) bool {
	for i := range t.Refs {
		if t.Refs[i].names(kinds) {
			return true
		}
	}
	return false
}

func (r *Ref) names(kinds []RefKind) bool {
	for _, k := range kinds {
		if r.Kind == k {
			return true
		}
	}
	if r.Expr != nil {
		for _, in := range r.Expr.refs {
			if in.names(kinds) {
				return true
			}
		}
	}
	return false
}

// Expression is a compiled expression with what its variables refer to.
type Expression struct {
	Source  string
	program *expr.Program
	refs    map[string]*Ref // by the variable's names, joined by dots
	text    *Text           // not nil: the source has tags, which are replaced before it is compiled
}

// compiled is the expression with its tags replaced. Their values are within quotes or plain words: what could end a
// quotation is escaped.
func (e *Expression) compiled(value Lookup) (*expr.Program, error) {
	if e.text == nil {
		return e.program, nil
	}
	source, err := e.text.Fill(func(r *Ref) (string, error) {
		v, err := value(r)
		return quotes.Replace(v), err
	})
	if err != nil {
		return nil, err
	}
	return expr.Compile(source)
}

var quotes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "`", "\\x60", "\n", `\n`, "\r", `\r`)

// Eval is the value of the expression. A variable without a value is nil.
func (e *Expression) Eval(value Lookup) (any, error) {
	program, err := e.compiled(value)
	if err != nil {
		return nil, err
	}
	var wrong error
	v, err := program.Eval(func(chain []string) (any, bool) {
		r := e.refs[strings.Join(chain, ".")]
		if r == nil {
			return nil, false
		}
		v, err := value(r)
		if err != nil {
			if _, none := errors.AsType[*NoValueError](err); !none && wrong == nil {
				wrong = err
			}
			return nil, false
		}
		if r.Kind == RefInputs || r.Kind == RefCallOutputs {
			return byName(v), true
		}
		return v, true
	})
	if wrong != nil {
		return nil, wrong
	}
	return v, err
}

// Text is the value of the expression as text.
func (e *Expression) Text(value Lookup) (string, error) {
	v, err := e.Eval(value)
	if err != nil {
		return "", err
	}
	text, err := expr.Text(v)
	if err != nil {
		return "", fmt.Errorf("{{=%s}}: %w", e.Source, err)
	}
	return text, nil
}

// Bool is the value of the expression as a condition.
func (e *Expression) Bool(value Lookup) (bool, error) {
	v, err := e.Eval(value)
	if err != nil {
		return false, err
	}
	return expr.EvalBool(v)
}

// byName is a list of parameters as JSON, by their names.
func byName(list string) map[string]any {
	var params []struct{ Name, Value string }
	_ = json.Unmarshal([]byte(list), &params) // the engine made it
	m := make(map[string]any, len(params))
	for _, p := range params {
		m[p.Name] = p.Value
	}
	return m
}

// roots are the first words of the tags that belong to the language. Any other text in double braces is the
// user's own, of a templating language of the program that gets it, say, and stays as it is.
var roots = map[string]bool{
	"inputs": true, "outputs": true, "steps": true, "tasks": true, "workflow": true, "item": true, "node": true,
	"pod": true, "retries": true, "lastRetry": true, "cronworkflow": true,
}

var rootNames = slices.Sorted(maps.Keys(roots))

// dotted is what a tag of the language looks like.
var dotted = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)+$`)

// meant is the tag of the language that the user's own one is a misspelling of, or empty.
func meant(tag string) string {
	m := dotted.FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	root, ok := nearest.Name(m[1], slices.Values(rootNames))
	if !ok {
		return ""
	}
	return root + tag[len(m[1]):]
}

// parseText finds the tags of a text. resolve says what a tag refers to, or what is wrong with it; expression
// compiles an expression tag; foreign hears of the user's own tags. more are the first words of tags that belong to the
// language at this place, besides roots.
func parseText(source string, resolve func(tag string) (Ref, string), expression func(source string) (*Expression, string),
	problem, foreign func(string), more ...string) Text {
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
		for at < len(source) && source[at] == '}' && source[start+2] == '=' && open(source[start+2:at-2]) {
			at++ // {{={"a": {"b": 1}}}}
		}
		tag := strings.TrimSpace(source[start+2 : at-2])
		if source, is := strings.CutPrefix(tag, "="); is {
			e, wrong := expression(source)
			if wrong != "" {
				problem("{{=" + short(source) + "}}: " + wrong)
				continue
			}
			t.Refs = append(t.Refs, Ref{start: int32(start), end: int32(at), Kind: RefExpr, Name: tag, Expr: e})
			continue
		}
		root, _, _ := strings.Cut(tag, ".")
		if !roots[root] && !slices.Contains(more, root) {
			foreign(tag)
			continue
		}
		ref, wrong := resolve(tag)
		if wrong != "" {
			problem("{{" + tag + "}}: " + wrong)
			continue
		}
		ref.start, ref.end = int32(start), int32(at)
		if ref.Name == "" && ref.Kind != RefConst {
			ref.Name = tag
		}
		t.Refs = append(t.Refs, ref)
	}
}

// short is a text that is short enough for a message.
func short(s string) string {
	if len(s) <= 200 {
		return s
	}
	return strings.ToValidUTF8(s[:200], "") + "…"
}

// open says that some brace of a text is not closed.
func open(s string) bool { return strings.Count(s, "{") > strings.Count(s, "}") }
