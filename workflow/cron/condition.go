package cron

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/nearest"
)

// root is the one variable that an expression has.
const root = "cronworkflow"

// variables are the fields of root.
var variables = []string{"annotations", "failed", "labels", "lastScheduledTime", "name", "namespace", "succeeded"}

// parseExpression reads an expression over root.
func parseExpression(text string) (*expr.Program, error) {
	p, err := expr.Compile(text)
	if err != nil {
		return nil, err
	}
	for _, name := range p.Names() {
		switch {
		case name[0] != root:
			return nil, fmt.Errorf("no variable %q; expected %s.{%s}", name[0], root, strings.Join(variables, ","))
		case len(name) > 1 && !slices.Contains(variables, name[1]):
			return nil, fmt.Errorf("no variable %q%s", root+"."+name[1], nearest.Hint(name[1], slices.Values(variables)))
		}
	}
	return p, nil
}

// when is a text with tags that is true or false once they are replaced.
type when []part

// part is a text, or the expression of a tag.
type part struct {
	text string
	tag  *expr.Program
}

func parseWhen(text string) (when, error) {
	var w when
	for rest := text; rest != ""; {
		plain, tag, found := strings.Cut(rest, "{{")
		w = append(w, part{text: plain})
		if !found {
			break
		}
		inner, after, closed := strings.Cut(tag, "}}")
		if !closed {
			return nil, errors.New("a tag is not closed: expected }}")
		}
		p, err := parseExpression(strings.TrimPrefix(inner, "="))
		if err != nil {
			return nil, err
		}
		w, rest = append(w, part{tag: p}), after
	}
	return w, expr.CheckWhen(text)
}

// holds says whether it is true. Nothing said is true.
func (w when) holds(vars map[string]any) (bool, error) {
	if w == nil {
		return true, nil
	}
	var b strings.Builder
	for _, p := range w {
		b.WriteString(p.text)
		if p.tag == nil {
			continue
		}
		v, err := p.tag.Eval(lookUp(vars))
		if err != nil {
			return false, err
		}
		text, err := expr.Text(v)
		if err != nil {
			return false, err
		}
		b.WriteString(text)
	}
	return expr.When(b.String())
}

// holds says whether an expression is true.
func holds(p *expr.Program, vars map[string]any) (bool, error) {
	v, err := p.Eval(lookUp(vars))
	if err != nil {
		return false, err
	}
	return expr.EvalBool(v)
}

// lookUp gives an expression its values.
func lookUp(vars map[string]any) func([]string) (any, bool) {
	return func(chain []string) (v any, ok bool) {
		v = map[string]any{root: vars}
		for _, key := range chain {
			m, _ := v.(map[string]any)
			if v, ok = m[key]; !ok {
				return nil, false
			}
		}
		return v, true
	}
}
