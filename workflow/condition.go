package workflow

import (
	"reflect"
	"unicode/utf8"

	"github.com/podflow/podflow/internal/build"
)

type condition = build.Condition

// Condition is true or false when the run comes to it: what Is and IsNot of a [Value], [Param], [Variable] or [Item],
// [Less] and [Expr] make. It is an expression of expr-lang, in which values are variables: no value can be taken for a
// part of the expression.
type Condition struct{ condition }

// Expr is a condition in expr-lang, for what the methods cannot say. Variables have the names that tags have, with
// names that are no identifiers in brackets: tasks["map-reduce"].outputs.result. It is text of the program's own.
func Expr(text string) Condition { return Condition{build.Said(text)} }

// Less is the condition a < b.
func Less[T int | int64 | float64](a Source[T], b T) Condition { return compare(a, "<", b) }

// And is true if both conditions are.
func (c Condition) And(d Condition) Condition { return Condition{build.And(c, d)} }

// Or is true if one of the conditions is.
func (c Condition) Or(d Condition) Condition { return Condition{build.Or(c, d)} }

// Not is true if the condition is not.
func (c Condition) Not() Condition { return Condition{build.Not(c)} }

func compare[T any](s Source[T], op string, v T) Condition {
	if build.IsNil(s) {
		return Condition{build.Compared("nil", build.Origin{Problem: nilSource})}
	}
	text, problem := encodeAs(v)
	left := build.Expression(s.Ref())
	if problem == "" && !utf8.ValidString(text) {
		problem = "a condition cannot be about text that is not UTF-8"
	}
	switch {
	case problem != "":
		return Condition{build.Compared(left, s.from(), build.Origin{Problem: problem})}
	case isNumber[T]():
		left = asNumber[T](build.Operand(s.Ref()))
	default:
		text = build.Quote(text)
	}
	return Condition{build.Compared(left+" "+op+" "+text, s.from())}
}

// asNumber is an expression as a number of T's kind.
func asNumber[T any](e string) string {
	if k := reflect.TypeFor[T]().Kind(); k == reflect.Float32 || k == reflect.Float64 {
		return "asFloat(" + e + ")"
	}
	return "asInt(" + e + ")"
}
