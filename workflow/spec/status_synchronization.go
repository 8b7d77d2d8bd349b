package spec

// SynchronizationStatus is the locks that a workflow and its nodes hold and wait for.
type SynchronizationStatus struct {
	// Semaphore is the semaphores.
	Semaphore *SemaphoreStatus `json:"semaphore,omitzero"`
	// Mutex is the mutexes.
	Mutex *MutexStatus `json:"mutex,omitzero"`
}

// SemaphoreStatus is the semaphores that are held and waited for.
type SemaphoreStatus struct {
	// Holding are the semaphores that the workflow and its nodes hold.
	Holding []SemaphoreHolding `json:"holding,omitzero"`
	// Waiting are those that they wait for, with who holds them.
	Waiting []SemaphoreHolding `json:"waiting,omitzero"`
}

// SemaphoreHolding is one semaphore and who has its places.
type SemaphoreHolding struct {
	// Semaphore is its full name.
	Semaphore string `json:"semaphore,omitzero"`
	// Holders are the workflows or nodes that hold it.
	Holders []string `json:"holders,omitzero"`
}

// MutexStatus is the mutexes that are held and waited for.
type MutexStatus struct {
	// Holding are the mutexes that the workflow and its nodes hold.
	Holding []MutexHolding `json:"holding,omitzero"`
	// Waiting are those that they wait for, with who holds them.
	Waiting []MutexHolding `json:"waiting,omitzero"`
}

// MutexHolding is one mutex and who has it.
type MutexHolding struct {
	// Mutex is its full name.
	Mutex string `json:"mutex,omitzero"`
	// Holder is the workflow or node that holds it.
	Holder string `json:"holder,omitzero"`
}

// NodeSynchronizationStatus is the lock that a node waits for.
type NodeSynchronizationStatus struct {
	// Waiting is its full name.
	Waiting string `json:"waiting,omitzero"`
}
