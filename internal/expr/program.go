// Package expr is the small languages in which a workflow decides and computes, as Argo Workflows 4.1 means them:
// expressions, when clauses, depends, the items of loops, and the texts of values, durations and times. It knows
// nothing of workflows: names are texts, and their values are asked for.
package expr

import (
	"fmt"
	"maps"
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
	chains  []chain
	names   [][]string
	sprig   []string
}

// chain is a variable that a program reads, with what its value may replace.
type chain struct {
	keys   []string
	parent bool // another chain begins with these keys
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
	for _, keys := range r.names {
		longer := func(other []string) bool { return len(other) > len(keys) && slices.Equal(other[:len(keys)], keys) }
		p.chains = append(p.chains, chain{keys: keys, parent: slices.ContainsFunc(r.names, longer)})
	}
	slices.SortStableFunc(p.chains, func(a, b chain) int { return len(a.keys) - len(b.keys) })
	return p, nil
}

// Names are the variables that the expression reads, each once, in order of first use: ["tasks", "A", "status"] for
// both tasks.A.status and tasks["A"].status. A chain ends before a key that is not constant, and before a method.
func (p *Program) Names() [][]string { return p.names }

// String is the source.
func (p *Program) String() string { return p.source }

// Eval computes the expression. Each of its Names is asked for its value, which it may keep; one that is not ok is
// nil. Its time and memory are bounded: what exceeds them is an error that is ErrTooMuch.
func (p *Program) Eval(value func(chain []string) (v any, ok bool)) (any, error) {
	env := map[string]any{}
	for i := range p.chains {
		c := &p.chains[i]
		v, ok := value(c.keys)
		if m, isMap := v.(map[string]any); ok && isMap && c.parent {
			v = maps.Clone(m)
		}
		if ok || !c.parent {
			put(env, c.keys, v, ok)
		}
	}
	b := &budget{left: limit}
	b.bind(env, p.sprig)
	v, err := expr.Run(p.program, env)
	if err == nil {
		err = b.try(v)
	}
	if err != nil {
		return nil, clean(err)
	}
	return v, nil
}

// put sets a value in nested maps. Where a value that is not a map is in the way, a value replaces it, as the more
// specific name wins in Argo; no value leaves it.
func put(env map[string]any, keys []string, v any, ok bool) {
	for _, k := range keys[:len(keys)-1] {
		next, isMap := env[k].(map[string]any)
		if !isMap {
			if env[k] != nil && !ok {
				return
			}
			next = map[string]any{}
			env[k] = next
		}
		env = next
	}
	last := keys[len(keys)-1]
	if _, there := env[last]; ok || !there {
		env[last] = v
	}
}

// oneLine keeps the first line of a message, without the names of things that only the compiler knows.
func oneLine(message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	return strings.TrimSpace(message)
}
