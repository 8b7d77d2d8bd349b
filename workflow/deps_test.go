package workflow_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heavy are modules that only those may pay for who import the package that needs them: the clients of a cluster and of
// object stores. The first is looked for in a package that has it, so that a wrong name does not pass.
var heavy = []string{
	"k8s.io/client-go/",
	"github.com/minio/minio-go/", "github.com/aws/aws-sdk-go", "cloud.google.com/go/", "github.com/Azure/azure-sdk-for-go/",
}

// A service that builds and runs workflows has no client of a cluster or of an object store in it unless it imports one.
func TestDependenciesAreLight(t *testing.T) {
	for _, pkg := range []string{"workflow", "workflow/cron", "workflow/source", "dag", "steps", "executor/fake", "executor/local"} {
		for _, dep := range dependencies(t, pkg) {
			for _, h := range heavy {
				assert.False(t, strings.HasPrefix(dep, h), "%s imports %s", pkg, dep)
			}
		}
	}
	assert.Contains(t, dependencies(t, "k8s"), heavy[0]+"rest")
}

// dependencies are the packages that a package needs.
func dependencies(t *testing.T, pkg string) []string {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/podflow/podflow/"+pkg).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}
