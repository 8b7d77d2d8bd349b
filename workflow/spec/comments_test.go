package spec_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryFieldHasAComment looks at what who writes a workflow in Go reads first.
func TestEveryFieldHasAComment(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	set, fields := token.NewFileSet(), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					if !name.IsExported() {
						continue
					}
					fields++
					if !strings.HasPrefix(field.Doc.Text(), name.Name) {
						t.Errorf("%v: %s has no comment that begins with its name", set.Position(name.Pos()), name.Name)
					}
				}
			}
			return true
		})
	}
	require.Greater(t, fields, 300)
}
