package k8s

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// conditions reads the condition of a resource template: a label selector over the fields of the object, of which a name
// is the way to a field with dots between, as status.conditions.0.type.
func conditions(text string) (labels.Requirements, error) {
	if hasTag(text) {
		return nil, nil
	}
	s, err := labels.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("expected what a label selector has, such as status.phase == Succeeded: %w", err)
	}
	all, _ := s.Requirements()
	return all, nil
}

// met says whether an object is as it is to be, and which of failure's requirements it meets: one is enough to fail.
func (o *order) met(object map[string]any) (done bool, failure string) {
	f := fieldsOf(object)
	for i := range o.failure {
		if o.failure[i].Matches(f) {
			return true, o.failure[i].String()
		}
	}
	for i := range o.success {
		if !o.success[i].Matches(f) {
			return false, ""
		}
	}
	return true, ""
}

// fieldsOf is an object whose fields are looked at as labels.
type fieldsOf map[string]any

// Has says whether there is such a field.
func (f fieldsOf) Has(path string) bool {
	_, ok := f.Lookup(path)
	return ok
}

// Get is the field as text.
func (f fieldsOf) Get(path string) string {
	v, _ := f.Lookup(path)
	return v
}

// Lookup is the field as text: a text as it is, null as nothing, all else as JSON.
func (f fieldsOf) Lookup(path string) (string, bool) {
	var v any = map[string]any(f)
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[name]
			if !ok {
				return "", false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return "", false
			}
			v = at[i]
		default:
			return "", false
		}
	}
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	}
	text, err := json.Marshal(v)
	return string(text), err == nil
}
