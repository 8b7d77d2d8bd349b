package expr

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/Masterminds/sprig/v3"
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/builtin"
	"github.com/ohler55/ojg/jp"
)

// functions are Argo's own, beside the builtins of the expr language and sprig, and what bounds an evaluation.
var functions = map[string]any{
	"asInt":    func(v any) (any, error) { return number("asInt", builtin.Int, v) },
	"asFloat":  func(v any) (any, error) { return number("asFloat", builtin.Float, v) },
	"jsonpath": jsonPath,
	"toJson":   toJSON,

	chargeName:  (*budget)(nil).charge,
	matchesName: (*budget)(nil).matches,
	repeatName:  (*budget)(nil).repeat,
	replaceName: (*budget)(nil).replace,
	joinName:    (*budget)(nil).join,
	pathName:    (*budget)(nil).jsonpath,
}

// options are how every expression is compiled: any variable may be there, and everything is counted.
var options = []expr.Option{expr.Env(functions), expr.AllowUndefinedVariables(), expr.Patch(counting{})}

// sprigFunctions are those of sprig, without what tells of the machine that the engine runs on.
var sprigFunctions = func() map[string]any {
	m := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(m, name)
	}
	return m
}()

var sprigNames = slices.Sorted(maps.Keys(sprigFunctions))

// number converts a number or its text; what else it panics with is an error.
func number(name string, convert func(any) any, v any) (n any, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%s: expected a number, not %s", name, kind(v))
		}
	}()
	return convert(v), nil
}

// maxPath is the greatest length of a JSONPath, in bytes.
const maxPath = 4 << 10

// object is a JSON object whose keys have an order, so that a path with a wildcard gives the same list each time.
type object map[string]any

// ValueForKey, SetValueForKey, RemoveValueForKey and Keys are what the JSONPath library asks of an object.
func (o object) ValueForKey(key string) (any, bool)   { v, ok := o[key]; return v, ok }
func (o object) SetValueForKey(key string, value any) { o[key] = value }
func (o object) RemoveValueForKey(key string)         { delete(o, key) }
func (o object) Keys() []string                       { return slices.Sorted(maps.Keys(o)) }

// ordered turns the maps of a decoded JSON value into objects.
func ordered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = ordered(e)
		}
		return object(v)
	case []any:
		for i, e := range v {
			v[i] = ordered(e)
		}
	}
	return v
}

// jsonPath is what a JSONPath selects in a JSON text: one value if it can only be one, else a list.
func jsonPath(text, path string) (any, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("jsonpath: a path of %d bytes; the longest may have %d", len(path), maxPath)
	}
	x, err := jp.ParseString(path)
	if err != nil {
		return nil, fmt.Errorf("jsonpath: %s: %s", path, oneLine(err.Error()))
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("jsonpath: the text is not JSON: %w", err)
	}
	found := x.Get(ordered(v))
	if !x.Normal() {
		if found == nil {
			found = []any{}
		}
		return found, nil
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("jsonpath: nothing at %s", path)
	}
	return found[0], nil
}

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
