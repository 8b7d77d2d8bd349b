package spec_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
)

// refused are the examples that have a mistake, with what it is: this one has the key annotations twice, and YAML demands
// that keys are unique. A reader that takes one of them loses what the other says without a word.
var refused = map[string]string{
	"k8s-patch-json-workflow.yaml": "line 13: metadata.annotations: is on line 6 already",
}

// TestExamples reads all examples of Argo Workflows and writes them back. Nothing is lost: the trees before and after
// are equal. Numbers and booleans where text is meant compare as text ([spec.AnyString] turns them into text),
// quantities by what they amount to, and two fields that cannot tell an explicit zero value from none as if it was none.
func TestExamples(t *testing.T) {
	files, documents := argotest.Examples(t), 0
	for _, short := range slices.Sorted(maps.Keys(files)) {
		t.Run(short, func(t *testing.T) {
			data, err := os.ReadFile(files[short])
			require.NoError(t, err)
			objects, err := spec.Decode(bytes.NewReader(data))
			if problem, ok := refused[short]; ok {
				require.ErrorContains(t, err, problem)
				return
			}
			require.NoError(t, err)
			documents += len(objects)

			var b bytes.Buffer
			require.NoError(t, spec.Encode(&b, objects...))
			assert.Equal(t, trees(t, data), trees(t, b.Bytes()))
			again, err := spec.Decode(&b)
			require.NoError(t, err)
			assert.True(t, equality.Semantic.DeepEqual(objects, again))
		})
	}
	t.Logf("%d files, %d documents, %d files refused", len(files), documents, len(refused))
}

// trees are the documents of data as maps, lists and texts.
func trees(t *testing.T, data []byte) []any {
	var all []any
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var tree any
		if err := d.Decode(&tree); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		if tree != nil {
			all = append(all, plain(tree))
		}
	}
}

func plain(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = plain(value)
			if key == "suspend" && value == false || key == "value" && value == "" {
				delete(v, key) // of a CronWorkflow and of an environment variable
			}
		}
		return v
	case []any:
		for i, value := range v {
			v[i] = plain(value)
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if q, err := resource.ParseQuantity(v); err == nil {
			return q.AsDec().String()
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}
