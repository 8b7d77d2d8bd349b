package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// AnyString is text that may be written as a string, a number or a boolean. It is always written back as a string. A
// boolean is "true" or "false"; a whole number keeps its digits; any other number is in its shortest form without
// exponent, so 1.50 is "1.5".
type AnyString string

// UnmarshalJSON reads a JSON string, number or boolean. It refuses lists and objects.
func (a *AnyString) UnmarshalJSON(data []byte) error {
	switch c := bytes.TrimSpace(data); {
	case len(c) == 0:
		return fmt.Errorf("expected a string, a number or a boolean, not nothing")
	case c[0] == '"':
		return json.Unmarshal(c, (*string)(a))
	case string(c) == "true" || string(c) == "false":
		*a = AnyString(c)
		return nil
	case string(c) == "null":
		return nil
	default:
		var n json.Number
		if err := json.Unmarshal(c, &n); err != nil {
			return fmt.Errorf("expected a string, a number or a boolean")
		}
		*a = AnyString(plainNumber(n))
		return nil
	}
}

// Item is one element of withItems: any JSON value, as it was written. Its bytes are the JSON text; a nil Item is null.
type Item []byte

// UnmarshalJSON keeps data.
func (i *Item) UnmarshalJSON(data []byte) error {
	*i = append((*i)[:0], data...)
	return nil
}

// MarshalJSON is the JSON text.
func (i Item) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	return i, nil
}

// String is the JSON text.
func (i Item) String() string {
	if i == nil {
		return "null"
	}
	return string(i)
}

// plainNumber is the digits of a whole number, or the shortest form of another one.
func plainNumber(n json.Number) string {
	if bytes.ContainsAny([]byte(n), ".eE") {
		if f, err := n.Float64(); err == nil {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return string(n)
}
