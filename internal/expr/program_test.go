package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/expr"
)

// values are what the tests' variables have, by their dotted names.
var values = map[string]any{
	"inputs.parameters.n":                     "3",
	"inputs.parameters.should-print":          "true",
	"inputs.parameters":                       map[string]any{"n": "3", "list": "[1,2]"},
	"workflow.parameters.json":                `[{"value":"true"}]`,
	"workflow.parameters.config":              `{"a":"1","z":{"k":1},"b":{"k":2},"n":null,"employees":[{"name":"Baris","age":43},{"name":"Mo","age":42},{"name":"Jai","age":44}]}`,
	"workflow.creationTimestamp":              "2026-11-25T09:11:35Z",
	"workflow.status":                         "Running",
	"tasks.flip-coin.outputs.result":          "heads",
	"tasks.heads.outputs.result":              "it was heads",
	"lastRetry.exitCode":                      "2",
	"lastRetry.status":                        "Error",
	"retries":                                 "1",
	"item":                                    map[string]any{"x": "1", "y": "2"},
	"item.x":                                  "1",
	"cronworkflow.lastScheduledTime":          time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
	"steps.s.outputs.artifacts.a":             &artifact{Name: "a"},
	"text":                                    strings.Repeat("x", 1000),
	"big":                                     strings.Repeat("x", 1<<20),
	"workflow.labels.app.kubernetes.io/name":  "app",
	"inputs.parameters.ignored.but.too.long.": "",
}

type artifact struct{ Name string }

func value(keys []string) (any, bool) {
	v, ok := values[strings.Join(keys, ".")]
	return v, ok
}

func eval(t testing.TB, source string) (any, error) {
	t.Helper()
	p, err := expr.Compile(source)
	require.NoError(t, err, source)
	return p.Eval(value)
}

func TestText(t *testing.T) {
	for source, want := range map[string]string{
		// Of Argo's examples.
		`toJson(filter([1, 3], {# > 1}))`:                                                                              `[3]`,
		`asInt(inputs.parameters.n) * 10`:                                                                              `30`,
		`sprig.date('2006', workflow.creationTimestamp)`:                                                               time.Now().Format("2006"),
		`inputs.parameters["should-print"] == 'true'`:                                                                  `true`,
		`jsonpath(workflow.parameters.json, '$[0].value') == 'true'`:                                                   `true`,
		`jsonpath(workflow.parameters.config, '$.employees[?(@.name=="Baris")].age')`:                                  `[43]`,
		`jsonpath(workflow.parameters.config, '$.employees[?(@.age>42 && @.age<44)].age')`:                             `[43]`,
		`jsonpath(workflow.parameters.config, '$.employees[0:1]')`:                                                     `[{"age":43,"name":"Baris"}]`,
		`jsonpath(workflow.parameters.config, '$.employees[*].name')`:                                                  `["Baris","Mo","Jai"]`,
		`jsonpath(workflow.parameters.config, '$.a')`:                                                                  `1`,
		`tasks['flip-coin'].outputs.result == 'heads' ? tasks.heads.outputs.result : tasks.tails.outputs.result`:       `it was heads`,
		`asInt(inputs.parameters.n) == 1? 1: asInt(inputs.parameters.n) == 3? 2: steps['f'].outputs.parameters.result`: `2`,
		`tasks.producer.outputs.parameters.msg ?? 'fallback'`:                                                          `fallback`,
		`lastRetry.status == "Error" or (lastRetry.status == "Failed" and asInt(lastRetry.exitCode) not in [0])`:       `true`,
		`steps["step-1"].status == "Running"`:                                                                          `false`,
		`cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 360`:            `true`,
		// Values as text.
		`"<a>"`:                          `<a>`,
		`["<a>"]`:                        `["\u003ca\u003e"]`,
		`2.0`:                            `2`,
		`1 / 3`:                          `0.3333333333333333`,
		`1e21`:                           `1e+21`,
		`asFloat("35.80")`:               `35.8`,
		`{"b": 1, "a": nil}`:             `{"a":null,"b":1}`,
		`cronworkflow.lastScheduledTime`: `2026-11-25T09:00:00Z`,
		// The rest of the language.
		`workflow.labels["app.kubernetes.io/name"]`:                                        `app`,
		`let x = retries; x + "!"`:                                                         `1!`,
		`item.x + item["y"]`:                                                               `12`,
		`string(asInt("7")) + string(1.5)`:                                                 `71.5`,
		`sprig.trimSuffix(".txt", "a.txt") | upper()`:                                      `A`,
		`sprig.int(retries) + 1`:                                                           `2`,
		`sprig.list(1, "a", nil)`:                                                          `[1,"a",null]`,
		`sprig.dict("a", 1).a`:                                                             `1`,
		`keys(inputs.parameters)[0] in ["n", "list"]`:                                      `true`,
		`inputs.parameters[lower("N")]`:                                                    `3`,
		`fromJSON(inputs.parameters.list ?? "[]")[0]`:                                      `1`,
		`jsonpath(workflow.parameters.config, '$..k')`:                                     `[2,1]`,
		`jsonpath(workflow.parameters.config, '$.*.k')`:                                    `[2,1]`,
		`jsonpath(workflow.parameters.config, '$.employees[?(@.age>99)]')`:                 `[]`,
		`jsonpath(workflow.parameters.config, '$.b').k + 1`:                                `3`,
		`steps.s.outputs.artifacts.a.Name`:                                                 `a`,
		`replace("a-b-c", "-", "+", 1) + join(["x", "y"], ",") + repeat("z", 2)`:           `a+b-cx,yzz`,
		`"abc" matches "^a" && text matches "x{2}" && (text matches ("y" + "z")) == false`: `true`,
		`map(1..3, # * 2)`:                                                                 `[2,4,6]`,
		`[{"a": 1}, {"a": 2}] | filter(.a > 1) | len()`:                                    `1`,
		`[1, 2] == [1, 2] && retries != 1`:                                                 `true`,
	} {
		v, err := eval(t, source)
		if assert.NoError(t, err, source) {
			text, err := expr.Text(v)
			assert.NoError(t, err, source)
			assert.Equal(t, want, text, source)
		}
	}
}

func TestNames(t *testing.T) {
	for source, want := range map[string][]string{
		`tasks.A.outputs.result + tasks["A"].outputs.result`:  {"tasks|A|outputs|result"},
		`inputs.parameters[inputs.parameters.n]`:              {"inputs|parameters", "inputs|parameters|n"},
		`tasks.my-task.outputs`:                               {"tasks|my", "task|outputs"},
		`tasks['my-task']?.outputs.parameters["a.b"]`:         {"tasks|my-task|outputs|parameters|a.b"},
		`let x = a.b; x.c + filter(d.e, {#.f == g && .h})[0]`: {"a|b", "d|e", "g"},
		`a.b[0].c`:                                {"a|b"},
		`a.b.Seconds() + b.c()`:                   {"a|b", "b"},
		`{"k": v}.k ?? sprig.upper(w.x)`:          {"v", "w|x"},
		`x.y[1:z]`:                                {"x|y", "z"},
		`"a.b" + '{{c.d}}'`:                       nil,
		`get(a.b, "c")`:                           {"a|b"},
		`lastRetry.exitCode != retries ? !p : -q`: {"lastRetry|exitCode", "retries", "p", "q"},
	} {
		p, err := expr.Compile(source)
		if assert.NoError(t, err, source) {
			var got []string
			for _, n := range p.Names() {
				got = append(got, strings.Join(n, "|"))
			}
			assert.Equal(t, want, got, source)
			assert.Equal(t, source, p.String())
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for source, want := range map[string]string{
		``:                         `column 1: unexpected token EOF`,
		`a +`:                      `column 3: unexpected token EOF`,
		"a &&\n  b c":              `line 2, column 5: unexpected token Identifier("c")`,
		`asint(x)`:                 `column 1: no function "asint"; did you mean "asInt"?`,
		`x + sprig.uper("a")`:      `column 11: no function sprig.uper; did you mean "upper"?`,
		`sprig.env("HOME")`:        `column 7: no function sprig.env`,
		`keys(sprig)`:              `column 6: sprig is not a value; its functions are called, as in sprig.upper(x)`,
		`$env`:                     `column 1: $env is not supported; variables are named`,
		`toJson`:                   `column 1: toJson is a function, not a value`,
		`1 + "a"`:                  `column 3: invalid operation: + (mismatched types int and string)`,
		`len(1, 2)`:                `column 1: invalid number of arguments (expected 1, got 2)`,
		strings.Repeat(" ", 70000): `an expression of 70000 bytes; the longest may have 65536`,
	} {
		_, err := expr.Compile(source)
		var e *expr.Error
		if assert.ErrorAs(t, err, &e, source) {
			assert.Equal(t, want, err.Error(), source)
		}
	}
	_, err := expr.Compile(strings.Repeat("(", 60000))
	assert.Error(t, err)
	_, err = expr.Compile(strings.Repeat("!", 60000) + "a")
	assert.Error(t, err)
}

func TestEvalErrors(t *testing.T) {
	for source, want := range map[string]string{
		`asInt("x")`:               `asInt: expected a number, not a string`,
		`jsonpath("{", "$.a")`:     `the text is not JSON`,
		`jsonpath("{}", "$.a")`:    `jsonpath: nothing at $.a`,
		`jsonpath("{}", "$.[")`:    `jsonpath: $.[`,
		`asInt(tasks.gone.status)`: `asInt: expected a number, not nothing`,
		`inputs.parameters.n.x`:    `invalid operation`,
		`sprig.fail("no")`:         `no`,
		`sprig.upper(1)`:           `int`,
		`sprig.upper()`:            `argument`,
		`sprig.chunk(0, [1])`:      `range`,
		`nothing.here()`:           `nil`,
		`repeat("a", -1)`:          `-1 times`,
	} {
		p, err := expr.Compile(source)
		if err == nil {
			_, err = p.Eval(value)
		}
		if assert.ErrorContains(t, err, want, source) {
			assert.NotContains(t, err.Error(), "\n", source)
			assert.NotContains(t, err.Error(), "\x00", source)
		}
	}
}

// TestBounded evaluates what would take hours or all memory.
func TestBounded(t *testing.T) {
	double := func(first, next string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "let a0 = %s;", first)
		for i := range 60 {
			fmt.Fprintf(&b, " let a%d = %s;", i+1, strings.ReplaceAll(next, "A", fmt.Sprint("a", i)))
		}
		return b.String()
	}
	for name, source := range map[string]string{
		"nested loops":       `let r = 1..999000; count(r, count(r, # > 0) > 0)`,
		"nested maps":        `map(1..1000, map(1..1000, map(1..1000, #)))`,
		"sum":                `let r = 1..999000; sum(r, sum(r, sum(r, #)))`,
		"strings":            double(`"xy"`, `A + A`) + ` a60`,
		"a list of lists":    double(`[1, 1]`, `[A, A]`) + ` a60`,
		"its JSON":           double(`[1, 1]`, `[A, A]`) + ` toJSON(a60)`,
		"its text":           double(`[1, 1]`, `[A, A]`) + ` string(a60)`,
		"its comparison":     double(`[1, 1]`, `[A, A]`) + ` a60 == [a60, 1]`,
		"flattened":          double(`[1, 1]`, `[A, A]`) + ` flatten(a60)`,
		"maps":               double(`{"a": 1}`, `{"a": A, "b": A}`) + ` a60`,
		"repeat":             `repeat(big, 1000000)`,
		"replace":            `replace(big, "", big)`,
		"join":               `join(map(1..100000, "a"), big)`,
		"regular expression": `big matches (big + "?")`,
		"sprig.repeat":       `sprig.repeat(1000000000, "x")`,
		"sprig.until":        `sprig.until(1000000000)`,
		"sprig.seq":          `sprig.seq(0, 1, 1000000000)`,
		"sprig.replace":      `sprig.replace("", big, big)`,
		"sprig.randAlphaNum": `sprig.randAlphaNum(1000000000)`,
		"sprig.indent":       `sprig.indent(1000000000, "x")`,
		"sprig.join":         `sprig.join(big, sprig.until(100000))`,
		"sprig.regexMatch":   `sprig.regexMatch(big + "?", big)`,
		"keys":               `map(1..100, sprig.genPrivateKey("ed25519"))`,
		"a cycle":            `let d = sprig.dict("a", 1); sprig.set(d, "d", d)`,
		"descents":           `jsonpath(repeat("[", 2000) + repeat("]", 2000), "$..*..*..*..*")`,
		"unions":             `jsonpath(repeat("[", 50) + repeat("]", 50), "$" + repeat("[0,0]", 50))`,
		"filters":            `jsonpath("[" + repeat("[1],", 100000) + "1]", "$[?(@ == $..x)]")`,
	} {
		t.Run(name, func(t *testing.T) {
			v, err := eval(t, source)
			if err == nil {
				_, err = expr.Text(v)
			}
			require.Error(t, err)
			assert.True(t, errors.Is(err, expr.ErrTooMuch) || strings.Contains(err.Error(), "memory budget") ||
				strings.Contains(err.Error(), "repeat"), err.Error())
		})
	}
}

// TestValues is how the values of names are put together: the longer name wins, and no given map is written into.
func TestValues(t *testing.T) {
	given := map[string]any{
		"item":     map[string]any{"x": "1", "y": map[string]any{"a": "2"}},
		"item.x":   "3",
		"item.y.b": "4",
		"text":     "5",
		"text.t":   "6",
		"word":     "7",
		"null":     nil,
	}
	for source, want := range map[string]any{
		`[item, item.x, item.y.b, item.z]`:     []any{map[string]any{"x": "3", "y": map[string]any{"a": "2", "b": "4"}}, "3", "4", nil},
		`[item.z?.q ?? item.x, item.y.a]`:      []any{"3", "2"},
		`[text.t, text]`:                       []any{"6", map[string]any{"t": "6"}},
		`[null?.a?.b ?? 1, gone.a?.b, gone.c]`: []any{1, nil, nil},
		`word`:                                 "7",
	} {
		p, err := expr.Compile(source)
		require.NoError(t, err)
		v, err := p.Eval(func(keys []string) (any, bool) {
			v, ok := given[strings.Join(keys, ".")]
			return v, ok
		})
		if assert.NoError(t, err, source) {
			assert.Equal(t, want, v, source)
		}
	}
	assert.Equal(t, map[string]any{"x": "1", "y": map[string]any{"a": "2"}}, given["item"])
}

func TestNoText(t *testing.T) {
	_, err := expr.Text(nil)
	assert.ErrorIs(t, err, expr.ErrNoValue)
	v, err := eval(t, `tasks.gone.outputs.result`)
	require.NoError(t, err)
	assert.Nil(t, v)
	_, err = expr.Text(func() {})
	assert.Error(t, err)
}

func TestEvalBool(t *testing.T) {
	b, err := expr.EvalBool(true)
	assert.True(t, b)
	assert.NoError(t, err)
	for v, want := range map[any]string{nil: "nothing", "true": "a string", 1: "a number", artifact{}: "a expr_test.artifact"} {
		_, err := expr.EvalBool(v)
		assert.EqualError(t, err, "expected true or false, not "+want)
	}
}

func FuzzProgram(f *testing.F) {
	for _, s := range []string{`a.b ?? "x"`, `sprig.upper(a["b"]) + toJson([1, a])`, `let x = 1..9; map(x, # * 2)`, `jsonpath(a, "$..b")`, `a matches b`, `{"a": b}.a?.c`} {
		f.Add(s, "{}")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		p, err := expr.Compile(source)
		if err != nil {
			var e *expr.Error
			require.ErrorAs(t, err, &e)
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		for _, ok := range []bool{true, false} {
			v, err := p.Eval(func(keys []string) (any, bool) { return text, ok })
			if err == nil {
				_, _ = expr.Text(v)
			}
		}
	})
}
