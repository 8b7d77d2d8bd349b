package k8s_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/k8s"
)

// memoryAPI is an API server of memory, for tests under synctest: only there it is known that nothing is on its way. It
// gives no news of Pods.
type memoryAPI struct {
	// pod is what each Pod is as.
	pod corev1.Pod
	// log is the log of each Pod; it comes a line at a time.
	log string
	// events are all events.
	events []corev1.Event

	mu     sync.Mutex
	counts map[string]int
}

// executor is an Executor of that server.
func (m *memoryAPI) executor(t *testing.T, opts ...k8s.Option) *k8s.Executor {
	m.counts = map[string]int{}
	x, err := k8s.New(kubernetes.NewForConfigOrDie(&rest.Config{Host: "http://memory", Transport: m, QPS: -1}), "default", opts...)
	require.NoError(t, err)
	return x
}

// count is how many requests there were.
func (m *memoryAPI) count(method, resource string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[method+" "+resource]
}

func (m *memoryAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	_, resource, _ := strings.Cut(r.URL.Path, "/namespaces/default/")
	resource, name, _ := strings.Cut(resource, "/")
	m.mu.Lock()
	m.counts[r.Method+" "+resource]++
	m.mu.Unlock()
	body, err := m.answer(r, resource, name)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(body), Request: r}, nil
}

func (m *memoryAPI) answer(r *http.Request, resource, name string) (io.Reader, error) {
	switch {
	case r.URL.Query().Get("watch") != "":
		return stream(r, nil), nil
	case strings.HasSuffix(name, "/log"):
		return stream(r, strings.SplitAfter(m.log, "\n")), nil
	case resource == "events":
		return object(&corev1.EventList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}, Items: m.events})
	case r.Method == http.MethodDelete && name == "":
		return object(&corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}})
	case r.Method == http.MethodPost:
		var created corev1.Pod
		if err := json.NewDecoder(r.Body).Decode(&created); err != nil {
			return nil, err
		}
		return m.as(&created)
	case r.Method == http.MethodGet:
		return m.as(&m.pod)
	}
	return nil, errors.New("the server does not do that")
}

// as is a Pod as all Pods are.
func (m *memoryAPI) as(p *corev1.Pod) (io.Reader, error) {
	p = p.DeepCopy()
	p.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	p.UID, p.ResourceVersion = types.UID("uid-"+p.Name), "1"
	p.Spec.NodeName, p.Status = m.pod.Spec.NodeName, m.pod.Status
	return object(p)
}

// stream is a body of these lines, or one that does not end by itself.
func stream(r *http.Request, lines []string) io.Reader {
	body, end := io.Pipe()
	context.AfterFunc(r.Context(), func() { _ = end.CloseWithError(r.Context().Err()) })
	if lines != nil {
		go func() {
			for _, line := range lines {
				_, _ = io.WriteString(end, "2026-01-02T03:04:05Z "+line)
			}
			_ = end.Close()
		}()
	}
	return body
}

// object is an object as an API server sends it.
func object(o any) (io.Reader, error) {
	text, err := json.Marshal(o)
	return bytes.NewReader(text), err
}
