package expr

import (
	"encoding/json"
	"strings"
)

// Results are outputs.result of a loop: the JSON list of its children's results. A result that is JSON itself is in it
// as it is, any other as a string.
func Results(results []string) string {
	list := make([]json.RawMessage, len(results))
	for i, r := range results {
		list[i] = rawOrString(r)
	}
	return marshal(list)
}

// Parameters are outputs.parameters.P of a loop: the JSON list of its children's values. They are strings, unless all
// are objects or lists.
func Parameters(values []string) string {
	nested := make([]any, len(values))
	for i, v := range values {
		if t := trim(v); t == "" || t[0] != '{' && t[0] != '[' || !json.Valid([]byte(t)) {
			return marshal(values)
		}
		d := json.NewDecoder(strings.NewReader(v))
		d.UseNumber()
		_ = d.Decode(&nested[i])
	}
	return marshal(nested)
}

// rawOrString is a text that is JSON, or the JSON string of one that is not.
func rawOrString(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(trim(text))
	}
	quoted, _ := json.Marshal(text)
	return quoted
}

// marshal writes texts and values that came from JSON, which cannot fail. An empty list is [], never null.
func marshal[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list)
	return string(text)
}
