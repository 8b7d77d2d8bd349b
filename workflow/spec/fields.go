package spec

import (
	"encoding/json"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// field is one JSON field of a struct, its own or of a struct that is inlined.
type field struct {
	name  string
	index []int // for reflect's FieldByIndex
}

// typeInfo is what decoding and encoding need to know of a type.
type typeInfo struct {
	unmarshals bool // the pointer has UnmarshalJSON
	marshals   bool // the value has MarshalJSON
	fields     []field
	byName     map[string][]int // for reflect's FieldByIndex
}

var (
	typeInfos       sync.Map // reflect.Type to *typeInfo
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	marshalerType   = reflect.TypeFor[json.Marshaler]()
	typeMetaType    = reflect.TypeFor[metav1.TypeMeta]()
)

func infoOf(t reflect.Type) *typeInfo {
	if i, ok := typeInfos.Load(t); ok {
		return i.(*typeInfo)
	}
	info := &typeInfo{
		unmarshals: reflect.PointerTo(t).Implements(unmarshalerType),
		marshals:   t.Implements(marshalerType),
	}
	if t.Kind() == reflect.Struct && !info.unmarshals && !info.marshals {
		info.byName = map[string][]int{}
		info.addFields(t, nil)
	}
	i, _ := typeInfos.LoadOrStore(t, info)
	return i.(*typeInfo)
}

// addFields adds those of t, which is at index, in the order of their declaration. No struct here has a field of the
// same JSON name as a struct that it inlines.
func (info *typeInfo) addFields(t reflect.Type, index []int) {
	first := len(info.fields)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		place := append(slices.Clone(index), i)
		switch {
		case !f.IsExported() || name == "-":
		case strings.Contains(options, "inline") || f.Anonymous && name == "":
			info.addFields(f.Type, place)
		default:
			if name == "" {
				name = f.Name
			}
			info.byName[name] = place
			info.fields = append(info.fields, field{name, place})
		}
	}
	if t == typeMetaType { // apiVersion goes before kind
		slices.Reverse(info.fields[first:])
	}
}

// names are the names of the fields.
func (info *typeInfo) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range info.fields {
			if !yield(f.name) {
				return
			}
		}
	}
}
