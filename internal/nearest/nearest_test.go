package nearest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/internal/nearest"
)

func TestHint(t *testing.T) {
	names := []string{"message", "image", "A", "B", "dependencies"}
	for misspelt, want := range map[string]string{
		"mesage":       `; did you mean "message"?`,
		"MESSAGE":      `; did you mean "message"?`,
		"imgae":        `; did you mean "image"?`,
		"X":            `; did you mean "A"?`,
		"dependancies": `; did you mean "dependencies"?`,
		"quite-other":  "",
		"":             `; did you mean "A"?`,
	} {
		assert.Equal(t, want, nearest.Hint(misspelt, slices.Values(names)), misspelt)
	}
	assert.Empty(t, nearest.Hint("x", slices.Values([]string(nil))))
}
