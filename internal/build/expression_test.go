package build

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/expr"
)

func TestExpression(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   `""`,
		"plain":                              `"plain"`,
		"{{workflow.name}}":                  `workflow.name`,
		"{{ workflow.name }}":                `workflow.name`,
		"{{tasks.a-b.outputs.parameters.c}}": `tasks["a-b"].outputs.parameters.c`,
		"{{tasks.1.outputs.parameters.in}}":  `tasks["1"].outputs.parameters["in"]`,
		"{{tasks.true.status}}":              `tasks["true"].status`,
		"{{item}}":                           `item`,
		"{{item.a b}}":                       `item["a b"]`,
		`say "{{item}}" }}`:                  `"say \"" + item + "\" \x7d\x7d"`,
		"{{a}}{{b}}":                         `a + b`,
		"{{=1 + 2}}":                         `string(1 + 2)`,
		"open {{a":                           `"open \x7b\x7ba"`,
	} {
		assert.Equal(t, want, Expression(text))
		_, err := expr.Compile(want)
		assert.NoError(t, err, want)
	}
}

func TestTaskTags(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                    nil,
		"tasks.a.status":                      nil, // no tag
		"{{tasks.a.status}} {{ tasks.b.ip }}": {"a", "b"},
		"{{steps.a.status}}":                  nil,
		"{{tasks.}}{{tasks":                   nil,
		`{{=tasks.a.status}}`:                 {"a"},
		`{{=tasks["a-b"].status + tasks['c'].ip}}{{tasks.d.id}}`: {"a-b", "c", "d"},
		`{{="tasks.a" + 'tasks["b"]' + x.tasks.c + mytasks.d}}`:  nil,
		"{{=`tasks.a\\` + tasks.b.x}}":                           {"b"},
		`{{="\"" + tasks . a ?. x + tasks?.b + tasks [ "c" ]}}`:  {"a", "b", "c"},
		`{{=x . tasks.a}}`:      nil,
		`{{=tasks[name].x}}`:    nil,
		`{{=tasks["a}}`:         {"a"},
		`{{=tasks}}{{=tasks.}}`: nil,
	} {
		assert.Equal(t, want, slices.Collect(taskTags(text)), text)
	}
}

// Whatever is in a text, its string in an expression is the text, and does not end the tag that it is in.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", `"`, `\`, `\"`, "}}", "{{", "\x00\r\n\t\u2028", "é日本", "`", "'", "\\x7d", "\U0010ffff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Quote(s)
		assert.False(t, strings.ContainsAny(q, "{}\n"), q)
		if s != strings.ToValidUTF8(s, "") || len(q) > 1<<15 {
			return // which JSON cannot carry, or too long for an expression
		}
		p, err := expr.Compile(q)
		require.NoError(t, err, q)
		v, err := p.Eval(func([]string) (any, bool) { return nil, false })
		require.NoError(t, err)
		assert.Equal(t, s, v)
	})
}

// Reading a text for tasks ends, whatever is in it.
func FuzzTaskTags(f *testing.F) {
	for _, s := range []string{"{{tasks.a.x}}", `{{=tasks["a"].x}}`, `{{="`, "{{=tasks['", "{{=tasks[", "{{=tasks."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name := range taskTags(s) {
			assert.Contains(t, s, name)
			assert.NotEmpty(t, name)
		}
	})
}
