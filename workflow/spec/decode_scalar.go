package spec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	numberType = reflect.TypeFor[json.Number]()
	bytesType  = reflect.TypeFor[[]byte]()
)

// scalar decodes n into a string, boolean or number.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, at *path) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == numberType {
			d.number(n, v, at)
		} else if isText(n) {
			if d.unambiguous(n, at) {
				v.SetString(n.Value)
			}
		} else if got := describe(n); got == "a number" || got == "a boolean" {
			d.problem(n, at, "expected a string, got "+got+"; put it in quotes")
		} else {
			d.mismatch(n, at, "a string")
		}
	case reflect.Bool:
		b, ok := boolean(n)
		if !ok {
			d.mismatch(n, at, "true or false")
			return
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(wholeNumber(n), 10, 64)
		if err != nil || v.OverflowInt(i) {
			d.mismatch(n, at, "a whole number of at most "+strconv.Itoa(v.Type().Bits())+" bits")
			return
		}
		v.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(wholeNumber(n), 10, 64)
		if err != nil || v.OverflowUint(u) {
			d.mismatch(n, at, "a whole number from 0")
			return
		}
		v.SetUint(u)
	default:
		panic("spec: no decoding of " + v.Type().String())
	}
}

// number decodes a json.Number.
func (d *decoder) number(n *yaml.Node, v reflect.Value, at *path) {
	text := jsonNumber(n)
	if text == "" {
		d.mismatch(n, at, "a finite number")
		return
	}
	v.SetString(text)
}

// bytes decodes base64.
func (d *decoder) bytes(n *yaml.Node, v reflect.Value, at *path) {
	data, err := base64.StdEncoding.DecodeString(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode || !isText(n) && n.ShortTag() != "!!binary" {
		d.mismatch(n, at, "base64")
		return
	}
	v.SetBytes(data)
}

// json writes n as JSON. Numbers stay as they are written if JSON has them so.
func (d *decoder) json(n *yaml.Node, b *bytes.Buffer, at *path) {
	n, ok := d.enter(n, at)
	if !ok {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, p := range d.pairs(n, at) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, p.key.Value)
			b.WriteByte(':')
			d.json(p.value, b, at.mapKey(shorten(p.key.Value)))
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, element := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			d.json(element, b, at.element(i, element))
		}
		b.WriteByte(']')
	default:
		d.jsonScalar(n, b, at)
	}
}

func (d *decoder) jsonScalar(n *yaml.Node, b *bytes.Buffer, at *path) {
	number := jsonNumber(n)
	truth, isBool := boolean(n)
	switch {
	case isText(n):
		if d.unambiguous(n, at) {
			writeString(b, n.Value)
		}
	case isNull(n):
		b.WriteString("null")
	case isBool:
		b.WriteString(strconv.FormatBool(truth))
	case number != "":
		b.WriteString(number)
	default:
		d.mismatch(n, at, "a value that JSON has")
	}
}

// unambiguous refuses plain text that YAML 1.1 takes for a boolean.
func (d *decoder) unambiguous(n *yaml.Node, at *path) bool {
	if _, ok := oldBooleans[strings.ToLower(n.Value)]; ok && n.Style == 0 {
		d.problem(n, at, "versions of YAML disagree on "+n.Value+": put it in quotes, or write true or false")
		return false
	}
	return true
}

// oldBooleans are the booleans of YAML 1.1 that are text in YAML 1.2.
var oldBooleans = map[string]bool{"y": true, "yes": true, "on": true, "n": false, "no": false, "off": false}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isText says whether n is text. A time is text too: JSON has none.
func isText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	tag := n.ShortTag()
	return tag == "!!str" || tag == "!!timestamp"
}

// boolean is the boolean that n is; ok is false if it is none.
func boolean(n *yaml.Node) (value, ok bool) {
	if n.Kind != yaml.ScalarNode {
		return false, false
	}
	switch text := strings.ToLower(n.Value); n.ShortTag() {
	case "!!bool":
		return text == "true", text == "true" || text == "false"
	case "!!str":
		if n.Style == 0 {
			value, ok = oldBooleans[text]
		}
	}
	return value, ok
}

var jsonNumberText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// maxNumber is how many characters a number may have: to turn a number into decimal takes the square of its length.
const maxNumber = 512

// jsonNumber is n as a number of JSON, or "" if it is none. YAML's hexadecimal, octal and binary ones become decimal.
func jsonNumber(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || len(n.Value) > maxNumber {
		return ""
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
	default:
		return ""
	}
	if jsonNumberText.MatchString(n.Value) {
		return n.Value
	}
	text := strings.ReplaceAll(n.Value, "_", "")
	if i, ok := new(big.Int).SetString(strings.TrimPrefix(text, "+"), 0); ok {
		return i.String()
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return ""
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// wholeNumber is n as decimal digits, or "" if it is no whole number.
func wholeNumber(n *yaml.Node) string {
	text := jsonNumber(n)
	if strings.ContainsAny(text, ".eE") {
		return ""
	}
	return text
}

// writeString writes s as JSON.
func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // neither strings nor buffers fail
	b.Truncate(b.Len() - 1)
}

// describe is what n is, without its value, which may be a secret.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	}
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp":
		return "a string"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a boolean"
	case "!!null":
		return "nothing"
	default:
		return "a value of type " + shorten(tag)
	}
}

// shorten keeps texts of the input that go into errors short.
func shorten(s string) string {
	const most = 128
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
