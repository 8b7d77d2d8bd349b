package workflow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

type (
	sealedLoop = build.SealedLoop
	loop       = build.Loop
)

// Items is a list of values that are known, to loop over.
func Items[T any](items ...T) Value[[]T] {
	list := make([]spec.Item, len(items))
	for i, v := range items {
		text, problem := encodeAs(v)
		if problem != "" {
			return Value[[]T]{origin: build.Origin{Problem: fmt.Sprintf("item %d: %s", i, problem)}}
		}
		if isText[T]() {
			text, _ = toJSON(text) // a string always encodes
		}
		list[i] = spec.Item(text)
	}
	all, err := json.Marshal(list)
	if err != nil {
		return Value[[]T]{origin: build.Origin{Problem: err.Error()}}
	}
	return Value[[]T]{string(all), build.Origin{List: build.Items(list)}}
}

// Sequence is the numbers from start to end, both included, to loop over. If end is below start they go down.
func Sequence(start, end int) Value[[]int] {
	text := fmt.Sprintf("{{=toJson(%d..%d)}}", start, end)
	if end < start {
		text = fmt.Sprintf("{{=toJson(reverse(%d..%d))}}", end, start)
	}
	return Value[[]int]{text, build.Origin{List: build.Sequence(spec.Sequence{Start: number(start), End: number(end)})}}
}

// Item is the item of a loop: what differs from one node of the loop to the other. [Each] makes one.
type Item[T any] struct{ *loop }

// Each is the item of a loop over a list: [Items], a [Sequence], what a task gave, or what the enclosing template
// takes. A task that uses it says so, with its own Each:
//
//	part := workflow.Each(parts.Of(split))
//	d.Task("map", count, id.From(ID.Of(part)), key.From(Key.Of(part))).Each(part)
//
// One argument alone is shorter with [Param.Each].
func Each[T any](list Source[[]T]) Item[T] {
	if build.IsNil(list) {
		return Item[T]{build.Each("", build.Origin{Problem: nilSource})}
	}
	return Item[T]{build.Each(list.Ref(), list.from())}
}

// Ref is the tag that stands for the item.
func (i Item[T]) Ref() string { return "{{item}}" }

// Is is the condition that the item has this value. A number is compared as a number, all else as text.
func (i Item[T]) Is(x T) Condition { return compare(i, "==", x) }

// IsNot is the opposite of Is.
func (i Item[T]) IsNot(x T) Condition { return compare(i, "!=", x) }

func (i Item[T]) from() build.Origin {
	if i.loop == nil {
		return build.Origin{Problem: "the item is the zero Item, which no Each made"}
	}
	return build.Origin{Item: i.loop}
}
func (i Item[T]) supplies() (t T)    { return t }
func (i Item[T]) typ() reflect.Type  { return reflect.TypeFor[T]() }
func (i Item[T]) item() build.Origin { return i.from() }

// Loop is an [Item] of any type.
type Loop interface {
	sealedLoop
	item() build.Origin
	typ() reflect.Type
}

// Field is the name of a field of an item that is a struct or a map, with its type. A struct's field has its json name.
type Field[T any] string

// Of is the field of an item.
func (f Field[T]) Of(i Loop) Value[T] {
	if build.IsNil(i) {
		return Value[T]{origin: build.Origin{Problem: "the item is nil"}}
	}
	o := i.item()
	if o.Problem == "" {
		o.Problem = fieldProblem(i.typ(), string(f), reflect.TypeFor[T]())
	}
	return Value[T]{"{{item." + string(f) + "}}", o}
}

// fieldProblem is why items of a type have no such field, or empty.
func fieldProblem(item reflect.Type, name string, typ reflect.Type) string {
	for item.Kind() == reflect.Pointer {
		item = item.Elem()
	}
	var names []string
	switch item.Kind() {
	case reflect.Interface:
		return ""
	case reflect.Map:
		if item.Elem() == typ || item.Elem().Kind() == reflect.Interface {
			return ""
		}
		return fmt.Sprintf("field %q of %v is of type %v, not %v", name, item, item.Elem(), typ)
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(item) {
			n, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case !f.IsExported() || n == "-":
				continue
			case n == "":
				n = f.Name
			}
			names = append(names, n)
			if n == name && f.Type == typ {
				return ""
			}
			if n == name {
				return fmt.Sprintf("field %q of %v is of type %v, not %v", name, item, f.Type, typ)
			}
		}
	}
	return fmt.Sprintf("%v has no field %q%s", item, name, nearest.Hint(name, nearest.Names(names, func(n *string) string { return *n })))
}
