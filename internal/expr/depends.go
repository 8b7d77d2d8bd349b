package expr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/podflow/podflow/internal/nearest"
)

// Condition is what a depends asks of a task.
type Condition uint8

// The conditions. Bare is the name alone: Succeeded, Skipped or Daemoned, and Errored or Failed where the task has the
// matching continueOn.
const (
	Bare Condition = iota
	Succeeded
	Failed
	Errored
	Skipped
	Omitted
	Daemoned
	AnySucceeded // of a loop
	AllFailed    // of a loop
)

var conditions = []string{"", "Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed"}

// String is the condition as a depends writes it; Bare is empty.
func (c Condition) String() string { return conditions[c] }

// Depends is a parsed depends of a task.
type Depends struct {
	names []string
	root  *term
}

// term is a node of the tree: a condition of a task, or an operator over terms.
type term struct {
	op        operator
	task      int
	condition Condition
	terms     []*term
}

type operator uint8

const (
	opIs operator = iota
	opNot
	opAnd
	opOr
)

// maxNesting is how deep parentheses and negations may go.
const maxNesting = 500

// ParseDepends reads a depends: tasks by name, with or without a condition, joined by && and ||, negated by !, in
// parentheses. && binds closer than ||. The error is an *Error.
func ParseDepends(source string) (*Depends, error) {
	p := dependsParser{source: source, index: map[string]int{}}
	root, err := p.or(0)
	if err == nil && p.at < len(source) {
		err = p.unexpected("&&, || or the end")
	}
	if err != nil {
		return nil, err
	}
	return &Depends{names: p.names, root: root}, nil
}

// Names are the tasks, in order of first use.
func (d *Depends) Names() []string { return d.names }

// Eval decides; is says whether a condition holds of a task, by its index in Names.
func (d *Depends) Eval(is func(task int, c Condition) bool) bool { return d.root.eval(is) }

// All says whether the expression is only names without conditions, joined by &&: then it means the same as
// dependencies, and these are they.
func (d *Depends) All() ([]string, bool) {
	terms := []*term{d.root}
	if d.root.op == opAnd {
		terms = d.root.terms
	}
	for _, t := range terms {
		if t.op != opIs || t.condition != Bare {
			return nil, false
		}
	}
	return d.names, true
}

func (t *term) eval(is func(int, Condition) bool) bool {
	switch t.op {
	case opNot:
		return !t.terms[0].eval(is)
	case opAnd:
		for _, s := range t.terms {
			if !s.eval(is) {
				return false
			}
		}
		return true
	case opOr:
		for _, s := range t.terms {
			if s.eval(is) {
				return true
			}
		}
		return false
	}
	return is(t.task, t.condition)
}

type dependsParser struct {
	source string
	at     int
	names  []string
	index  map[string]int
}

func (p *dependsParser) or(depth int) (*term, error)  { return p.list("||", opOr, depth, p.and) }
func (p *dependsParser) and(depth int) (*term, error) { return p.list("&&", opAnd, depth, p.one) }

// list reads terms with an operator between them. A term of the same operator becomes part of the list, so that chains
// do not nest.
func (p *dependsParser) list(sign string, op operator, depth int, next func(int) (*term, error)) (*term, error) {
	t, err := next(depth)
	if err != nil || !p.next(sign) {
		return t, err
	}
	list := &term{op: op}
	for more := true; more; {
		if t.op == op {
			list.terms = append(list.terms, t.terms...)
		} else {
			list.terms = append(list.terms, t)
		}
		if more = p.take(sign); more {
			if t, err = next(depth); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// one reads a negation, a parenthesis or a task.
func (p *dependsParser) one(depth int) (*term, error) {
	if depth > maxNesting {
		return nil, p.fail(p.at, fmt.Sprintf("parentheses and negations more than %d deep", maxNesting))
	}
	switch {
	case p.take("!"):
		t, err := p.one(depth + 1)
		return &term{op: opNot, terms: []*term{t}}, err
	case p.take("("):
		t, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = p.unexpected("&&, || or )")
		}
		return t, err
	}
	return p.task()
}

func (p *dependsParser) task() (*term, error) {
	name := p.word()
	if name == "" {
		return nil, p.unexpected("the name of a task, ! or (")
	}
	t := &term{}
	if p.at < len(p.source) && p.source[p.at] == '.' {
		p.at++
		start := p.at
		word := p.word()
		c := slices.Index(conditions[1:], word) + 1
		if c == 0 {
			known := "; expected one of " + strings.Join(conditions[1:], ", ")
			if word == "" {
				return nil, p.fail(start, fmt.Sprintf("no condition after %q%s", name+".", known))
			}
			if hint := nearest.Hint(word, slices.Values(conditions[1:])); hint != "" {
				known = hint
			}
			return nil, p.fail(start, fmt.Sprintf("no condition %q%s", word, known))
		}
		t.condition = Condition(c)
	}
	i, ok := p.index[name]
	if !ok {
		i = len(p.names)
		p.index[name] = i
		p.names = append(p.names, name)
	}
	t.task = i
	return t, nil
}

// word reads letters, digits, - and _, after white space.
func (p *dependsParser) word() string {
	if p.at == 0 || p.source[p.at-1] != '.' {
		p.space()
	}
	start := p.at
	for p.at < len(p.source) && isWord(p.source[p.at]) {
		p.at++
	}
	return p.source[start:p.at]
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// next says whether a sign follows.
func (p *dependsParser) next(sign string) bool {
	p.space()
	return strings.HasPrefix(p.source[p.at:], sign)
}

// take reads a sign, with the white space around it, if it is next.
func (p *dependsParser) take(sign string) bool {
	if !p.next(sign) {
		return false
	}
	p.at += len(sign)
	p.space()
	return true
}

func (p *dependsParser) space() {
	for p.at < len(p.source) && strings.IndexByte(" \t\r\n", p.source[p.at]) >= 0 {
		p.at++
	}
}

func (p *dependsParser) unexpected(expected string) error {
	p.space()
	if p.at == len(p.source) {
		return p.fail(p.at, "unexpected end; expected "+expected)
	}
	start := p.at
	found := p.word()
	if found == "" {
		_, size := utf8.DecodeRuneInString(p.source[start:])
		found = p.source[start : start+size]
	}
	return p.fail(start, fmt.Sprintf("unexpected %q; expected %s", found, expected))
}

func (p *dependsParser) fail(at int, message string) error {
	before := p.source[:at]
	line := strings.Count(before, "\n") + 1
	return &Error{Message: message, Line: line, Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1}
}
