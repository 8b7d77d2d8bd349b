package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/internal/expr"
)

func TestWhen(t *testing.T) {
	for text, want := range map[string]bool{
		``: true, `true`: true, `false`: false,
		`heads == heads`: true, `heads == tails`: false, `Succeeded != Succeeded`: false,
		`1 != 1 && 1 != 2`: false, `3 < 4`: true, `10 < 9`: false, `10 > 9.5`: true,
		`heads =~ hea`: true, `heads =~ 'tai'`: false, `heads !~ tai`: true,
		`( heads == heads && tails == tails ) || ( a == b )`: true,
		`!(a == b)`: true, `1 + 1 == 2`: true, `"my value" == 'my value'`: true,
		`a in ('a', 'b')`: true, `a in (b, c)`: false, `[my value] == "my value"`: true,
		`true == true`: true, `0xff == 255`: true, `é == "é"`: true, `a == é`: false, `'true' == true`: false, `'2020-01-02' == '2020-01-02'`: true,
	} {
		got, err := expr.When(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, got, text)
		}
		assert.NoError(t, expr.CheckWhen(text), text)
	}
}

func TestWhenErrors(t *testing.T) {
	for text, want := range map[string]string{
		`a b`:                      `Cannot transition`,
		`a == `:                    `unexpected end of expression`,
		`a == 'b`:                  `unclosed string literal`,
		`(a == a`:                  `unbalanced parenthesis`,
		`a @ b`:                    `Invalid token`,
		`a =~ '('`:                 `missing closing )`,
		`heads`:                    `expected true or false, not a string`,
		`1 + 1`:                    `expected true or false, not a number`,
		`a.b == a`:                 `a`,
		`my-word == my-word`:       `my`,
		` `:                        `unexpected end of expression`,
		strings.Repeat("(", 10000): `unbalanced parenthesis`,
		strings.Repeat("!", 10000): ``,
		"'" + strings.Repeat("a", 10000) + "' =~ '" + strings.Repeat("a?", 5000) + "b'": `with =~ or !~; the longest may have 8192`,
		strings.Repeat("a", 70000): `the longest may have 65536`,
	} {
		_, err := expr.When(text)
		if assert.ErrorContains(t, err, want, text) {
			assert.NotEmpty(t, err.Error())
			assert.Less(t, len(err.Error()), 300)
		}
	}
}

func TestCheckWhen(t *testing.T) {
	for _, text := range []string{
		`{{steps.a.outputs.result}} == heads`, `'{{a}}' != "{{ b }}"`, `{{a}}`, `{{a}}{{b}} == c`, `1{{a}} < {{b}}.5`,
		`{{=a["x"] == 'true'}}`, `{{a}} {{op}} {{b}}`, `( {{a}} == heads && {{b}} == tails )`, `{{a}} =~ hea`,
		`{{a}} in ({{b}})`, `{{a}} and == heads`,
	} {
		assert.NoError(t, expr.CheckWhen(text), text)
	}
	for text, want := range map[string]string{
		`{{a}} == `:       `unexpected end of expression`,
		`{{a}} = heads`:   `Invalid token`,
		`({{a}} == b`:     `unbalanced parenthesis`,
		`{{a}} == 'b`:     `unclosed string literal`,
		`{{a}} === heads`: `Invalid token`,
	} {
		assert.ErrorContains(t, expr.CheckWhen(text), want, text)
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"a == b", "1 + 2 < 'x' || !(true)", "a =~ 'b.*' && c in (d, 1)", "[x] ?? y ? 1 : 2", "{{a}} == b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := expr.When(text)
		checked := expr.CheckWhen(text)
		if err == nil {
			assert.NoError(t, checked)
		}
	})
}
