package workflow

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// HTTPTemplate is a template that makes an HTTP request. [HTTP] makes one.
type HTTPTemplate struct {
	base
	h *spec.HTTP
}

// HTTP is a template that makes an HTTP request: a GET, until Method says otherwise. It succeeds if the status is 2xx,
// or if the condition of Success holds. Its [Result] is the body of the response.
func HTTP(name, url string) *HTTPTemplate {
	t := &HTTPTemplate{h: &spec.HTTP{URL: url}}
	build.Leaf(&t.base, name).HTTP = t.h
	return t
}

// Method sets the method.
func (t *HTTPTemplate) Method(method string) *HTTPTemplate {
	t.http().Method = method
	return t
}

// Header adds a header.
func (t *HTTPTemplate) Header(name, value string) *HTTPTemplate {
	h := t.http()
	h.Headers = append(h.Headers, spec.HTTPHeader{Name: name, Value: value})
	return t
}

// SecretHeader adds a header whose value is a key of a Secret.
func (t *HTTPTemplate) SecretHeader(name, secret, key string) *HTTPTemplate {
	h := t.http()
	h.Headers = append(h.Headers, spec.HTTPHeader{Name: name, ValueFrom: &spec.HTTPHeaderSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key},
	}})
	return t
}

// Body sets what is sent. A value belongs into a JSON body with [JSON], so that it cannot be more than a value.
func (t *HTTPTemplate) Body(text string) *HTTPTemplate {
	t.http().Body = text
	return t
}

// Success sets the condition under which the request has succeeded, over [ResponseStatus] and [ResponseBody].
func (t *HTTPTemplate) Success(c Condition) *HTTPTemplate {
	text, from := build.ConditionText(c)
	if text == "" {
		build.Problemf(&t.base, ".http.successCondition", "the condition is empty")
	}
	for _, o := range from {
		if o.Problem != "" {
			build.Problemf(&t.base, ".http.successCondition", "%s", o.Problem)
		}
	}
	t.http().SuccessCondition = text
	return t
}

// Inputs declares what the template takes.
func (t *HTTPTemplate) Inputs(in ...InputDecl) *HTTPTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the template gives: a [Result].
func (t *HTTPTemplate) Outputs(out ...OutputDecl) *HTTPTemplate {
	build.Outputs(&t.base, out)
	return t
}

// Retry says when the request is made again.
func (t *HTTPTemplate) Retry(r Retry) *HTTPTemplate {
	build.SetRetry(&t.base, r)
	return t
}

// Timeout bounds the time of a node.
func (t *HTTPTemplate) Timeout(d time.Duration) *HTTPTemplate {
	setTimeout(&t.base, d)
	return t
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (t *HTTPTemplate) Mutex(name string) *HTTPTemplate {
	build.AddMutex(&t.base, name)
	return t
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (t *HTTPTemplate) Semaphore(configMap, key string) *HTTPTemplate {
	build.AddSemaphore(&t.base, configMap, key)
	return t
}

// Metrics adds values that are measured when a node has ended. They are in [NodeStatus.Metrics].
func (t *HTTPTemplate) Metrics(m ...spec.Prometheus) *HTTPTemplate {
	build.AddMetrics(&t.base, m)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *HTTPTemplate) With(edit func(*spec.Template)) *HTTPTemplate {
	build.Edit(&t.base, edit)
	return t
}

// http is the request's spec; one to throw away if no constructor made the template.
func (t *HTTPTemplate) http() *spec.HTTP {
	if t.h == nil {
		t.h = &spec.HTTP{}
	}
	return t.h
}
