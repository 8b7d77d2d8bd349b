package expr

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNoValue says that an expression has no value: it is nil.
var ErrNoValue = errors.New("the expression has no value")

// Text is what the value of an expression becomes in a text: a string as it is, a time as in JSON without the quotes,
// anything else as JSON. So 2.0 is "2", and <, > and & inside of a list or an object are written \u003c and so on, as
// Argo does. nil is ErrNoValue.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", ErrNoValue
	case string:
		return v, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("the value cannot be written as text: %w", err)
	}
	var s string
	if text[0] == '"' && json.Unmarshal(text, &s) == nil {
		return s, nil
	}
	if string(text) == "null" {
		return "", ErrNoValue
	}
	return string(text), nil
}

// EvalBool is the value of an expression that decides something.
func EvalBool(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("expected true or false, not %s", kind(v))
	}
	return b, nil
}

// kind says what sort of value one is, not what it is: it may be a secret.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case int, int64, float64:
		return "a number"
	}
	return fmt.Sprintf("a %T", v)
}
