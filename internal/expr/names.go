package expr

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/file"

	"github.com/podflow/podflow/internal/nearest"
)

// reader collects what a parsed expression reads.
type reader struct {
	source string
	names  [][]string
	sprig  []string // the functions of sprig that are called
	err    *Error   // the first problem
}

// read walks a node; local are the variables that let declares around it.
func (r *reader) read(n ast.Node, local []string) {
	if keys, ok := r.chain(n, local); ok {
		if keys != nil {
			r.add(n, keys)
			return
		}
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		r.read(n.Node, local)
	case *ast.BinaryNode:
		r.read(n.Left, local)
		r.read(n.Right, local)
	case *ast.ChainNode:
		r.read(n.Node, local)
	case *ast.MemberNode:
		r.read(n.Node, local)
		r.read(n.Property, local)
	case *ast.SliceNode:
		r.read(n.Node, local)
		r.readAll(local, n.From, n.To)
	case *ast.CallNode:
		r.call(n, local)
	case *ast.BuiltinNode:
		r.readAll(local, n.Arguments...)
	case *ast.PredicateNode:
		r.read(n.Node, local)
	case *ast.VariableDeclaratorNode:
		r.read(n.Value, local)
		r.read(n.Expr, append(slices.Clip(local), n.Name))
	case *ast.SequenceNode:
		r.readAll(local, n.Nodes...)
	case *ast.ConditionalNode:
		r.readAll(local, n.Cond, n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		r.readAll(local, n.Nodes...)
	case *ast.MapNode:
		r.readAll(local, n.Pairs...)
	case *ast.PairNode:
		r.read(n.Key, local)
		r.read(n.Value, local)
	}
}

func (r *reader) readAll(local []string, nodes ...ast.Node) {
	for _, n := range nodes {
		if n != nil {
			r.read(n, local)
		}
	}
}

// call reads a call: of a function of sprig, of one of our own, or of a method of a value.
func (r *reader) call(n *ast.CallNode, local []string) {
	r.readAll(local, n.Arguments...)
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		if _, ok := functions[callee.Value]; ok || slices.Contains(local, callee.Value) {
			return
		}
		hint := nearest.Hint(callee.Value, slices.Values(functionNames))
		r.fail(n, fmt.Sprintf("no function %q%s", callee.Value, hint))
	case *ast.MemberNode:
		root, isName := callee.Node.(*ast.IdentifierNode)
		key, isConst := callee.Property.(*ast.StringNode)
		if !isConst || !isName || root.Value != "sprig" || slices.Contains(local, "sprig") {
			r.readAll(local, callee.Node, callee.Property)
			return
		}
		if _, ok := sprigFunctions[key.Value]; !ok {
			r.fail(n, fmt.Sprintf("no function sprig.%s%s", key.Value, nearest.Hint(key.Value, slices.Values(sprigNames))))
			return
		}
		if !slices.Contains(r.sprig, key.Value) {
			r.sprig = append(r.sprig, key.Value)
		}
	default:
		r.read(n.Callee, local)
	}
}

// chain is the keys of a variable: its name and the constant keys after it. It is not ok if the node is none, and nil
// if it begins with a variable of the expression's own.
func (r *reader) chain(n ast.Node, local []string) (keys []string, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if slices.Contains(local, n.Value) {
			return nil, true
		}
		return []string{n.Value}, true
	case *ast.ChainNode:
		return r.chain(n.Node, local)
	case *ast.MemberNode:
		key, isConst := n.Property.(*ast.StringNode)
		if !isConst {
			return nil, false
		}
		keys, ok := r.chain(n.Node, local)
		if keys == nil {
			return nil, ok
		}
		return append(keys, key.Value), true
	}
	return nil, false
}

func (r *reader) add(n ast.Node, keys []string) {
	switch root := keys[0]; {
	case root == "sprig":
		r.fail(n, "sprig is not a value; its functions are called, as in sprig.upper(x)")
	case root == "$env":
		r.fail(n, "$env is not supported; variables are named")
	case functions[root] != nil:
		r.fail(n, root+" is a function, not a value")
	case !slices.ContainsFunc(r.names, func(k []string) bool { return slices.Equal(k, keys) }):
		r.names = append(r.names, keys)
	}
}

func (r *reader) fail(n ast.Node, message string) {
	if r.err == nil {
		f := (&file.Error{Location: n.Location(), Message: message}).Bind(file.NewSource(r.source))
		r.err = &Error{Message: message, Line: f.Line, Column: f.Column + 1}
	}
}

// clean makes an *Error of an error of the library, which brings a drawing of the source with it.
func clean(err error) error {
	var f *file.Error
	if errors.As(err, &f) {
		if errors.Is(err, ErrTooMuch) {
			return ErrTooMuch
		}
		return &Error{Message: oneLine(f.Message), Line: f.Line, Column: f.Column + 1}
	}
	if errors.Is(err, ErrTooMuch) {
		return ErrTooMuch
	}
	return &Error{Message: oneLine(err.Error())}
}

// functionNames are what can be called by a plain name.
var functionNames = func() []string {
	names := slices.Clone(builtin.Names)
	for name := range functions {
		if !isInternal(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}()
