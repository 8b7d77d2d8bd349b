package build

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// SetMemoize lets a template use again what it gave before, as long as that is no older than maxAge; 0 is for ever.
func SetMemoize(t *Template, cache, key string, maxAge time.Duration) {
	m := &spec.Memoize{Key: key, Cache: &spec.Cache{ConfigMap: &corev1.LocalObjectReference{Name: cache}}}
	if maxAge != 0 {
		m.MaxAge = DurationOf(t, ".memoize.maxAge", maxAge)
	}
	t.spec.Memoize = m
}
