package spec

import corev1 "k8s.io/api/core/v1"

// Memoize keeps the outputs of a template under a key, and uses them again instead of running.
type Memoize struct {
	// Key is the key. It holds tags of the inputs.
	Key string `json:"key,omitzero"`
	// Cache is where they are kept.
	Cache *Cache `json:"cache,omitzero"`
	// MaxAge is how long they may be used: a duration as "24h". Empty is for ever.
	MaxAge string `json:"maxAge,omitzero"`
}

// Cache is where memoized outputs are kept.
type Cache struct {
	// ConfigMap is the name of a ConfigMap.
	ConfigMap *corev1.LocalObjectReference `json:"configMap,omitzero"`
}
