package plan

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// Stencil is the texts with tags that stand in a piece of the spec, in the order in which walk meets them.
type Stencil []Text

// Fill replaces the tags in a copy of the piece that the stencil was made of. The error is that of the first tag that
// has one.
func (s Stencil) Fill(copied any, value Lookup) (err error) {
	next := 0
	walk(reflect.ValueOf(copied).Elem(), nil, func(_ *place, text string) string {
		filled, wrong := s[next].Fill(value)
		next++
		if err == nil {
			err = wrong
		}
		return filled
	})
	return err
}

// newStencil finds the texts with tags of a piece of the spec; parse makes each a Text.
func newStencil(piece any, parse func(at *place, source string) Text) Stencil {
	var s Stencil
	walk(reflect.ValueOf(piece).Elem(), nil, func(at *place, text string) string {
		s = append(s, parse(at, text))
		return text
	})
	return s
}

// place is where a text stands, from the inside to the outside.
type place struct {
	outer *place
	name  string
}

// String is the path, with a dot before it.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	if strings.HasPrefix(p.name, "[") {
		return p.outer.String() + p.name
	}
	return p.outer.String() + "." + p.name
}

// walk visits every string in which a tag begins, always in the same order, and puts what visit says in its place.
// What is left as it is is not written: that makes it safe to look at what others look at.
func walk(v reflect.Value, at *place, visit func(*place, string) string) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); strings.Contains(s, "{{") {
			if filled := visit(at, s); filled != s {
				v.SetString(filled)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), at, visit)
		}
	case reflect.Struct:
		t := v.Type()
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || v.Field(i).IsZero() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || skipped[f.Name] && at == nil {
				continue
			}
			in := at
			if name != "" {
				in = &place{at, name}
			}
			walk(v.Field(i), in, visit)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), &place{at, "[" + elementName(v.Index(i), i) + "]"}, visit)
		}
	case reflect.Map:
		walkMap(v, at, visit)
	}
}

// skipped are the fields of a template and of a workflow's spec whose texts are not filled as a whole: the plan
// resolves each of their parts at its own time.
var skipped = map[string]bool{"Inputs": true, "DAG": true, "Steps": true, "Templates": true, "Arguments": true, "Metrics": true}

// walkMap visits the keys and values of a map of strings.
func walkMap(v reflect.Value, at *place, visit func(*place, string) string) {
	if p, ok := v.Interface().(spec.Plugin); ok {
		walkPlugin(p, at, visit)
		return
	}
	if v.Type().Key().Kind() != reflect.String || v.Type().Elem().Kind() != reflect.String {
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		key, value := reflect.New(k.Type()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.Set(k)
		value.Set(v.MapIndex(k))
		old, was := key.String(), value.String()
		in := &place{at, "[" + old + "]"}
		walk(key, in, visit)
		walk(value, in, visit)
		if key.String() == old && value.String() == was {
			continue
		}
		if key.String() != old {
			v.SetMapIndex(k, reflect.Value{})
		}
		v.SetMapIndex(key, value)
	}
}

// elementName is the name of an element of a list if it has one, else its number.
func elementName(v reflect.Value, i int) string {
	if v.Kind() == reflect.Struct {
		if n := v.FieldByName("Name"); n.IsValid() && n.Kind() == reflect.String && n.Len() > 0 {
			return n.String()
		}
	}
	return strconv.Itoa(i)
}
