package spec_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/workflow/spec"
)

// awkward are texts that YAML takes for something else unless they are quoted, and pieces of such.
var awkward = []string{
	"", "<<", "=", "~", "null", "Null", "y", "Y", "n", "yes", "On", "off", "true", "False", "2020-01-01", "2020-01-01T00:00:00Z", "0x1", "0o7", "017", "08",
	"0b1", "1_000", "_1", "1", "+1", "-1", "1.", ".5", "1e3", "1.5e+3", "12:30", "190:20:30", ".inf", "-.Inf", ".nan", "-", "--", "---", "...", "?", ":",
	",", "[", "]", "{", "}", "#", "&x", "*x", "!x", "!!str", "!", "%x", "@x", "`x", "|", "|-", ">", "'", "\"", "\\", "a: b", "a #b", "- a", "? a", "{{a}}",
	" ", "\t", "\n", "\r", "\r\n", "\v", "\x00", "\x1b", "\x7f", "\u0080", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "\ufffd", "\ufffe", "\U0001f600", "é", "a",
}

// TestAwkwardTexts writes awkward texts, also with others around them, and reads them as this package and as Argo does.
func TestAwkwardTexts(t *testing.T) {
	texts := map[string]string{}
	for _, a := range awkward {
		texts[a] = a
		for _, b := range []string{"a", "1", "-", ":", "#", "'", " ", "\t", "\n", "\r", "\n ", "\n- ", "\n# ", "\u0085", "\u2028", "\ufeff"} {
			texts[a+b], texts[b+a] = a+b, b+a
		}
	}
	var container corev1.Container
	var enum []spec.AnyString
	for text := range texts {
		container.Args, enum = append(container.Args, text), append(enum, spec.AnyString(text))
	}
	want := &spec.Workflow{}
	want.APIVersion, want.Kind, want.Labels = spec.APIVersion, "Workflow", texts
	want.Spec.Arguments.Parameters = []spec.Parameter{{Enum: enum}}
	want.Spec.Templates = []spec.Template{{Container: &container}}

	var b bytes.Buffer
	require.NoError(t, spec.Encode(&b, want))
	objects, err := spec.Decode(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	argo := &spec.Workflow{}
	require.NoError(t, yaml.UnmarshalStrict(b.Bytes(), argo))
	for _, got := range []*spec.Workflow{objects[0].(*spec.Workflow), argo} {
		require.Len(t, got.Labels, len(texts))
		for i, text := range container.Args {
			if got.Labels[text] != text || got.Spec.Templates[0].Container.Args[i] != text || got.Spec.Arguments.Parameters[0].Enum[i] != enum[i] {
				t.Errorf("%q came back as %q, %q, %q", text, got.Labels[text], got.Spec.Templates[0].Container.Args[i], got.Spec.Arguments.Parameters[0].Enum[i])
			}
		}
	}
}
