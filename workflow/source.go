package workflow

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/podflow/podflow/internal/build"
)

// Source is anything that supplies a T: a [Value], a [Param], a [Variable].
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

// Text is the same value as the text it travels as.
func (v Value[T]) Text() Value[string] { return Value[string](v) }

func (v Value[T]) from() build.Origin {
	if v.ref == "" && v.origin.Problem == "" {
		v.origin.Problem = "the source is the zero Value, which no task gives"
	}
	return v.origin
}
func (v Value[T]) supplies() (t T) { return t }

// Variable is a name that the language defines, with the type of its value.
type Variable[T any] string

// Variables of the run that any text may use. See also the list in the package documentation.
const (
	Name      = Variable[string]("workflow.name")
	Namespace = Variable[string]("workflow.namespace")
	UID       = Variable[string]("workflow.uid")
	NodeName  = Variable[string]("node.name") // of the node that uses it
)

// Ref is the tag that stands for the variable.
func (v Variable[T]) Ref() string { return "{{" + string(v) + "}}" }

func (v Variable[T]) from() (o build.Origin) { return o }
func (v Variable[T]) supplies() (t T)        { return t }

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

func valueOf[T any](n Node, field, output string) Value[T] {
	c := build.CallOf(n)
	return Value[T]{build.Ref(c, field), build.Origin{Call: c, Output: output, Type: reflect.TypeFor[T]()}}
}
