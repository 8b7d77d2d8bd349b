package expr

import (
	"reflect"
	"strings"
)

// sprig is a function of sprig that spends the budget before it runs: for its arguments, and for what it makes of them
// beyond their size.
func (b *budget) sprig(name string) any {
	f := reflect.ValueOf(sprigFunctions[name])
	variadic := f.Type().IsVariadic()
	return reflect.MakeFunc(f.Type(), func(args []reflect.Value) []reflect.Value {
		var values []any
		for i, a := range args {
			if variadic && i == len(args)-1 {
				for j := range a.Len() {
					values = append(values, a.Index(j).Interface())
				}
				continue
			}
			values = append(values, a.Interface())
		}
		b.size(values, 0)
		b.more(name, values)
		if variadic {
			return f.CallSlice(args)
		}
		return f.Call(args)
	}).Interface()
}

// more spends for the functions that take or make more than they are given.
func (b *budget) more(name string, args []any) {
	number := func(i int) int { n, _ := args[i].(int); return max(n, -n) }
	length := func(i int) int { s, _ := args[i].(string); return len(s) + 1 }
	switch {
	case name == "repeat" || name == "indent" || name == "nindent":
		b.product(number(0)+1, length(1), 1)
	case name == "until" || name == "untilStep" || name == "seq":
		for i := range args {
			b.product(number(i), 8, 1)
		}
	case strings.HasPrefix(name, "rand") && len(args) == 1:
		b.product(number(0), 8, 1)
	case name == "replace":
		b.product(length(1), length(2), 1)
	case name == "join":
		b.product(length(0), elements(args[1]), 1)
	case name == "wrapWith":
		b.product(length(1), length(2), 1)
	case strings.HasPrefix(name, "regex") || strings.HasPrefix(name, "mustRegex"):
		b.product(length(0), length(min(1, len(args)-1)), 16)
		if strings.Contains(name, "Replace") {
			b.product(length(1), length(2), 1)
		}
	case name == "without" || name == "mustWithout" || name == "uniq" || name == "mustUniq":
		b.product(elements(args[0]), elements(args[0])+len(args), 4)
	case strings.HasPrefix(name, "gen") || slow[name]:
		b.spend(slowCost)
	}
}

// elements is how many a list has, or 1.
func elements(v any) int {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Slice {
		return r.Len()
	}
	return 1
}

// slow are functions that take long on purpose.
var slow = map[string]bool{"bcrypt": true, "htpasswd": true, "derivePassword": true, "buildCustomCert": true}
