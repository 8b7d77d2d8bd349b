package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/expr"
)

func TestDepends(t *testing.T) {
	holds := map[string]bool{
		"A": true, "A.Failed": false, "B.Succeeded": false, "B.AnySucceeded": true, "my-task_2.Daemoned": true, "1.AllFailed": true,
	}
	for source, want := range map[string]bool{
		`A`: true, `!A`: false, `A && B.Succeeded`: false, `A || B.Succeeded`: true,
		`A.Failed || B.Succeeded && A`: false, `(A || B.Succeeded) && A`: true, `!(A.Failed || B.Succeeded)`: true,
		`!A.Failed&&my-task_2.Daemoned`: true, " \t1.AllFailed\n": true, `!!A && ((B.AnySucceeded))`: true,
		`A && (A.Failed || (B.AnySucceeded && !A.Failed))`: true,
	} {
		d, err := expr.ParseDepends(source)
		if !assert.NoError(t, err, source) {
			continue
		}
		got := d.Eval(func(task int, c expr.Condition) bool {
			name := d.Names()[task]
			if c != expr.Bare {
				name += "." + c.String()
			}
			v, ok := holds[name]
			assert.True(t, ok, name)
			return v
		})
		assert.Equal(t, want, got, source)
	}
}

func TestDependsErrors(t *testing.T) {
	for source, want := range map[string]string{
		``:           `column 1: unexpected end; expected the name of a task, ! or (`,
		`A &&`:       `column 5: unexpected end; expected the name of a task, ! or (`,
		`A B`:        `column 3: unexpected "B"; expected &&, || or the end`,
		`A & B`:      `column 3: unexpected "&"; expected &&, || or the end`,
		"A &&\n (B":  `line 2, column 4: unexpected end; expected &&, || or )`,
		`A)`:         `column 2: unexpected ")"; expected &&, || or the end`,
		`A.Suceeded`: `column 3: no condition "Suceeded"; did you mean "Succeeded"?`,
		`A.Running`: `column 3: no condition "Running"; expected one of Succeeded, Failed, Errored, Skipped, Omitted, ` +
			`Daemoned, AnySucceeded, AllFailed`,
		`A. Failed`: `column 3: no condition after "A."; expected one of Succeeded, Failed, Errored, Skipped, Omitted, ` +
			`Daemoned, AnySucceeded, AllFailed`,
		`é.Failed`:                     `column 1: unexpected "é"; expected the name of a task, ! or (`,
		`A and B`:                      `column 3: unexpected "and"; expected &&, || or the end`,
		`A || && B`:                    `column 6: unexpected "&"; expected the name of a task, ! or (`,
		strings.Repeat("(", 1e6) + "A": `column 502: parentheses and negations more than 500 deep`,
		strings.Repeat("!", 1e6) + "A": `column 502: parentheses and negations more than 500 deep`,
	} {
		_, err := expr.ParseDepends(source)
		var e *expr.Error
		if assert.ErrorAs(t, err, &e, source) {
			assert.Equal(t, want, err.Error())
		}
	}
}

func TestDependsAll(t *testing.T) {
	for source, all := range map[string]bool{
		`A`: true, `A && B-2 && A`: true, `(A && B) && C`: true, `A || B`: false, `A && B.Failed`: false, `!A`: false,
		`A.Succeeded`: false, `A && (B || C)`: false,
	} {
		d, err := expr.ParseDepends(source)
		require.NoError(t, err)
		names, ok := d.All()
		assert.Equal(t, all, ok, source)
		if ok {
			assert.Equal(t, d.Names(), names)
		}
	}
}

func TestDependsOfMany(t *testing.T) {
	d, err := expr.ParseDepends("B && A || B.Failed")
	require.NoError(t, err)
	assert.Equal(t, []string{"B", "A"}, d.Names())
	always := func(int, expr.Condition) bool { return true }
	assert.Zero(t, testing.AllocsPerRun(10, func() { d.Eval(always) }))

	long, err := expr.ParseDepends(strings.Repeat("A && ", 1e5) + "A")
	require.NoError(t, err)
	assert.True(t, long.Eval(always))
}

func FuzzParseDepends(f *testing.F) {
	for _, s := range []string{"A", "A.Failed && !(B || c-d.AnySucceeded)", "A\n&& B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		d, err := expr.ParseDepends(source)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		got := d.Eval(func(task int, c expr.Condition) bool {
			require.Less(t, task, len(d.Names()))
			return true
		})
		if _, all := d.All(); all {
			assert.True(t, got)
		}
	})
}
