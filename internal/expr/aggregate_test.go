package expr_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/internal/expr"
)

func TestParameters(t *testing.T) {
	for want, values := range map[string][]string{
		`[]`:                           {},
		`["1","2"]`:                    {"1", "2"},
		`["odd","even"]`:               {"odd", "even"},
		`[{"a":1,"b":2},[1,"x"]]`:      {` {"b": 2, "a": 1}`, "[1, \"x\"]\n"},
		`["[1]","x"]`:                  {"[1]", "x"},
		`["{",""]`:                     {"{", ""},
		`[{"n":12345678901234567890}]`: {`{"n":12345678901234567890}`},
	} {
		assert.Equal(t, want, expr.Parameters(values))
	}
}

func TestResults(t *testing.T) {
	for want, values := range map[string][]string{
		`[]`:                                 {},
		`[1,2]`:                              {"1", "2"},
		`["odd",null,true,"",{"b":2,"a":1}]`: {"odd", "null", "true", "", `{"b": 2, "a": 1}`},
		`["a b","\"","x\n"]`:                 {"a b", `"`, "x\n"},
		`["quoted"]`:                         {`"quoted"`},
	} {
		assert.Equal(t, want, expr.Results(values))
	}
}
