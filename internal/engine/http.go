package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// HTTP executes the leaves that are HTTP requests. [NewHTTP] makes one.
type HTTP struct {
	client   Doer
	insecure func() Doer // one that takes any certificate; nil: there is none
	// Secrets has the values of headers that come from Secrets; nil: there are none.
	Secrets artifact.Secrets
}

// Doer makes HTTP requests.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// requestTime bounds a request that says nothing of it.
const requestTime = 30 * time.Second

// maxBody is how long the body of a response may be of which anything is used, in bytes: as long as any result.
const maxBody = 256 << 10

// NewHTTP makes an executor of HTTP requests.
func NewHTTP(client Doer) *HTTP {
	return &HTTP{client: client, insecure: sync.OnceValue(func() Doer { return insecure(client) })}
}

// insecure is the client, but that it takes any certificate; nil if it does not let itself be changed.
func insecure(client Doer) Doer {
	c, ok := client.(*http.Client)
	if !ok {
		return nil
	}
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	t, ok := transport.(*http.Transport)
	if !ok {
		return nil
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.InsecureSkipVerify = true // the template asks for it
	changed := *c
	changed.Transport = t
	return &changed
}

// Check refuses what cannot be done with the client, and headers from Secrets if there are none.
func (h *HTTP) Check(_ *spec.Workflow, leaves []executor.Leaf) error {
	var errs []error
	for _, l := range leaves {
		if l.Template.HTTP == nil {
			continue
		}
		for _, header := range l.Template.HTTP.Headers {
			if header.ValueFrom != nil && h.Secrets == nil {
				errs = append(errs, fmt.Errorf("%s.http.headers[%s].valueFrom.secretKeyRef: the runner has no source of Secrets: give it one by WithSecrets", l.Path, header.Name))
			}
		}
		if l.Template.HTTP.InsecureSkipVerify && h.insecure() == nil {
			errs = append(errs, fmt.Errorf("%s.http.insecureSkipVerify: the client that this Runner was given decides which certificates it takes", l.Path))
		}
	}
	return errors.Join(errs...)
}

// Execute makes the request.
func (h *HTTP) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	notify(executor.Update{Phase: spec.Running})
	template, err := t.Template()
	if err != nil {
		return executor.Result{}, err
	}
	q := &exchange{HTTP: template.HTTP, wantBody: t.WantResult}
	res, err := q.make(ctx, h)
	if err != nil && ctx.Err() != nil {
		return executor.Result{}, context.Cause(ctx)
	}
	return res, err
}

// exchange is a request and what comes of it.
type exchange struct {
	*spec.HTTP
	wantBody  bool
	condition *expr.Program
	request   *http.Request
	response  *http.Response
	sent      string // the bodies
	received  string
}

// make makes the request and judges the response.
func (q *exchange) make(ctx context.Context, h *HTTP) (executor.Result, error) {
	limit, err := timeLimit(q.TimeoutSeconds)
	if err != nil {
		return executor.Result{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no response within %v", limit))
	defer cancel()
	if err := q.prepare(ctx, h.Secrets); err != nil {
		return executor.Result{}, err
	}
	client := h.client
	if q.InsecureSkipVerify {
		client = h.insecure()
	}
	if q.response, err = client.Do(q.request); err == nil {
		err = q.read()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return executor.Result{}, err
	}
	return q.judge()
}

func timeLimit(s *intstr.IntOrString) (time.Duration, error) {
	if s == nil {
		return requestTime, nil
	}
	n, err := strconv.ParseInt(s.String(), 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("http.timeoutSeconds: %q is not a number of seconds above 0", s.String())
	}
	return time.Duration(n) * time.Second, nil
}

// prepare makes the request and the condition of its success. What texts may stand in it, net/http checks.
func (q *exchange) prepare(ctx context.Context, secrets artifact.Secrets) (err error) {
	if q.SuccessCondition != "" {
		if q.condition, err = plan.SuccessCondition(q.SuccessCondition); err != nil {
			return fmt.Errorf("http.successCondition: %w", err)
		}
		q.wantBody = q.wantBody || slices.ContainsFunc(q.condition.Names(), func(chain []string) bool {
			return chain[0] == "response" && (len(chain) == 1 || chain[1] == "body")
		})
	}
	if q.sent = q.Body; q.sent == "" && q.BodyFrom != nil {
		q.sent = string(q.BodyFrom.Bytes)
	}
	if q.request, err = http.NewRequestWithContext(ctx, q.Method, q.URL, strings.NewReader(q.sent)); err != nil {
		return err
	}
	for _, header := range q.Headers {
		if header.ValueFrom != nil {
			if header.Value, err = secrets.Text(ctx, header.ValueFrom.SecretKeyRef); err != nil {
				return fmt.Errorf("http.headers[%s]: %w", header.Name, err)
			}
		}
		if q.request.Header.Add(header.Name, header.Value); http.CanonicalHeaderKey(header.Name) == "Host" {
			q.request.Host = header.Value
		}
	}
	return nil
}

// read reads the body of the response, if anything uses it.
func (q *exchange) read() error {
	defer q.response.Body.Close()
	if !q.wantBody {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(q.response.Body, maxBody+1))
	if err != nil {
		return err
	}
	if len(body) > maxBody {
		return fmt.Errorf("the body of the response is longer than %d bytes, and a result may not be", maxBody)
	}
	q.received = string(body)
	return nil
}

// judge is how the node ends.
func (q *exchange) judge() (res executor.Result, err error) {
	if q.wantBody {
		res.Result = &q.received
	}
	good, status := true, q.response.StatusCode
	if q.condition != nil {
		good, err = q.met()
		res.Message = fmt.Sprintf("successCondition '%s' evaluated false", q.SuccessCondition)
	} else {
		good = status >= 200 && status < 300
		res.Message = fmt.Sprintf("received non-2xx response code: %d", status)
	}
	switch {
	case err != nil:
		return executor.Result{}, fmt.Errorf("http.successCondition: %w", err)
	case good:
		res.Phase, res.Message = spec.Succeeded, ""
	default:
		res.Phase = spec.Failed
	}
	return res, nil
}

// met says whether the condition of success is met.
func (q *exchange) met() (bool, error) {
	about := map[string]any{
		"request": map[string]any{
			"method": q.request.Method, "url": q.URL, "body": q.sent, "headers": headers(q.request.Header),
		},
		"response": map[string]any{
			"statusCode": q.response.StatusCode, "body": q.received, "headers": headers(q.response.Header),
		},
	}
	v, err := q.condition.Eval(func(chain []string) (any, bool) {
		v, ok := about[chain[0]]
		return v, ok && len(chain) == 1
	})
	if err != nil {
		return false, err
	}
	return expr.EvalBool(v)
}

// headers are the values of each header, by its name.
func headers(h http.Header) map[string]any {
	m := make(map[string]any, len(h))
	for name, values := range h {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		m[name] = list
	}
	return m
}
