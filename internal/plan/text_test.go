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
	}, func(s string) { wrong = append(wrong, s) })
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
		"{{=1+1}}":                    {nil, "{{=1+1}}", []string{"expression tags are not supported yet: {{=1+1}}"}},
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
		filled, missing := text.Fill(func(r *Ref) (string, bool) { return "<" + r.Name + ">", true })
		assert.Equal(t, want.filled, filled, source)
		assert.Empty(t, missing)
	}
}

func TestFillMissing(t *testing.T) {
	text, _ := parseAll("{{item.a}} {{item.b}} {{item.c}}")
	filled, missing := text.Fill(func(r *Ref) (string, bool) { return "{{item.c}}", r.Name == "item.a" })
	assert.Equal(t, "item.b", missing, "the first")
	assert.True(t, strings.HasPrefix(filled, "{{item.c}} "), "a tag in a value is not filled again")
}

// Whatever the text, filling each tag with itself gives the text back, and nothing outside of tags is touched.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "{{workflow.name}}", "a{{ item }}b", "{{{{item}}}}", "{{=x}}", "{{\x00}}", "}}{{steps.a.id}}{{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		text, _ := parseAll(source)
		i, at := 0, int32(0)
		filled, missing := text.Fill(func(r *Ref) (string, bool) {
			if r != &text.Refs[i] || r.start < at || r.end <= r.start {
				t.Fatalf("reference %d of %q is out of order", i, source)
			}
			i, at = i+1, r.end
			return source[r.start:r.end], true
		})
		if filled != source || missing != "" {
			t.Fatalf("%q became %q, missing %q", source, filled, missing)
		}
	})
}
