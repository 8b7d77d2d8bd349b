package build

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// AddMutex gives a template a mutex.
func AddMutex(t *Template, name string) { Mutex(&t.spec.Synchronization, name) }

// AddSemaphore gives a template a semaphore, whose limit is a key of a ConfigMap.
func AddSemaphore(t *Template, configMap, key string) {
	Semaphore(&t.spec.Synchronization, configMap, key)
}

// Mutex adds a mutex to the locks of a template or a workflow, which may be nil.
func Mutex(s **spec.Synchronization, name string) {
	l := locks(s)
	l.Mutexes = append(l.Mutexes, spec.Mutex{Name: name})
}

// Semaphore adds a semaphore to the locks of a template or a workflow, which may be nil.
func Semaphore(s **spec.Synchronization, configMap, key string) {
	l := locks(s)
	l.Semaphores = append(l.Semaphores, spec.SemaphoreRef{ConfigMapKeyRef: ConfigMapKey(configMap, key)})
}

// ConfigMapKey is a key of a ConfigMap.
func ConfigMapKey(name, key string) *corev1.ConfigMapKeySelector {
	return &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}

func locks(s **spec.Synchronization) *spec.Synchronization {
	if *s == nil {
		*s = &spec.Synchronization{}
	}
	return *s
}
