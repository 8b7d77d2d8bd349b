package workflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/workflow"
)

// Numbers and times that are known when a workflow is made are checked then.
func TestNumbersThatMakeNoSense(t *testing.T) {
	for text, want := range map[string]string{
		"parallelism: 0\ntemplates:\n- {name: main, container: {image: a}}":                                      "spec.parallelism: is 0; it must be at least 1",
		"templates:\n- {name: main, parallelism: -1, steps: [[{name: A, template: leaf}]]}":                      "templates[main].parallelism: is -1; it must be at least 1",
		"templates:\n- {name: main, suspend: {duration: soon}}":                                                  `templates[main].suspend.duration: expected a duration like 30, 30s or 1h30m, not "soon"`,
		"templates:\n- {name: main, suspend: {duration: '-5'}}":                                                  "templates[main].suspend.duration: -5 is negative",
		"templates:\n- {name: main, timeout: -10s, container: {image: a}}":                                       "templates[main].timeout: -10s is negative",
		"templates:\n- {name: main, activeDeadlineSeconds: soon, container: {image: a}}":                         `templates[main].activeDeadlineSeconds: "soon" is not a number`,
		"templates:\n- {name: main, retryStrategy: {limit: -1}, container: {image: a}}":                          "templates[main].retryStrategy.limit: -1 is negative",
		"templates:\n- {name: main, retryStrategy: {limit: 2, backoff: {duration: -1s}}, container: {image: a}}": "templates[main].retryStrategy.backoff.duration: -1s is negative",
	} {
		_, err := workflow.Load(strings.NewReader(document(text)))
		assert.EqualError(t, err, want, text)
	}
}
