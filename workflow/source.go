package workflow

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/podflow/podflow/internal/build"
)

// Source is anything that supplies a T: a [Value], a [Param], a [Variable], a [Global], an [Item].
type Source[T any] interface {
	Reference
	supplies() T
}

// Reference is a [Source] of any type.
type Reference interface {
	// Ref is the tag, to be put into a text.
	Ref() string
	from() build.Origin
}

// Value is what a task will give.
type Value[T any] struct {
	ref    string
	origin build.Origin
}

// Ref is the tag that stands for the value, to be put into the text of an argument.
func (v Value[T]) Ref() string { return v.ref }

// Is is the condition that the value is this one. A number is compared as a number, all else as text.
func (v Value[T]) Is(x T) Condition { return compare(v, "==", x) }

// IsNot is the opposite of Is.
func (v Value[T]) IsNot(x T) Condition { return compare(v, "!=", x) }

// Or is the value, or x where there is none because the task was skipped or omitted.
func (v Value[T]) Or(x T) Value[T] {
	text, problem := encodeAs(x)
	return expression[T](build.Operand(v.ref)+" ?? "+build.Quote(text), v.from(), build.Origin{Problem: problem})
}

// Text is the same value as the text it travels as.
func (v Value[T]) Text() Value[string] { return Value[string](v) }

func (v Value[T]) from() build.Origin {
	if v.ref == "" && v.origin.Problem == "" {
		v.origin.Problem = "the source is the zero Value, which no task gives"
	}
	return v.origin
}
func (v Value[T]) supplies() (t T) { return t }

// Textf puts references into a text, each for a %s, and a percent sign for %%. The tasks that it names become
// dependencies. Another verb, or one reference too many or too few, is an error of [New].
func Textf(format string, refs ...Reference) Value[string] {
	var o build.Origin
	verbs := strings.ReplaceAll(format, "%%", "")
	n := strings.Count(verbs, "%s")
	switch {
	case strings.Count(verbs, "%") != n:
		o.Problem = fmt.Sprintf("Textf(%q): the only verb is %%s, and %%%% is a percent sign", format)
	case n != len(refs):
		o.Problem = fmt.Sprintf("Textf(%q): %d verbs for %d references", format, n, len(refs))
	}
	args := make([]any, len(refs))
	for i, r := range refs {
		if build.IsNil(r) {
			o.Problem = fmt.Sprintf("Textf(%q): reference %d is nil", format, i+1)
			continue
		}
		args[i] = r.Ref()
		o.Parts = append(o.Parts, r.from())
	}
	if o.Problem != "" {
		return Value[string]{origin: build.Origin{Problem: o.Problem}}
	}
	return Value[string]{fmt.Sprintf(format, args...), o}
}

// Eval is the value of an expression of expr-lang, in which the variables have the names that tags have:
//
//	n.From(workflow.Eval[int]("asInt(inputs.parameters.n) - 1"))
//
// It is text of the program's own. Values that come from elsewhere belong into variables, not into the text.
func Eval[T any](text string) Value[T] {
	if strings.TrimSpace(text) == "" {
		return Value[T]{origin: build.Origin{Problem: "the expression is empty"}}
	}
	return expression[T](text)
}

// If is one value if the condition holds, and the other if not. Of the two tasks one may be skipped.
func If[T any](c Condition, yes, no Source[T]) Value[T] {
	if build.IsNil(yes) || build.IsNil(no) {
		return Value[T]{origin: build.Origin{Problem: nilSource}}
	}
	text, from := build.Question(c, build.Operand(yes.Ref()), build.Operand(no.Ref()))
	return expression[T](text, from, yes.from(), no.from())
}

// JSON is the tag to write a value in a JSON or YAML document, where it can be nothing but a value: a text with its
// quotes, all else as the JSON that it is.
func JSON[T any](s Source[T]) string {
	if build.IsNil(s) {
		return ""
	}
	e := build.Expression(s.Ref())
	if !isText[T]() {
		e = "fromJSON(" + e + ")"
	}
	return "{{=toJson(" + e + ")}}"
}

const nilSource = "the source is nil"

func expression[T any](text string, parts ...build.Origin) Value[T] {
	return Value[T]{"{{=" + text + "}}", build.Origin{Parts: parts}}
}

func valueOf[T any](n Node, field, output string) Value[T] {
	c := build.CallOf(n)
	return Value[T]{build.Ref(c, field), build.Origin{Call: c, Output: output, Type: reflect.TypeFor[T]()}}
}

// allOf is a list that Argo made of the values of a loop, as a []T. Argo makes a list of texts of parameters, but one
// of objects and lists where all are such; and of results a list in which those that are JSON are as they are.
func allOf[T any](n Node, field, output string) Value[[]T] {
	c := build.CallOf(n)
	ref := build.Ref(c, field)
	list := build.Expression(ref)
	texts := "map(fromJSON(" + list + `), type(#) == "string" ? # : toJson(#))`
	switch kind := reflect.TypeFor[T]().Kind(); {
	case reflect.TypeFor[T]() == durationType: // which is a number in a list
		ref = "{{=toJson(map(fromJSON(" + list + "), duration(#)))}}"
	case isText[T]():
		ref = "{{=toJson(" + texts + ")}}"
	case output == resultName, kind == reflect.Struct, kind == reflect.Array: // which are always objects and lists
	case isNumber[T](), kind == reflect.Bool:
		ref = `{{="[" + join(fromJSON(` + list + `), ",") + "]"}}`
	default: // of which some may be null
		ref = "{{=any(fromJSON(" + list + `), type(#) == "string") ? "[" + join(` + texts + `, ",") + "]" : ` + list + "}}"
	}
	return Value[[]T]{ref, build.Origin{Call: c, Output: output, Type: reflect.TypeFor[T](), All: true}}
}
