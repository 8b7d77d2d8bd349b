package plan

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// request checks what an http template says. What has tags is seen when they are replaced.
func (c *compiler) request(path string, s *spec.HTTP) {
	plain := func(text string) bool { return !strings.Contains(text, "{{") }
	if s.URL == "" {
		c.problem(path+".url", "there is none")
	} else if plain(s.URL) {
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			c.problem(path+".url", "%q is not the URL of a web server: expected http://HOST or https://HOST", s.URL)
		}
	}
	if _, err := http.NewRequest(s.Method, "http://localhost", nil); err != nil && plain(s.Method) {
		c.problem(path+".method", "%q is not a method such as GET", s.Method)
	}
	for i, h := range s.Headers {
		switch at := fmt.Sprintf("%s.headers[%d]", path, i); {
		case h.Name == "":
			c.problem(at+".name", "there is none")
		case h.Value != "" && h.ValueFrom != nil:
			c.problem(at, "header %s has both a value and a valueFrom", h.Name)
		case h.ValueFrom != nil && h.ValueFrom.SecretKeyRef == nil:
			c.problem(at+".valueFrom", "has no secretKeyRef")
		}
	}
	if s.Body != "" && s.BodyFrom != nil {
		c.problem(path, "has both a body and a bodyFrom")
	}
	if t := s.TimeoutSeconds; t != nil && plain(t.String()) {
		if n, err := strconv.Atoi(t.String()); err != nil || n < 1 {
			c.problem(path+".timeoutSeconds", "%q is not a number of seconds above 0", t.String())
		}
	}
	if s.SuccessCondition != "" && plain(s.SuccessCondition) {
		if _, err := SuccessCondition(s.SuccessCondition); err != nil {
			c.problem(path+".successCondition", "%v", err)
		}
	}
}

// requestVariables are what the condition for the success of a request knows.
var requestVariables = []string{
	"request.method", "request.url", "request.body", "request.headers",
	"response.statusCode", "response.body", "response.headers",
}

// SuccessCondition compiles the condition under which a request has succeeded, over request and response.
func SuccessCondition(source string) (*expr.Program, error) {
	p, err := expr.Compile(source)
	if err != nil {
		return nil, err
	}
	for _, chain := range p.Names() {
		name := strings.Join(chain[:min(len(chain), 2)], ".")
		if name != "request" && name != "response" && !slices.Contains(requestVariables, name) {
			return nil, fmt.Errorf("no such variable: %q; there are %s", name, strings.Join(requestVariables, ", "))
		}
	}
	return p, nil
}
