// Package expr is the small languages in which a workflow decides and computes, as Argo Workflows 4.1 means them:
// expressions, when clauses, depends, the items of loops, and the texts of values, durations and times. It knows
// nothing of workflows: names are texts, and their values are asked for.
package expr

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// maxSource is the greatest length of an expression, of a when clause and of a depends, in bytes. Their parsers
// recurse, so that nesting without end would overflow the stack.
const maxSource = 64 << 10

// Program is a compiled expression, of {{=…}}, valueFrom.expression, fromExpression, or of a retry or a hook. Any number
// of goroutines may use it.
type Program struct {
	source  string
	program *vm.Program
	names   [][]string
	sprig   []string
}

// Error is what is wrong with a source, and where.
type Error struct {
	Message string
	Line    int // from 1
	Column  int // from 1, in characters
}

// Error is one line.
func (e *Error) Error() string {
	switch {
	case e.Line > 1:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	case e.Line == 1:
		return fmt.Sprintf("column %d: %s", e.Column, e.Message)
	}
	return e.Message
}

// Compile reads an expression. The error is an *Error.
func Compile(source string) (*Program, error) {
	if len(source) > maxSource {
		return nil, &Error{Message: fmt.Sprintf("an expression of %d bytes; the longest may have %d", len(source), maxSource)}
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, clean(err)
	}
	r := reader{source: source}
	r.read(tree.Node, nil)
	if r.err != nil {
		return nil, r.err
	}
	p := &Program{source: source, names: r.names, sprig: r.sprig}
	if p.program, err = expr.Compile(source, options...); err != nil {
		return nil, clean(err)
	}
	return p, nil
}

// Names are the variables that the expression reads, each once, in order of first use: ["tasks", "A", "status"] for
// both tasks.A.status and tasks["A"].status. A chain ends before a key that is not constant, and before a method.
func (p *Program) Names() [][]string { return p.names }

// String is the source.
func (p *Program) String() string { return p.source }

// Eval computes the expression. It asks for the value of each of its Names; where there is none, for those of the names
// that it begins with, longest first, so that members of a value are found in it. A name for which nothing is ok is nil.
// Values are not changed. Time and memory are bounded: what exceeds them is ErrTooMuch. Any other error is an *Error.
func (p *Program) Eval(value func(chain []string) (v any, ok bool)) (any, error) {
	env := environment{root: map[string]any{}, own: map[uintptr]bool{}}
	found := make([]named, len(p.names))
	for i, keys := range p.names {
		found[i] = lookUp(keys, value)
	}
	slices.SortStableFunc(found, func(a, b named) int { return len(a.keys) - len(b.keys) })
	for _, f := range found {
		env.put(f)
	}
	b := &budget{left: limit}
	b.bind(env.root, p.sprig)
	v, err := expr.Run(p.program, env.root)
	if err == nil {
		err = b.try(v)
	}
	if err != nil {
		return nil, clean(err)
	}
	return v, nil
}

// named is the value of a name.
type named struct {
	keys  []string
	value any
	ok    bool
}

// lookUp asks for the value of a name, or of the longest beginning of it that has one.
func lookUp(keys []string, value func([]string) (any, bool)) named {
	for n := len(keys); n > 0; n-- {
		if v, ok := value(keys[:n:n]); ok {
			return named{keys[:n], v, true}
		}
	}
	return named{keys: keys}
}

// environment is nested maps with the values of an evaluation. It writes only into maps of its own.
type environment struct {
	root map[string]any
	own  map[uintptr]bool
}

// put sets a value, or a nil where there is none. A value replaces a shorter name's that is no map: the longer name
// wins, as in Argo. Shorter names come first.
func (e *environment) put(v named) {
	at := e.root
	for _, k := range v.keys[:len(v.keys)-1] {
		next, isMap := at[k].(map[string]any)
		if !isMap && at[k] != nil && !v.ok {
			return
		}
		if !isMap || !e.own[pointer(next)] {
			next = maps.Clone(next)
			if next == nil {
				next = map[string]any{}
			}
			e.own[pointer(next)] = true
			at[k] = next
		}
		at = next
	}
	last := v.keys[len(v.keys)-1]
	if _, there := at[last]; !there || v.ok && !e.own[pointer(at[last])] {
		at[last] = v.value
	}
}

// pointer identifies a map; it is 0 for anything else.
func pointer(v any) uintptr {
	if m := reflect.ValueOf(v); m.Kind() == reflect.Map {
		return m.Pointer()
	}
	return 0
}

// oneLine keeps the first line of a message, cut where it is long: it may quote a value.
func oneLine(message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	return shorten(strings.TrimSpace(message), 200)
}

// shorten cuts a text for an error.
func shorten(text string, length int) string {
	if len(text) > length {
		return strings.ToValidUTF8(text[:length], "") + "…"
	}
	return text
}
