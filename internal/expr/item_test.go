package expr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

func TestItem(t *testing.T) {
	type want struct {
		text, label string
		value       any
	}
	for source, w := range map[string]want{
		`"hello (world)"`:             {"hello (world)", "hello world", "hello (world)"},
		`"a\"\u00e9<\n"`:              {"a\"é<\n", `a\"\u00e9<\n`, "a\"é<\n"},
		`1.50`:                        {"1.50", "1.50", "1.50"},
		`true`:                        {"true", "true", "true"},
		`null`:                        {"null", "null", "null"},
		`["a", 1, {"b": "(c)"}, [ ]]`: {`["a",1,{"b":"(c)"},[]]`, `[a 1 {"b":"c"} []]`, `["a",1,{"b":"(c)"},[]]`},
		`{"tag": "9.1", "image": "debian"}`: {`{"image":"debian","tag":"9.1"}`, "image:debian,tag:9.1",
			map[string]any{"image": "debian", "tag": "9.1"}},
		`{"num":1,"evenness":"odd"}`: {`{"evenness":"odd","num":1}`, "evenness:odd,num:1",
			map[string]any{"num": "1", "evenness": "odd"}},
		`{ "z" : {"y":2, "x":[1, 2]} , "a" : "b,}]\\" }`: {`{"a":"b,}]\\","z":{"y":2,"x":[1,2]}}`, `a:b,}]\\,z:{"y":2,"x":[1,2]}`,
			map[string]any{"a": `b,}]\`, "z": `{"x":[1,2],"y":2}`}},
		`{}`: {`{}`, ``, map[string]any{}},
		`[]`: {`[]`, `[]`, `[]`},
	} {
		for _, list := range []string{"[" + source + "]", " [ 0 ,\n" + source + " ] "} {
			items, err := expr.ParseItems(list)
			require.NoError(t, err, list)
			i := items[len(items)-1]
			assert.Equal(t, source, i.JSON())
			assert.Equal(t, w, want{i.Text(), i.Label(), i.Value()}, source)
		}
	}
	assert.Equal(t, "null", expr.Item{}.Text())
	assert.Equal(t, "null", expr.Item{}.Label())
}

func TestItemField(t *testing.T) {
	items, err := expr.ParseItems(`[{"a": 1, "b\u0041": "x\ty", "l": [1, 2], "a": 2}, "a", null, {"c": "d e"}]`)
	require.NoError(t, err)
	for name, want := range map[string]string{"a": "2", "bA": "x\ty", "l": "[1,2]"} {
		got, ok := items[0].Field(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got)
	}
	_, ok := items[0].Field("c")
	assert.False(t, ok)
	for _, i := range append(items[1:3:3], expr.Item{}) {
		_, ok := i.Field("a")
		assert.False(t, ok)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() { items[3].Field("c"); items[1].Text() }))
}

func TestParseItemsErrors(t *testing.T) {
	for list, want := range map[string]string{
		``:           `expected a JSON list: unexpected end of JSON input`,
		`[1, 2`:      `expected a JSON list: unexpected end of JSON input`,
		`[1] 2`:      `expected a JSON list: invalid character '2' after top-level value`,
		`a, b`:       `expected a JSON list: invalid character 'a' looking for beginning of value`,
		`{"a": [1]}`: `expected a JSON list, not an object`,
		` "[1]"`:     `expected a JSON list, not a string`,
		`1`:          `expected a JSON list, not a number`,
		`false`:      `expected a JSON list, not a truth value`,
		`null`:       `expected a JSON list, not null`,
	} {
		_, err := expr.ParseItems(list)
		assert.EqualError(t, err, want, list)
	}
	items, err := expr.ParseItems("[" + strings.Repeat("1,", 1e6-1) + "1]")
	require.NoError(t, err)
	assert.Len(t, items, 1e6)
	_, err = expr.ParseItems(strings.Repeat("[", 1e6))
	assert.Error(t, err)
}

func TestItems(t *testing.T) {
	items, err := expr.Items([]spec.Item{spec.Item(` "a" `), nil, spec.Item(`{"b":1}`)})
	require.NoError(t, err)
	var texts []string
	for _, i := range items {
		texts = append(texts, i.Text())
	}
	assert.Equal(t, []string{"a", "null", `{"b":1}`}, texts)
	_, err = expr.Items([]spec.Item{spec.Item(`1`), spec.Item(`{`)})
	assert.EqualError(t, err, "item 1 is not JSON")
	_, err = expr.Items([]spec.Item{{}})
	assert.EqualError(t, err, "item 0 is not JSON")
}

func FuzzParseItems(f *testing.F) {
	for _, s := range []string{`[1, "a", {"b": [true, null]}]`, ` [ ] `, `[{"a" : {} , "b":"\"}"}]`, `[1.5e3,"é\u0041"]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		var want []json.RawMessage
		valid := json.Unmarshal([]byte(list), &want) == nil && want != nil
		items, err := expr.ParseItems(list)
		require.Equal(t, valid, err == nil)
		require.Len(t, items, len(want))
		for i, item := range items {
			require.Equal(t, string(want[i]), item.JSON())
			checkItem(t, item)
		}
	})
}

// checkItem compares an item to what encoding/json makes of it.
func checkItem(t *testing.T, item expr.Item) {
	item.Label()
	var value any
	if err := json.Unmarshal([]byte(item.JSON()), &value); err != nil {
		return // a number that is too great for a float
	}
	switch value := value.(type) {
	case string:
		require.Equal(t, value, item.Text())
	case map[string]any:
		require.JSONEq(t, item.JSON(), item.Text())
		require.Len(t, item.Value(), len(value))
		for k, v := range value {
			text, ok := item.Field(k)
			require.True(t, ok)
			if s, ok := v.(string); ok {
				require.Equal(t, s, text)
			}
		}
	default:
		require.JSONEq(t, item.JSON(), item.Text())
	}
}
