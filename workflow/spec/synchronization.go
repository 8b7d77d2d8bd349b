package spec

import corev1 "k8s.io/api/core/v1"

// Synchronization names the locks that are held while something runs. It runs once it holds all of them.
type Synchronization struct {
	// Semaphores are locks with several places.
	Semaphores []SemaphoreRef `json:"semaphores,omitzero"`
	// Mutexes are locks with one place.
	Mutexes []Mutex `json:"mutexes,omitzero"`
}

// SemaphoreRef is a lock whose number of places is kept in a ConfigMap or a database: one of the two.
type SemaphoreRef struct {
	// ConfigMapKeyRef is the key of the ConfigMap that holds the number.
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitzero"`
	// Namespace is where the lock is. Empty is the workflow's.
	Namespace string `json:"namespace,omitzero"`
	// Database is the database's key of the lock.
	Database *SyncDatabaseRef `json:"database,omitzero"`
}

// SyncDatabaseRef is a lock in a database.
type SyncDatabaseRef struct {
	// Key is its key there.
	Key string `json:"key,omitzero"`
}

// Mutex is a lock with one place.
type Mutex struct {
	// Name is its name. It may hold tags.
	Name string `json:"name,omitzero"`
	// Namespace is where the lock is. Empty is the workflow's.
	Namespace string `json:"namespace,omitzero"`
	// Database, if true, keeps it in the database, so that several controllers share it.
	Database bool `json:"database,omitzero"`
}
