package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/podflow/podflow/internal/nearest"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// decoder decodes nodes into values, and collects what is wrong.
type decoder struct {
	budget   int // how many nodes may still be visited
	problems []error
	stopped  bool
}

// path is where a node is in its document. It becomes text only when there is a problem.
type path struct {
	parent *path
	name   string     // of a field
	key    string     // in a map
	index  int        // in a list
	list   bool       // whether it is an element of a list
	node   *yaml.Node // the element, for its name
	depth  int
}

func (p *path) field(name string) *path { return &path{parent: p, name: name, depth: p.depth + 1} }

func (p *path) mapKey(key string) *path { return &path{parent: p, key: key, depth: p.depth + 1} }

func (p *path) element(i int, n *yaml.Node) *path {
	return &path{parent: p, index: i, list: true, node: n, depth: p.depth + 1}
}

func (p *path) String() string {
	switch {
	case p.parent == nil:
		return ""
	case p.list:
		if name := nameOf(p.node); name != "" {
			return p.parent.String() + "[" + name + "]"
		}
		return p.parent.String() + "[" + strconv.Itoa(p.index) + "]"
	case p.name != "":
		return strings.TrimPrefix(p.parent.String()+"."+p.name, ".")
	default:
		return p.parent.String() + "[" + p.key + "]"
	}
}

// nameOf is the field "name" of an element, if it can be told from a place and fits into a path.
func nameOf(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i < len(n.Content); i += 2 {
		if name := n.Content[i+1]; n.Content[i].Value == "name" && name.Kind == yaml.ScalarNode {
			if len(name.Value) > 128 || strings.ContainsAny(name.Value, "[]\n") {
				return ""
			}
			return name.Value
		}
	}
	return ""
}

func (d *decoder) problem(n *yaml.Node, at *path, problem string) {
	if d.stopped {
		return
	}
	if len(d.problems) == MaxProblems {
		d.stopped = true
		d.problems = append(d.problems, &DecodeError{Problem: fmt.Sprintf("there are more than %d problems", MaxProblems)})
		return
	}
	d.problems = append(d.problems, &DecodeError{Line: n.Line, Path: at.String(), Problem: problem})
}

func (d *decoder) mismatch(n *yaml.Node, at *path, expected string) {
	d.problem(n, at, "expected "+expected+", got "+describe(n))
}

// enter says whether n may be visited, and is what n stands for if n is an alias.
func (d *decoder) enter(n *yaml.Node, at *path) (*yaml.Node, bool) {
	if d.stopped {
		return nil, false
	}
	if d.budget--; d.budget < 0 {
		d.problem(n, at, fmt.Sprintf("aliases add more than %d values", MaxAliased))
		d.stopped = true
		return nil, false
	}
	if at.depth > MaxDepth {
		d.problem(n, at, fmt.Sprintf("deeper than %d levels", MaxDepth))
		return nil, false
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, true
}

// value decodes n into v, which can be set.
func (d *decoder) value(n *yaml.Node, v reflect.Value, at *path) {
	n, ok := d.enter(n, at)
	if !ok {
		return
	}
	info := infoOf(v.Type())
	switch {
	case info.unmarshals:
		d.unmarshal(n, v, at)
		return
	case isNull(n):
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.budget++ // n is visited once more
		d.value(n, v.Elem(), at)
	case reflect.Struct:
		d.object(n, v, info, at)
	case reflect.Slice:
		if v.Type() == bytesType {
			d.bytes(n, v, at)
			return
		}
		d.list(n, v, at)
	case reflect.Map:
		d.table(n, v, at)
	default:
		d.scalar(n, v, at)
	}
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, info *typeInfo, at *path) {
	if n.Kind != yaml.MappingNode {
		d.mismatch(n, at, "an object")
		return
	}
	for _, p := range d.pairs(n, at) {
		name := p.key.Value
		if index, ok := info.byName[name]; ok {
			d.value(p.value, v.FieldByIndex(index), at.field(name))
			continue
		}
		d.problem(p.key, at.field(shorten(name)), "unknown field"+nearest.Hint(shorten(name), info.names()))
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, at *path) {
	if n.Kind != yaml.SequenceNode {
		d.mismatch(n, at, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, element := range n.Content {
		d.value(element, v.Index(i), at.element(i, element))
	}
}

// table decodes a map with keys of any string type.
func (d *decoder) table(n *yaml.Node, v reflect.Value, at *path) {
	if n.Kind != yaml.MappingNode {
		d.mismatch(n, at, "an object")
		return
	}
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	for _, p := range d.pairs(n, at) {
		value := reflect.New(t.Elem()).Elem()
		d.value(p.value, value, at.mapKey(shorten(p.key.Value)))
		v.SetMapIndex(reflect.ValueOf(p.key.Value).Convert(t.Key()), value)
	}
}

// expected is what the types with an UnmarshalJSON of their own take.
var expected = map[reflect.Type]string{
	reflect.TypeFor[AnyString]():          "a string, a number or a boolean",
	reflect.TypeFor[intstr.IntOrString](): "a whole number or a string",
	reflect.TypeFor[resource.Quantity]():  "a quantity as 500m or 1Gi",
	reflect.TypeFor[metav1.Time]():        "a time as 2006-01-02T15:04:05Z",
	reflect.TypeFor[metav1.MicroTime]():   "a time as 2006-01-02T15:04:05.000000Z",
}

// unmarshal gives n as JSON to v's own UnmarshalJSON.
func (d *decoder) unmarshal(n *yaml.Node, v reflect.Value, at *path) {
	before := len(d.problems)
	var b bytes.Buffer
	d.budget++ // n is visited once more
	d.json(n, &b, at)
	if len(d.problems) > before {
		return
	}
	if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(b.Bytes()); err != nil {
		want, ok := expected[v.Type()]
		if !ok {
			want = "a " + v.Type().Name()
		}
		d.mismatch(n, at, want)
	}
}
