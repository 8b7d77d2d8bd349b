package spec_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/equality"
)

const examples = "../../../shared/argo-examples"

func TestExamples(t *testing.T) {
	if _, err := os.Stat(examples); err != nil {
		t.Skipf("the examples of Argo Workflows are not at %s", examples)
	}
	files, documents := 0, 0
	err := filepath.WalkDir(examples, func(name string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		objects, err := spec.Decode(bytes.NewReader(data))
		if !assert.NoError(t, err, name) {
			return nil
		}
		documents += len(objects)
		var b bytes.Buffer
		require.NoError(t, spec.Encode(&b, objects...), name)
		again, err := spec.Decode(&b)
		require.NoError(t, err, name)
		assert.True(t, equality.Semantic.DeepEqual(objects, again), name)
		return nil
	})
	require.NoError(t, err)
	t.Logf("%d files, %d documents", files, documents)
}
