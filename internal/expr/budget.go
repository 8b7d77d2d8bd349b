package expr

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// ErrTooMuch says that an expression takes more time or memory than any may.
var ErrTooMuch = errors.New("the expression takes too much time or memory")

// limit is how much one evaluation may handle, roughly in bytes: each argument of a function counts with its size each
// time, and each round of a loop with the number of operations in it.
const limit = 32 << 20

// What each thing costs beside its size.
const (
	partCost  = 8          // a value, and each part of it
	roundCost = 32         // a round of a loop, for each operation in it
	slowCost  = limit / 16 // a function that takes long on purpose: keys, hashes of passwords
	maxDepth  = 1000       // of nested values; deeper ones overflow the stack of who prints them
)

// Functions of the budget, by names that no source can have.
const (
	chargeName  = "\x00charge"
	matchesName = "\x00matches"
	repeatName  = "\x00repeat"
	replaceName = "\x00replace"
	joinName    = "\x00join"
	pathName    = "\x00jsonpath"
)

func isInternal(name string) bool { return name[0] == 0 }

// budget is what an evaluation may still use up. Its methods panic with ErrTooMuch, which the machine of the expr
// language turns into an error. Nothing else bounds that machine: it counts the elements of the lists it makes, but
// neither rounds nor texts.
type budget struct{ left int }

// bind puts the functions that count into the environment of an evaluation.
func (b *budget) bind(env map[string]any, sprig []string) {
	for name, f := range functions {
		env[name] = f
	}
	env[chargeName], env[matchesName], env[repeatName] = b.charge, b.matches, b.repeat
	env[replaceName], env[joinName], env[pathName] = b.replace, b.join, b.jsonpath
	if len(sprig) > 0 {
		bound := make(map[string]any, len(sprig))
		for _, name := range sprig {
			bound[name] = b.sprig(name)
		}
		env["sprig"] = bound
	}
}

// spend takes from the budget.
func (b *budget) spend(n int) {
	if n < 0 || n > b.left {
		panic(ErrTooMuch)
	}
	b.left -= n
}

// try charges for a value outside of an evaluation.
func (b *budget) try(v any) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrTooMuch
		}
	}()
	b.size(v, 0)
	return nil
}

// charge counts its first argument, and what else costs as its second, and gives the first.
func (b *budget) charge(args ...any) (any, error) {
	b.spend(args[1].(int))
	b.size(args[0], 0)
	return args[0], nil
}

// size spends what a value takes when it is written out, with parts that it has twice counted twice.
func (b *budget) size(v any, depth int) {
	if depth > maxDepth {
		panic(ErrTooMuch)
	}
	b.spend(partCost)
	switch v := v.(type) {
	case string:
		b.spend(len(v))
	case []any:
		for _, e := range v {
			b.size(e, depth+1)
		}
	case map[string]any:
		for k, e := range v {
			b.spend(len(k))
			b.size(e, depth+1)
		}
	default:
		b.sizeOf(reflect.ValueOf(v), depth)
	}
}

// sizeOf is size for any other type.
func (b *budget) sizeOf(v reflect.Value, depth int) {
	if depth > maxDepth {
		panic(ErrTooMuch)
	}
	b.spend(partCost)
	switch v.Kind() {
	case reflect.String:
		b.spend(v.Len())
	case reflect.Slice, reflect.Array:
		if k := v.Type().Elem().Kind(); k <= reflect.Complex128 { // numbers and truth values
			b.spend(v.Len())
			return
		}
		for i := range v.Len() {
			b.sizeOf(v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			b.sizeOf(k, depth+1)
			b.sizeOf(v.MapIndex(k), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			b.sizeOf(v.Field(i), depth+1)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			b.sizeOf(v.Elem(), depth+1)
		}
	}
}

// product spends a·b/unit.
func (b *budget) product(x, y, unit int) {
	if x > 0 && y > 0 && x > limit/y*unit {
		panic(ErrTooMuch)
	}
	b.spend(max(x, 0) * max(y, 0) / unit)
}

// matches is the operator for a pattern that is not a short constant: the regular expressions of Go take the product
// of both lengths at worst.
func (b *budget) matches(args ...any) (any, error) {
	text, ok1 := args[0].(string)
	pattern, ok2 := args[1].(string)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("matches needs two strings, not %T and %T", args[0], args[1])
	}
	b.product(len(text)+16, len(pattern)+16, 16)
	return regexp.MatchString(pattern, text)
}

func (b *budget) repeat(text string, n int) (string, error) {
	if n < 0 {
		return "", fmt.Errorf("repeat: %d times", n)
	}
	b.product(len(text)+1, n, 1)
	return strings.Repeat(text, n), nil
}

func (b *budget) replace(text, before, after string, times ...int) string {
	n := -1
	if len(times) > 0 {
		n = times[0]
	}
	b.spend(len(text) + len(before))
	b.product(strings.Count(text, before), len(after)+1, 1)
	return strings.Replace(text, before, after, n)
}

func (b *budget) join(list any, glue ...string) (string, error) {
	var texts []string
	switch list := list.(type) {
	case []string:
		texts = list
	case []any:
		for _, e := range list {
			s, ok := e.(string)
			if !ok {
				return "", fmt.Errorf("join needs a list of strings, not of %T", e)
			}
			texts = append(texts, s)
		}
	default:
		return "", fmt.Errorf("join needs a list of strings, not %T", list)
	}
	sep := strings.Join(glue, "")
	b.size(texts, 0)
	b.product(len(texts), len(sep)+1, 1)
	return strings.Join(texts, sep), nil
}

// jsonpath counts the text as often as the path may go through its parts: for each descent and filter once for each
// level of nesting, for each root inside of a filter once for each part, for a union once for each of its members.
func (b *budget) jsonpath(text, path string) (any, error) {
	depth, deepest := 1, 1
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	cost, members := len(text)+len(path), 1
	times := func(n int) {
		b.product(cost, n, 1)
		cost *= n
	}
	for i := range min(len(path), maxPath) {
		switch c := path[i]; {
		case c == '?', c == '.' && i > 0 && path[i-1] == '.':
			times(deepest)
		case c == '$' && i > 0:
			times(len(text)/8 + 1)
		case c == '[':
			members = 1
		case c == ',':
			members++
		case c == ']':
			times(members)
			members = 1
		}
	}
	return jsonPath(text, path)
}

// counting rewrites an expression so that it spends a budget.
type counting struct{}

// Visit wraps what a node hands on; nodes inside have been visited before it.
func (counting) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		n.Node = charged(n.Node, roundCost*operations(n.Node))
	case *ast.CallNode:
		if name, ok := n.Callee.(*ast.IdentifierNode); ok && name.Value == "jsonpath" {
			name.Value = pathName
			return
		}
		chargeAll(n.Arguments)
	case *ast.BuiltinNode:
		for _, f := range []string{repeatName, replaceName, joinName} {
			if n.Name == f[1:] {
				ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: f}, Arguments: n.Arguments})
				return
			}
		}
		chargeAll(n.Arguments)
	case *ast.BinaryNode:
		switch n.Operator {
		case "matches":
			if pattern, ok := n.Right.(*ast.StringNode); !ok || len(pattern.Value) > 64 {
				ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: matchesName}, Arguments: []ast.Node{n.Left, n.Right}})
				return
			}
			n.Left = charged(n.Left, 1)
		case "+", "==", "!=", "<", ">", "<=", ">=", "in", "contains", "startsWith", "endsWith":
			n.Left, n.Right = charged(n.Left, 1), charged(n.Right, 1)
		}
	}
}

func chargeAll(nodes []ast.Node) {
	for i := range nodes {
		nodes[i] = charged(nodes[i], 1)
	}
}

// charged wraps a node, unless it costs no more than the source that it is written in.
func charged(n ast.Node, cost int) ast.Node {
	switch n.(type) {
	case *ast.PredicateNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.NilNode:
		if cost == 1 {
			return n
		}
	}
	c := &ast.CallNode{Callee: &ast.IdentifierNode{Value: chargeName}, Arguments: []ast.Node{n, &ast.IntegerNode{Value: cost}}}
	c.SetLocation(n.Location())
	c.Callee.SetLocation(n.Location())
	c.Arguments[1].SetLocation(n.Location())
	return c
}

// operations is the number of nodes below and with one.
func operations(n ast.Node) int {
	var c count
	ast.Walk(&n, &c)
	return int(c)
}

type count int

func (c *count) Visit(*ast.Node) { *c++ }
