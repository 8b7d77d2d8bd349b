package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// parseAll takes every tag of the language for a reference to itself.
func parseAll(source string) (Text, []string) {
	var wrong []string
	t := parseText(source, func(tag string) (Ref, string) {
		if strings.Contains(tag, "wrong") {
			return Ref{}, "is wrong"
		}
		return Ref{}, ""
	}, func(source string) (*Expression, string) {
		return &Expression{Source: source}, map[bool]string{true: "is wrong"}[strings.Contains(source, "wrong")]
	}, func(s string) { wrong = append(wrong, s) }, func(string) {})
	return t, wrong
}

func TestText(t *testing.T) {
	for source, want := range map[string]struct {
		refs   []string
		filled string // each tag as <tag>
		wrong  []string
	}{
		"":                            {nil, "", nil},
		"plain":                       {nil, "plain", nil},
		"{{workflow.name}}":           {[]string{"workflow.name"}, "<workflow.name>", nil},
		"{{ workflow.name }}":         {[]string{"workflow.name"}, "<workflow.name>", nil},
		"a {{node.name}}b{{item}}":    {[]string{"node.name", "item"}, "a <node.name>b<item>", nil},
		"{{.Values.x}} {{range}}":     {nil, "{{.Values.x}} {{range}}", nil},
		"{{worklow.name}}":            {nil, "{{worklow.name}}", nil},
		"{{":                          {nil, "{{", nil},
		"}}{{":                        {nil, "}}{{", nil},
		"{{workflow.name":             {nil, "{{workflow.name", nil},
		"{{}}":                        {nil, "{{}}", nil},
		"{{{workflow.name}}}":         {nil, "{{{workflow.name}}}", nil},
		"{{=1+1}}":                    {[]string{"=1+1"}, "<=1+1>", nil},
		"{{={'b': 1}}}c":              {[]string{"={'b': 1}"}, "<={'b': 1}>c", nil},
		"{{=1}}}":                     {[]string{"=1"}, "<=1>}", nil},
		"{{=wrong}}":                  {nil, "{{=wrong}}", []string{"{{=wrong}}: is wrong"}},
		"{{tasks.wrong}} {{tasks.a}}": {[]string{"tasks.a"}, "{{tasks.wrong}} <tasks.a>", []string{"{{tasks.wrong}}: is wrong"}},
		"é{{node.name}}\x00\"":        {[]string{"node.name"}, "é<node.name>\x00\"", nil},
	} {
		text, wrong := parseAll(source)
		var refs []string
		for _, r := range text.Refs {
			refs = append(refs, r.Name)
		}
		assert.Equal(t, want.refs, refs, source)
		assert.Equal(t, want.wrong, wrong, source)
		filled, err := text.Fill(func(r *Ref) (string, error) { return "<" + r.Name + ">", nil })
		assert.Equal(t, want.filled, filled, source)
		assert.NoError(t, err)
	}
}

func TestFillMissing(t *testing.T) {
	text, _ := parseAll("{{item.a}} {{item.b}} {{item.c}}")
	_, err := text.Fill(func(r *Ref) (string, error) {
		if r.Name == "item.a" {
			return "", nil
		}
		return "", &NoValueError{r.Name}
	})
	assert.Equal(t, &NoValueError{"item.b"}, err, "the first")
	filled, err := text.Fill(func(r *Ref) (string, error) { return "{{item.c}}", nil })
	assert.NoError(t, err)
	assert.Equal(t, "{{item.c}} {{item.c}} {{item.c}}", filled, "a tag in a value is not filled again")
}

// Whatever the text, filling each tag with itself gives the text back, and nothing outside of tags is touched.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "{{workflow.name}}", "a{{ item }}b", "{{{{item}}}}", "{{=x}}", "{{\x00}}", "}}{{steps.a.id}}{{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		text, _ := parseAll(source)
		i, at := 0, int32(0)
		filled, err := text.Fill(func(r *Ref) (string, error) {
			if r != &text.Refs[i] || r.start < at || r.end <= r.start {
				t.Fatalf("reference %d of %q is out of order", i, source)
			}
			i, at = i+1, r.end
			return source[r.start:r.end], nil
		})
		if filled != source || err != nil {
			t.Fatalf("%q became %q: %v", source, filled, err)
		}
	})
}

func TestMeant(t *testing.T) {
	for tag, want := range map[string]string{
		"inptus.parameters.x": "inputs.parameters.x",
		"task.a.b":            "tasks.a.b",
		"Workflow.name":       "workflow.name",
		"lastretry.exitCode":  "lastRetry.exitCode",
		"worklow.name":        "workflow.name",
		".Values.image":       "",
		"values.image":        "",
		"user.name":           "",
		"inptus":              "",
		"inptus.":             "",
		"inptus.a | upper":    "",
		"range .Items":        "",
		"":                    "",
	} {
		assert.Equal(t, want, meant(tag), tag)
	}
}
