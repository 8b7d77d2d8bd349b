package expr

import (
	"bytes"
	"encoding/json"

	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Item is one item of a loop: any JSON value. The zero value is null. It is as small as a string, and holds on to the
// list that it is from.
type Item struct{ json string }

// ParseItems reads the list of a withParam.
func ParseItems(list string) ([]Item, error) {
	if !json.Valid([]byte(list)) {
		var any json.RawMessage
		return nil, fmt.Errorf("expected a JSON list: %w", json.Unmarshal([]byte(list), &any))
	}
	list = trim(list)
	if list[0] != '[' {
		return nil, fmt.Errorf("expected a JSON list, not %s", jsonKind(list))
	}
	items := make([]Item, 0, strings.Count(list, ",")+1)
	for _, v := range parts(list) {
		items = append(items, Item{v})
	}
	return slices.Clip(items), nil
}

// Items are the items of a withItems, each a JSON text; nil is null.
func Items[T ~[]byte](list []T) ([]Item, error) {
	items := make([]Item, len(list))
	for i, v := range list {
		if v != nil && !json.Valid(v) {
			return nil, fmt.Errorf("item %d is not JSON", i)
		}
		items[i] = Item{trim(string(v))}
	}
	return items, nil
}

// JSON is the item as it was written.
func (i Item) JSON() string {
	if i.json == "" {
		return "null"
	}
	return i.json
}

// Text is what {{item}} becomes: a string bare, a number or a truth value as it was written, an object or a list as
// JSON without white space, an object with its keys in order.
func (i Item) Text() string {
	v := i.JSON()
	switch v[0] {
	case '"':
		return unquote(v)
	case '{':
		members := map[string]json.RawMessage{}
		for k, e := range parts(v) {
			members[unquote(k)] = json.RawMessage(e)
		}
		text, _ := json.Marshal(members)
		return string(text)
	case '[':
		return compact(v)
	}
	return v
}

// Field is what {{item.name}} becomes, if the item is an object that has the name.
func (i Item) Field(name string) (string, bool) {
	if i.json == "" || i.json[0] != '{' {
		return "", false
	}
	found := ""
	for k, v := range parts(i.json) {
		if k[1:len(k)-1] == name || !plain(k) && unquote(k) == name {
			found = v // of two, the last one counts
		}
	}
	if found == "" {
		return "", false
	}
	return Item{found}.Text(), true
}

// Value is what item is in an expression. All values are texts there, as in Argo: an object is a map of its fields'
// texts, anything else its Text.
func (i Item) Value() any {
	if i.json == "" || i.json[0] != '{' {
		return i.Text()
	}
	fields := map[string]any{}
	for k, v := range parts(i.json) {
		fields[unquote(k)] = Item{v}.Text()
	}
	return fields
}

// Label is what stands after the index in the name of the item's node: step(0:LABEL). An object is its k:v, sorted, with
// commas between; a list is in brackets, with spaces between. Parentheses are dropped.
func (i Item) Label() string {
	v := i.JSON()
	switch v[0] {
	case '{':
		members := map[string]string{}
		for k, e := range parts(v) {
			k = unquote(k)
			members[k] = k + ":" + bare(e)
		}
		return noParens.Replace(strings.Join(slices.Sorted(maps.Values(members)), ","))
	case '[':
		var elements []string
		for _, e := range parts(v) {
			elements = append(elements, bare(e))
		}
		return noParens.Replace("[" + strings.Join(elements, " ") + "]")
	}
	return noParens.Replace(bare(v))
}

var noParens = strings.NewReplacer("(", "", ")", "")

// bare is JSON without white space and without the quotes of a string, whose escapes stay.
func bare(v string) string {
	switch v[0] {
	case '"':
		return v[1 : len(v)-1]
	case '{', '[':
		var b bytes.Buffer
		_ = json.Compact(&b, []byte(v))
		return b.String()
	}
	return v
}

// parts are the elements of a list, or the members of an object with their keys, of a valid JSON text.
func parts(v string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		at := 1
		for {
			at = skip(v, at)
			if v[at] == ']' || v[at] == '}' {
				return
			}
			key := ""
			end := after(v, at)
			if v[0] == '{' {
				key = v[at:end]
				at = skip(v, skip(v, end)+1)
				end = after(v, at)
			}
			if !yield(key, v[at:end]) {
				return
			}
			at = skip(v, end)
			if v[at] == ',' {
				at++
			}
		}
	}
}

// after is where the value that begins at a place ends.
func after(v string, at int) int {
	depth := 0
	for ; ; at++ {
		switch v[at] {
		case '"':
			for at++; v[at] != '"'; at++ {
				if v[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
			continue
		default:
			if depth == 0 && strings.IndexByte(",]}: \t\r\n", v[at+1]) >= 0 {
				return at + 1
			}
			continue
		}
		if depth == 0 {
			return at + 1
		}
	}
}

func skip(v string, at int) int {
	for strings.IndexByte(" \t\r\n", v[at]) >= 0 {
		at++
	}
	return at
}

func trim(v string) string { return strings.Trim(v, " \t\r\n") }

// plain says that a JSON string has no escapes, and no bytes that are not UTF-8, which JSON's readers replace.
func plain(v string) bool { return strings.IndexByte(v, '\\') < 0 && utf8.ValidString(v) }

// unquote is the string that a JSON string means.
func unquote(v string) string {
	if plain(v) {
		return v[1 : len(v)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(v), &s)
	return s
}

// compact is valid JSON without white space; it escapes <, > and &, as Argo does.
func compact(v string) string {
	text, _ := json.Marshal(json.RawMessage(v))
	return string(text)
}

// jsonKind says what a JSON text is.
func jsonKind(v string) string {
	switch v[0] {
	case '{':
		return "an object"
	case '"':
		return "a string"
	case 't', 'f':
		return "a truth value"
	case 'n':
		return "null"
	}
	return "a number"
}
