package workflow

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// Retry says when a template is tried again. The zero value tries it once.
type Retry struct {
	// Limit is how many times after the first, or [Unlimited].
	Limit int
	// Policy says after which ends. Empty is OnFailure, or Always if there is an Expression.
	Policy RetryPolicy
	// Backoff is how long to wait between. The zero value does not wait.
	Backoff Backoff
	// Expression must be true for another try: a condition over [LastExitCode] and the variables like it. The zero value
	// is true.
	Expression Condition
	// OtherMachine keeps a try off the machines where one failed.
	OtherMachine bool
}

// Unlimited is the limit of a [Retry] that has none.
const Unlimited = -1

// RetryPolicy says after which ends a node is tried again.
type RetryPolicy = spec.RetryPolicy

// The retry policies.
const (
	Always           = spec.RetryAlways           // after Failed and Errored
	OnFailure        = spec.RetryOnFailure        // after Failed
	OnError          = spec.RetryOnError          // after Errored
	OnTransientError = spec.RetryOnTransientError // after errors that are known to pass
)

// Backoff is how long to wait between tries.
type Backoff struct {
	// Duration is the first wait.
	Duration time.Duration
	// Factor multiplies the wait each time. 0 keeps it as it is.
	Factor int
	// Cap is the longest wait. 0 is no limit.
	Cap time.Duration
	// Max is the time after the first start when there are no more tries. 0 is no limit.
	Max time.Duration
}

// strategy is the retry as data, and what is wrong with it.
func (r Retry) strategy() (s *spec.RetryStrategy, problem string) {
	s = &spec.RetryStrategy{RetryPolicy: r.Policy}
	switch {
	case r.Limit >= 0:
		s.Limit = number(r.Limit)
	case r.Limit != Unlimited:
		problem = fmt.Sprintf("the limit is %d; it must be at least 0, or Unlimited", r.Limit)
	case r.Backoff != Backoff{}: // Argo waits only where there is a limit
		s.Limit = number(math.MaxInt32)
	}
	switch r.Policy {
	case "", Always, OnFailure, OnError, OnTransientError:
	default:
		problem = fmt.Sprintf("there is no policy %q", r.Policy)
	}
	var from []build.Origin
	s.Expression, from = build.ConditionText(r.Expression)
	for _, o := range from {
		switch {
		case o.Problem != "":
			problem = "expression: " + o.Problem
		case o.Call != nil || o.Item != nil:
			problem = "expression: it knows the last try only, no task and no item"
		}
	}
	if r.OtherMachine {
		s.Affinity = &spec.RetryAffinity{NodeAntiAffinity: &spec.RetryNodeAntiAffinity{}}
	}
	b := r.Backoff
	if b == (Backoff{}) {
		return s, problem
	}
	if b.Duration <= 0 || b.Factor < 0 || b.Cap < 0 || b.Max < 0 {
		problem = "the backoff needs a positive Duration, and nothing of it may be negative"
	}
	s.Backoff = &spec.Backoff{Duration: b.Duration.String()}
	if b.Factor > 0 {
		s.Backoff.Factor = number(b.Factor)
	}
	if b.Cap > 0 {
		s.Backoff.Cap = b.Cap.String()
	}
	if b.Max > 0 {
		s.Backoff.MaxDuration = b.Max.String()
	}
	return s, problem
}

// number is a number as a field that may hold a tag has it.
func number(n int) *intstr.IntOrString {
	v := intstr.FromString(strconv.Itoa(n))
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		v = intstr.FromInt32(int32(n))
	}
	return &v
}
