package build

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLogic(t *testing.T) {
	a, b, c := Logic{Text: "a"}, Logic{Text: "b"}, Logic{Text: "c"}
	said := Logic{"x ? y : z", unknown}
	for want, l := range map[string]Logic{
		"a && b && c":           a.And(b).And(c),
		"a && b || c":           a.And(b).Or(c),
		"a || b && c":           a.Or(b.And(c)),
		"(a || b) && c":         a.Or(b).And(c),
		"a && (b || c)":         a.And(b.Or(c)),
		"!a && b":               a.Not(false).And(b),
		"!(a) && b":             a.Not(true).And(b),
		"!(a && b)":             a.And(b).Not(false),
		"!(a || b) && c":        a.Or(b).Not(true).And(c),
		"(x ? y : z) && a":      said.And(a),
		"a || (x ? y : z)":      a.Or(said),
		"!(x ? y : z)":          said.Not(false),
		"a || b || (x ? y : z)": a.Or(b).Or(said),
	} {
		assert.Equal(t, want, l.Text)
	}
}
