package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// unused is an executor that has nothing to do.
type unused struct{ t testing.TB }

func (u unused) Execute(_ context.Context, t *executor.Task, _ func(executor.Update)) (executor.Result, error) {
	u.t.Errorf("%s was to be executed", t.Path)
	return executor.Result{}, errOops
}

// echo answers with what it was asked; the path may be a status, and "large" a body without end.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	status := http.StatusOK
	_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
	w.Header().Set("Kind", "echo")
	w.WriteHeader(status)
	if r.URL.Path == "/large" {
		_, _ = io.Copy(w, io.LimitReader(zeros{}, 1<<20))
		return
	}
	fmt.Fprintf(w, "%s %s %s|%s\n", r.Method, r.URL, r.Header.Get("X"), body)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// A request is made as its template says, and ends as the response and the condition say.
func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	gone := httptest.NewServer(nil)
	gone.Close()

	const result = ", outputs: {result: ''}"
	for _, tt := range []struct{ template, x, phase, result, message string }{
		{"http: {url: 'URL/a?b={{inputs.parameters.x}}'}" + result, "1", "Succeeded", "GET /a?b=1 |\n", ""},
		{"http: {url: 'URL/a'}", "", "Succeeded", "none", ""},
		{"http: {method: PUT, url: 'URL/', headers: [{name: X, value: '{{inputs.parameters.x}}'}], body: 'b{{inputs.parameters.x}}'}" + result,
			`"quoted"`, "Succeeded", "PUT / \"quoted\"|b\"quoted\"\n", ""},
		{"http: {method: POST, url: 'URL/', bodyFrom: {bytes: aGVsbG8=}}" + result, "", "Succeeded", "POST / |hello\n", ""},
		{"http: {method: HEAD, url: 'URL/'}" + result, "", "Succeeded", "", ""},
		{"http: {url: 'URL/404'}" + result, "", "Failed", "GET /404 |\n", "received non-2xx response code: 404"},
		{"http: {url: 'URL/404', successCondition: 'response.statusCode == 404'}" + result, "", "Succeeded", "GET /404 |\n", ""},
		{"http: {url: 'URL/', successCondition: 'response.statusCode == 404'}", "", "Failed", "none", "successCondition 'response.statusCode == 404' evaluated false"},
		{`http: {url: 'URL/', successCondition: 'response.body contains "GET" && request.method == "GET" && response.headers["Kind"][0] == "echo"'}` + result,
			"", "Succeeded", "GET / |\n", ""},
		{`http: {url: 'URL/', headers: [{name: X, value: a}], body: b, successCondition: 'request.headers["X"][0] + request.body == "ab" && request.url endsWith "/"'}`,
			"", "Succeeded", "", ""},
		{`http: {url: 'URL/', successCondition: 'response.body == "{{inputs.parameters.x}}"'}`, "z", "Failed", "", `successCondition 'response.body == "z"' evaluated false`},
		{`http: {url: 'URL/', successCondition: 'response.headers["No"][0] == "x"'}`, "", "Error", "", "http.successCondition: "},
		{`http: {url: 'URL/', successCondition: '"text"'}`, "", "Error", "", "http.successCondition: expected true or false"},
		{`http: {url: 'URL/', successCondition: 'response.body == {{inputs.parameters.x}}'}`, "((", "Error", "", "http.successCondition: column "},
		{"http: {url: 'URL/large'}", "", "Succeeded", "none", ""},
		{"http: {url: 'URL/large'}" + result, "", "Error", "none", "the body of the response is longer than 262144 bytes, and a result may not be"},
		{"http: {url: 'URL/large', successCondition: 'response.body contains \"x\"'}", "", "Error", "none", "the body of the response is longer"},
		{"http: {url: '{{inputs.parameters.x}}'}", "ftp://host/", "Error", "none", "unsupported protocol scheme"},
		{"http: {url: 'URL/{{inputs.parameters.x}}'}", "a\nb", "Error", "none", "invalid control character in URL"},
		{"http: {url: 'URL/', headers: [{name: X, value: '{{inputs.parameters.x}}'}]}", "a\r\nEvil: 1", "Error", "none", "invalid header field value"},
		{"http: {url: 'URL/', method: '{{inputs.parameters.x}}'}", "GET / HTTP/1.1\r\n", "Error", "none", "invalid method"},
		{"http: {url: 'URL/', timeoutSeconds: '{{inputs.parameters.x}}'}", "soon", "Error", "none", `http.timeoutSeconds: "soon" is not a number of seconds above 0`},
		{"http: {url: 'GONE/'}", "", "Error", "none", "connect"},
		{"http: {url: 'SECURE/'}", "", "Error", "none", "certificate"},
		{"http: {url: 'SECURE/', insecureSkipVerify: true}" + result, "", "Succeeded", "GET / |\n", ""},
	} {
		urls := strings.NewReplacer("URL", server.URL, "GONE", gone.URL, "SECURE", secure.URL)
		wf := loaded(t, urls.Replace("arguments: {parameters: [{name: x, value: ''}]}\ntemplates:\n- {name: main, inputs: {parameters: [{name: x}]}, "+tt.template+"}"))
		run, _ := wf.Run(t.Context(), unused{t}, workflow.Param[string]("x").Set(tt.x))
		require.NotNil(t, run)
		n := run.Node("")
		assert.Equal(t, tt.phase, string(n.Phase), "%s: %s", tt.template, n.Message)
		assert.Equal(t, spec.TypeHTTP, n.Type)
		assert.Contains(t, n.Message, tt.message, tt.template)
		if n.Result == nil {
			assert.Contains(t, []string{"", "none"}, tt.result, tt.template)
		} else if tt.result != "" {
			assert.Equal(t, tt.result, *n.Result, tt.template)
		}
	}
}

// A request is made again as its retryStrategy says, and its result goes on to others.
func TestHTTPRetry(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, r.URL.Path)
	}))
	defer server.Close()
	wf := loaded(t, `
templates:
- name: main
  steps:
  - - {name: a, template: get, arguments: {parameters: [{name: path, value: one}]}}
  - - {name: b, template: get, arguments: {parameters: [{name: path, value: "two{{steps.a.outputs.result}}"}]}}
- name: get
  inputs: {parameters: [{name: path}]}
  retryStrategy: {limit: 5}
  http: {url: "`+server.URL+`/{{inputs.parameters.path}}"}`)
	run, err := wf.Run(t.Context(), unused{t})
	require.NoError(t, err)
	assert.Equal(t, 3, run.Node("[0].a").Attempts)
	path, _ := run.Node("[1].b(0)").Input("path")
	assert.Equal(t, "two/one", path)
	assert.EqualValues(t, 4, asked.Load())
}

// silent answers nothing.
type silent struct{}

func (silent) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, fmt.Errorf("%s: %w", r.URL, r.Context().Err())
}

// A request takes no longer than it may, and ends with its run.
func TestHTTPTime(t *testing.T) {
	for _, tt := range []struct {
		template string
		cancel   time.Duration
		after    time.Duration
		phase    workflow.Phase
		message  string
	}{
		{"http: {url: 'http://h'}", 0, 30 * time.Second, workflow.Errored, "no response within 30s"},
		{"http: {url: 'http://h', timeoutSeconds: 90}", 0, 90 * time.Second, workflow.Errored, "no response within 1m30s"},
		{"timeout: 7s, http: {url: 'http://h'}", 0, 7 * time.Second, workflow.Failed, "Step exceeded its deadline"},
		{"http: {url: 'http://h'}", 3 * time.Second, 3 * time.Second, workflow.Failed, "enough"},
	} {
		synctest.Test(t, func(t *testing.T) {
			runner := workflow.NewRunner(unused{t}, workflow.WithHTTP(silent{}))
			defer runner.Close()
			run, err := runner.Start(t.Context(), loaded(t, "templates:\n- {name: main, "+tt.template+"}"))
			require.NoError(t, err)
			if tt.cancel > 0 {
				time.AfterFunc(tt.cancel, func() { run.Cancel(errors.New("enough")) })
			}
			require.Error(t, run.Wait(t.Context()))
			n := run.Node("")
			assert.Equal(t, tt.phase, n.Phase, tt.template)
			assert.Contains(t, n.Message, tt.message, tt.template)
			assert.Equal(t, tt.after, n.Finished.Sub(n.Started), tt.template)
		})
	}
}

// What cannot be done is refused before anything begins.
func TestHTTPCheck(t *testing.T) {
	const text = `
templates:
- name: main
  http:
    url: http://localhost
    insecureSkipVerify: true
    headers: [{name: Token, valueFrom: {secretKeyRef: {name: s, key: k}}}]`
	runner := workflow.NewRunner(unused{t}, workflow.WithHTTP(silent{}))
	defer runner.Close()
	_, err := runner.Start(t.Context(), loaded(t, text))
	assert.EqualError(t, err, `templates[main].http.headers[Token].valueFrom.secretKeyRef: the runner has no source of Secrets: give it one by WithSecrets
templates[main].http.insecureSkipVerify: the client that this Runner was given decides which certificates it takes`)

	run, err := loaded(t, text).Run(t.Context(), fake.New(t))
	require.NoError(t, err)
	assert.Equal(t, workflow.Succeeded, run.Phase(), "a fake requests nothing")
}

// A header may be the value of a Secret, which then is in the request and nowhere else.
func TestHTTPSecret(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Token") }))
	defer server.Close()
	wf := loaded(t, `
templates:
- name: main
  http: {url: "`+server.URL+`", headers: [{name: Token, valueFrom: {secretKeyRef: {name: s, key: k}}}]}`)
	for _, tt := range []struct{ value, want string }{
		{"hunter2", ""},
		{"hunter2\nX: y", `net/http: invalid header field value for "Token"`},
		{"", `http.headers[Token]: secret "s", key "k": there is none`},
	} {
		runner := workflow.NewRunner(local.New(), workflow.WithSecrets(func(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
			if tt.value == "" {
				return nil, errors.New("there is none")
			}
			return []byte(tt.value), nil
		}))
		run, err := runner.Start(t.Context(), wf)
		require.NoError(t, err)
		err = run.Wait(t.Context())
		if tt.want == "" {
			require.NoError(t, err)
			assert.Equal(t, tt.value, got)
		} else {
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hunter2")
		}
		require.NoError(t, runner.Close())
	}
}

// On the fake requests are scripted as containers are.
func TestHTTPFake(t *testing.T) {
	const text = `
templates:
- name: main
  steps:
  - - {name: a, template: get}
  - - {name: b, template: echo, arguments: {parameters: [{name: x, value: "{{steps.a.outputs.result}}"}]}}
- {name: get, retryStrategy: {limit: 1}, http: {url: "http://host.invalid"}}`
	x := fake.New(t).On("a", fake.Fail(500, "no"), fake.Succeed(workflow.Result[string]{}.Set("body")))
	run, err := loaded(t, text).Run(t.Context(), x)
	require.NoError(t, err)
	assert.Equal(t, "body", input(run, "[1].b"))
	assert.Equal(t, spec.TypeHTTP, run.Node("[0].a(1)").Type)

	_, err = loaded(t, text).Run(t.Context(), fake.New(nil))
	assert.ErrorContains(t, err, `fake: nothing is scripted for "a", and the workflow wants its result, the standard output`)
}

// Mistakes of a request are found when its template is read.
func TestHTTPProblems(t *testing.T) {
	for _, tt := range []struct{ http, want string }{
		{"{}", "templates[main].http.url: there is none"},
		{"{url: host}", `templates[main].http.url: "host" is not the URL of a web server: expected http://HOST or https://HOST`},
		{"{url: 'ftp://host'}", `templates[main].http.url: "ftp://host" is not the URL of a web server: expected http://HOST or https://HOST`},
		{"{url: 'http://h', method: 'G T'}", `templates[main].http.method: "G T" is not a method such as GET`},
		{"{url: 'http://h', timeoutSeconds: 0}", `templates[main].http.timeoutSeconds: "0" is not a number of seconds above 0`},
		{"{url: 'http://h', body: a, bodyFrom: {bytes: YQ==}}", "templates[main].http: has both a body and a bodyFrom"},
		{"{url: 'http://h', headers: [{value: a}]}", "templates[main].http.headers[0].name: there is none"},
		{"{url: 'http://h', headers: [{name: A, valueFrom: {}}]}", "templates[main].http.headers[0].valueFrom: has no secretKeyRef"},
		{"{url: 'http://h', successCondition: 'response.status == 1'}", `templates[main].http.successCondition: no such variable: "response.status"; there are request.method, request.url, request.body, request.headers, response.statusCode, response.body, response.headers`},
		{"{url: 'http://h', successCondition: 'response.body =='}", "templates[main].http.successCondition: column 16: unexpected token EOF"},
		{"{url: 'http://h/{{inputs.parameters.y}}'}", `templates[main].http.url: {{inputs.parameters.y}}: template "main" declares no input "y"`},
	} {
		_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, http: " + tt.http + "}")))
		assert.EqualError(t, err, tt.want, tt.http)
	}
	_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, http: {url: 'http://h'}, outputs: {parameters: [{name: x}]}}")))
	assert.EqualError(t, err, "templates[main].outputs.parameters[x].valueFrom: has no expression: a request gives nothing by itself but its result")
}
