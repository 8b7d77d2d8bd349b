package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podflow/podflow/internal/plan"
)

// A name is refused if Kubernetes would refuse the objects that bear it.
func TestRunNameProblem(t *testing.T) {
	const characters, dots = "must be lower-case letters, digits, - and ., and begin and end with a letter or digit", "must have a letter or digit before and behind each ."
	for name, want := range map[string]string{
		"a": "", "a-b": "", "a.b": "", "a--b": "", "0.0": "", "a-1.b-2.c": "", strings.Repeat("a", 63): "",
		"": "is empty", "A": characters, "a_b": characters, "-a": characters, "a-": characters, ".a": characters, "a.": characters, "é": characters,
		"a..b": dots, "a.-b": dots, "a-.b": dots, "a.b..c-": dots,
		strings.Repeat("a", 64): "is too long for the name of a run: it has 64 characters, and may have 63",
	} {
		assert.Equal(t, want, plan.RunNameProblem(name), name)
		if len(name) <= 63 {
			assert.Equal(t, want == "", validation.IsDNS1123Subdomain(name) == nil, name)
		}
	}
}
