package spec

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Encode writes objects as YAML documents with `---` between them. Fields are in the order of the Go structs, apiVersion,
// kind, metadata and spec first, and keys of maps are sorted. A field with its zero value is left out: an empty text, 0,
// false, a struct of such, a nil pointer, list or map. What a pointer points to, and an empty list or map, is written.
// An empty TypeMeta is written as the object's type has it.
//
// Decoding the result gives the same objects, but for what counts as equal: a quantity 0.5 comes back as 500m, a time
// without its parts of a second. There is an error for a nil object, one whose kind is not that of its type, and text
// that is not UTF-8; then nothing is written. An error of w is returned as it is.
func Encode(w io.Writer, objects ...Object) error {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	for i, o := range objects {
		n, err := document(o)
		if err != nil {
			return fmt.Errorf("encode object %d: %w", i, err)
		}
		if err := e.Encode(n); err != nil {
			return fmt.Errorf("encode object %d: %w", i, err)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	if err := e.Close(); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// document is an object as a YAML node.
func document(o Object) (*yaml.Node, error) {
	v := reflect.ValueOf(o)
	if o == nil || v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, errors.New("it is nil")
	}
	v = v.Elem()
	name := v.Type().Name()
	k := kinds[name]
	if k.object != v.Type() {
		return nil, fmt.Errorf("%T is no object of this package", o)
	}
	apiVersion, kind := o.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	if cmp.Or(kind, name) != name || cmp.Or(apiVersion, k.apiVersion) != k.apiVersion {
		return nil, fmt.Errorf("%s: its TypeMeta is apiVersion %q, kind %q; expected %q, %q, or none", o.GetName(), apiVersion, kind, k.apiVersion, name)
	}
	n, err := node(v)
	if err != nil {
		return nil, err
	}
	for len(n.Content) > 0 && (n.Content[0].Value == "apiVersion" || n.Content[0].Value == "kind") {
		n.Content = n.Content[2:]
	}
	n.Content = append([]*yaml.Node{text("apiVersion"), text(k.apiVersion), text("kind"), text(name)}, n.Content...)
	return n, nil
}

// node is v as a YAML node.
func node(v reflect.Value) (*yaml.Node, error) {
	info := infoOf(v.Type())
	if info.marshals && !(v.Kind() == reflect.Pointer && v.IsNil()) {
		return marshal(v.Interface().(json.Marshaler))
	}
	switch v.Kind() {
	case reflect.Pointer:
		return node(v.Elem())
	case reflect.Struct:
		return object(v, info)
	case reflect.Map:
		return table(v)
	case reflect.Slice:
		if v.Type() == bytesType {
			return text(base64.StdEncoding.EncodeToString(v.Bytes())), nil
		}
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			element, err := node(v.Index(i))
			if err != nil {
				return nil, fmt.Errorf("[%d]%w", i, err)
			}
			n.Content = append(n.Content, element)
		}
		return n, nil
	case reflect.String:
		if v.Type() == numberType {
			return number(v.String())
		}
		if !utf8.ValidString(v.String()) {
			return nil, errors.New(": it is not UTF-8")
		}
		return text(v.String()), nil
	case reflect.Bool:
		return plain(strconv.FormatBool(v.Bool())), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return plain(strconv.FormatInt(v.Int(), 10)), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return plain(strconv.FormatUint(v.Uint(), 10)), nil
	default:
		panic("spec: no encoding of " + v.Type().String())
	}
}

func object(v reflect.Value, info *typeInfo) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range info.fields {
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() {
			continue
		}
		value, err := node(fv)
		if err != nil {
			return nil, fmt.Errorf(".%s%w", f.name, err)
		}
		if value.Tag != nullTag {
			n.Content = append(n.Content, text(f.name), value)
		}
	}
	return n, nil
}

func table(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, k := range keys {
		if !utf8.ValidString(k.String()) {
			return nil, errors.New(": a key is not UTF-8")
		}
		value, err := node(v.MapIndex(k))
		if err != nil {
			return nil, fmt.Errorf("[%s]%w", shorten(k.String()), err)
		}
		n.Content = append(n.Content, text(k.String()), value)
	}
	return n, nil
}

const nullTag = "!!null"

// plain is a scalar that is no text.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// number is a number of JSON; empty text is 0, as in encoding/json.
func number(value string) (*yaml.Node, error) {
	value = cmp.Or(value, "0")
	if !jsonNumberText.MatchString(value) {
		return nil, errors.New(": it is no number")
	}
	return plain(value), nil
}

// otherYAML is plain text that some version of YAML takes for a merge key, a default value, a boolean or a number.
var otherYAML = regexp.MustCompile(`^(?i:<<|=|y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)

// text is a string. One of many lines is written as a block if that loses nothing.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch {
	case strings.Contains(s, "\n"):
		n.Style = yaml.LiteralStyle
		if strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") || strings.ContainsAny(s, "\t\r\u0085\u2028\u2029\ufeff") {
			n.Style = yaml.DoubleQuotedStyle
		}
	case otherYAML.MatchString(s):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// marshal is what a type says itself about its JSON.
func marshal(m json.Marshaler) (*yaml.Node, error) {
	data, err := m.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	if !utf8.Valid(data) {
		return nil, errors.New(": it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := jsonNode(d)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the value")
		}
	}
	if err != nil {
		return nil, fmt.Errorf(": it is not JSON: %w", err)
	}
	return n, nil
}

// jsonNode is the next value of d.
func jsonNode(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: nullTag, Value: "null"}, nil
	case bool:
		return plain(strconv.FormatBool(t)), nil
	case json.Number:
		return plain(t.String()), nil
	case string:
		return text(t), nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if token == json.Delim('{') {
		n.Kind = yaml.MappingNode
	}
	for d.More() {
		child, err := jsonNode(d)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err = d.Token() // the closing bracket
	return n, err
}
