package spec

import "k8s.io/apimachinery/pkg/util/intstr"

// RetryStrategy says whether and how often a node is tried again.
type RetryStrategy struct {
	// Limit is how many times after the first. It may be a tag. Nil is no limit.
	Limit *intstr.IntOrString `json:"limit,omitzero"`
	// RetryPolicy says after which ends. Empty is OnFailure, or Always if there is an Expression.
	RetryPolicy RetryPolicy `json:"retryPolicy,omitzero"`
	// Backoff is how long to wait between. Nil does not wait.
	Backoff *Backoff `json:"backoff,omitzero"`
	// Affinity keeps a new try off machines where it failed.
	Affinity *RetryAffinity `json:"affinity,omitzero"`
	// Expression is an expr expression over lastRetry; if it is false there is no other try. Empty is true.
	Expression string `json:"expression,omitzero"`
}

// RetryPolicy says after which ends a node is tried again.
type RetryPolicy string

// The retry policies.
const (
	// RetryAlways tries again after Failed and Error.
	RetryAlways RetryPolicy = "Always"
	// RetryOnFailure tries again after Failed.
	RetryOnFailure RetryPolicy = "OnFailure"
	// RetryOnError tries again after Error.
	RetryOnError RetryPolicy = "OnError"
	// RetryOnTransientError tries again after errors that are known to pass.
	RetryOnTransientError RetryPolicy = "OnTransientError"
)

// Backoff is how long to wait between tries. The texts are seconds as "20", or durations as "2m".
type Backoff struct {
	// Duration is the first wait.
	Duration string `json:"duration,omitzero"`
	// Factor multiplies the wait each time. It may be a tag. Nil keeps the wait as it is.
	Factor *intstr.IntOrString `json:"factor,omitzero"`
	// MaxDuration is the time after the first start when there are no more tries. Empty is no limit.
	MaxDuration string `json:"maxDuration,omitzero"`
	// Cap is the longest wait. Empty is no limit.
	Cap string `json:"cap,omitzero"`
}

// RetryAffinity keeps a new try off machines where it failed.
type RetryAffinity struct {
	// NodeAntiAffinity, if set, does so by host name.
	NodeAntiAffinity *RetryNodeAntiAffinity `json:"nodeAntiAffinity,omitzero"`
}

// RetryNodeAntiAffinity keeps a new try off machines where it failed, by host name.
type RetryNodeAntiAffinity struct{}

// ContainerSetRetryStrategy runs the process of a failed container again, in the same Pod.
type ContainerSetRetryStrategy struct {
	// Duration is the wait between: a duration as "500ms".
	Duration string `json:"duration,omitzero"`
	// Retries is how many times after the first. It may be a tag.
	Retries *intstr.IntOrString `json:"retries,omitzero"`
}
