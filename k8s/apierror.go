package k8s

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refusal is what an error of the API server means for the request that got it.
type refusal struct {
	// patience is how long to go on trying; forever, if it takes as long as it takes; 0, if it is of no use.
	patience patience
	// after is how long the server wants to be left alone; 0 if it did not say.
	after time.Duration
	// unsure says that the request may have been carried out.
	unsure bool
}

// refused says what an error of the API server means. Errors that are not of the API server come from the way to it.
func refused(err error) refusal {
	var status apierrors.APIStatus
	var certificate *tls.CertificateVerificationError
	var final *finalError
	switch {
	case errors.Is(err, errClosed), errors.As(err, &final):
		return refusal{}
	case errors.As(err, &certificate):
		return refusal{patience: authPatience}
	case !errors.As(err, &status):
		return refusal{patience: forever, unsure: true}
	}
	s := status.Status()
	r := refusal{after: retryAfter(&s)}
	message := s.Message
	switch {
	case strings.Contains(message, "denied the request"):
		// The verdict of an admission webhook has whatever code the webhook chose.
	case s.Code == http.StatusTooManyRequests:
		r.patience = forever
	case s.Code >= 500, apierrors.IsTimeout(err), s.Code == http.StatusRequestTimeout:
		r.patience, r.unsure = forever, true
	case s.Code == http.StatusConflict && strings.Contains(message, "resourcequotas"):
		r.patience = forever
	case s.Code == http.StatusConflict && s.Reason == metav1.StatusReasonConflict:
		r.patience = forever
	case apierrors.HasStatusCause(err, namespaceTerminating):
	case s.Code == http.StatusForbidden:
		r.patience = forbidden(message)
	case s.Code == http.StatusUnauthorized:
		r.patience = authPatience
	case s.Code == 0:
		r.patience, r.unsure = forever, true
	}
	return r
}

// namespaceTerminating is the cause of a refusal in a namespace that is being deleted.
const namespaceTerminating = metav1.CauseType("NamespaceTerminating")

// forbidden tells the many meanings of 403 apart; only the message has them.
func forbidden(message string) patience {
	switch {
	case strings.Contains(message, "exceeded quota"):
		return forever
	case strings.Contains(message, "error looking up service account"),
		strings.Contains(message, "no PriorityClass with name"),
		strings.Contains(message, "no API token found for service account"):
		return missingPatience
	case strings.Contains(message, " cannot "), strings.Contains(message, "not yet ready to handle request"):
		// An API server that has just started may not have read its roles yet.
		return authPatience
	}
	return 0
}

// retryAfter is how long the server asked to wait.
func retryAfter(s *metav1.Status) time.Duration {
	if s.Details == nil {
		return 0
	}
	return time.Duration(s.Details.RetryAfterSeconds) * time.Second
}
