package plan

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/workflow/spec"
)

// Whatever stands in the place of tags, a configuration stays JSON of the same form: only its texts change.
func FuzzPluginConfig(f *testing.F) {
	f.Add(`{"a": "{{x}}", "b": [1, "{{x}} and {{x}}"]}`, `","c":"`)
	f.Add(`"{{x}}"`, "\x00\xff\n{{x}}")
	f.Add(`{"{{x}}": {}, "k": null}`, "k")
	f.Add(`[[[["{{"]]]]`, "}}")
	f.Fuzz(func(t *testing.T, config, value string) {
		if !json.Valid([]byte(config)) {
			t.Skip()
		}
		p := spec.Plugin{"p": spec.Item(config)}
		visited := 0
		walkPlugin(p, nil, func(_ *place, text string) string {
			visited++
			return value
		})
		require.True(t, json.Valid(p["p"]), "%s", p["p"])
		before, after := form(t, []byte(config)), form(t, p["p"])
		assert.LessOrEqual(t, after, before, "members may fall together, but none is added")
		if visited == 0 {
			assert.True(t, bytes.Equal([]byte(config), p["p"]))
		}
	})
}

// form counts the values of a JSON text.
func form(t *testing.T, text []byte) int {
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	var count func(any) int
	count = func(v any) int {
		n := 1
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				n += count(e)
			}
		case map[string]any:
			for _, e := range v {
				n += count(e)
			}
		}
		return n
	}
	return count(v)
}
