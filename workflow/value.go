package workflow

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// How values travel as text: a type with MarshalText as that says, a [time.Duration] as "1h0m0s", any kind of string
// as it is, everything else as JSON without HTML escaping, in which a duration is a number of nanoseconds.

// ErrNoValue says that a node has no value of a name: it has not ended, or its template does not declare it.
var ErrNoValue = errors.New("no such value")

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
)

func encode(v reflect.Value) (string, error) {
	switch {
	case !v.IsValid():
		return "null", nil
	case v.Type() == durationType:
		return time.Duration(v.Int()).String(), nil
	case v.Type().Implements(textMarshaler):
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return "", errors.New("nil has no text")
		}
		b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return string(b), err
	case v.Kind() == reflect.String:
		return v.String(), nil
	}
	return toJSON(v.Interface())
}

// toJSON is a value as JSON without HTML escaping.
func toJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// isText says that values of T travel as text that is no JSON.
func isText[T any]() bool {
	t := reflect.TypeFor[T]()
	return t == durationType || t.Implements(textMarshaler) || t.Kind() == reflect.String
}

// isNumber says that values of T travel as JSON numbers.
func isNumber[T any]() bool {
	k := reflect.TypeFor[T]().Kind()
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr && !isText[T]()
}

// encodeAs is encode with the problem as text.
func encodeAs[T any](v T) (text, problem string) {
	if s, ok := any(v).(string); ok && reflect.TypeFor[T]().Kind() == reflect.String {
		return s, ""
	}
	boxed := v // so that a string need not be
	return encodeSafely(reflect.ValueOf(&boxed).Elem())
}

// encodeSafely is encode with the problem as text; a panic of the value's own methods is a problem too.
func encodeSafely(v reflect.Value) (text, problem string) {
	defer func() {
		if p := recover(); p != nil {
			text, problem = "", fmt.Sprintf("the value cannot be written as text: panic: %v", p)
		}
	}()
	text, err := encode(v)
	if err != nil {
		return "", fmt.Sprintf("the value cannot be written as text: %v", err)
	}
	return text, ""
}

func decode(text string, v reflect.Value) error {
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		if n, notNumber := strconv.ParseInt(text, 10, 64); notNumber == nil {
			d, err = time.Duration(n), nil // as in the JSON of a list or an object
		}
		v.SetInt(int64(d))
		return err
	case v.Addr().Type().Implements(textUnmarshaler):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	}
	return json.Unmarshal([]byte(text), v.Addr().Interface())
}

// get reads a value of a node.
func get[T any](name, text string, ok bool) (v T, err error) {
	if !ok {
		return v, fmt.Errorf("%q: %w", name, ErrNoValue)
	}
	if err := decode(text, reflect.ValueOf(&v).Elem()); err != nil {
		return v, fmt.Errorf("%q is no %v: %w", name, reflect.TypeFor[T](), err)
	}
	return v, nil
}
