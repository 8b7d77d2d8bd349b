package source_test

import (
	"path/filepath"
	"testing"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow/source"
	"github.com/stretchr/testify/assert"
)

func TestExamples(t *testing.T) {
	examples := filepath.Dir(argotest.Examples(t)["hello-world.yaml"])
	for _, folder := range []string{"cluster-workflow-template", "configmaps", "workflow-template"} {
		_, err := source.Dir(filepath.Join(examples, folder))
		assert.NoError(t, err, folder)
	}
}
