package workflow_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each line of the package in testdata that says // want `…` must not compile, with an answer that has that text; no
// other line may have an error.
func TestMistakesOfTypes(t *testing.T) {
	const file = "testdata/mistakes/mistakes.go"
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	build := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "./testdata/mistakes")
	answer, err := build.CombinedOutput()
	require.Error(t, err, "it compiles")

	said := map[int]string{}
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(file)+`:(\d+):\d+: (.*)`).FindAllStringSubmatch(string(answer), -1) {
		line, _ := strconv.Atoi(m[1])
		said[line] += m[2]
	}
	cases := 0
	for i, line := range strings.Split(string(source), "\n") {
		_, want, ok := strings.Cut(line, "// want `")
		if !ok {
			continue
		}
		cases++
		assert.Contains(t, said[i+1], strings.TrimSuffix(want, "`"), "%s:%d", file, i+1)
		delete(said, i+1)
	}
	assert.Empty(t, said, "errors in lines without one")
	assert.GreaterOrEqual(t, cases, 50, "cases found in %s", file)
}
