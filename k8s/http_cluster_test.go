package k8s_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
)

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// An http template asks a daemon of the run by its address. The request is this process's, which may not reach the
// network of Pods, so the test answers it.
func TestHTTPOfDaemon(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	var asked string
	client := doer(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.Host
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("ok")), Request: r}, nil
	})
	wf, err := workflow.Load(strings.NewReader(`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: serve-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: server, template: server}], [{name: ask, template: ask, arguments: {parameters: [{name: ip, value: "{{steps.server.ip}}"}]}}]]
  - name: server
    daemon: true
    container: {image: '` + image + `', command: [sh, -c, "` + goesOn + `"]}
  - name: ask
    inputs: {parameters: [{name: ip}]}
    http: {url: "http://{{inputs.parameters.ip}}:8080/", successCondition: 'response.body == "ok"', timeoutSeconds: 10}
`))
	require.NoError(t, err)
	runner := workflow.NewRunner(c.executor(k8s.Waits{}), workflow.WithHTTP(client))
	run, err := runner.Start(t.Context(), wf)
	require.NoError(t, err)
	require.NoError(t, run.Wait(t.Context()))
	assert.Regexp(t, `^[0-9a-f.:\[\]]+:8080$`, asked)
	require.NoError(t, runner.Close())
}
