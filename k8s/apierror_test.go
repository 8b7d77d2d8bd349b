package k8s_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/k8s"
)

func TestRefusals(t *testing.T) {
	pods := corev1.Resource("pods")
	forbidden := func(why string) error { return apierrors.NewForbidden(pods, "p", errors.New(why)) }
	webhook := func(code int32) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: `admission webhook "x" denied the request: no`}}
	}
	terminating := forbidden("unable to create new content in namespace x because it is being terminated").(*apierrors.StatusError)
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	const forever = -1
	for name, tc := range map[string]struct {
		err    error
		limit  time.Duration
		unsure bool
		after  time.Duration
	}{
		"no answer":         {errors.New("EOF"), forever, true, 0},
		"own time is over":  {context.DeadlineExceeded, forever, true, 0},
		"429":               {apierrors.NewTooManyRequests("slow down", 7), forever, false, 7 * time.Second},
		"500":               {apierrors.NewInternalError(errors.New("etcd")), forever, true, 0},
		"webhook not there": {apierrors.NewInternalError(errors.New(`failed calling webhook "x"`)), forever, true, 0},
		"503":               {apierrors.NewServiceUnavailable("starting"), forever, true, 0},
		"504":               {apierrors.NewServerTimeout(pods, "create", 2), forever, true, 2 * time.Second},
		"quota conflict":    {apierrors.NewConflict(corev1.Resource("resourcequotas"), "q", errors.New("changed")), forever, false, 0},
		"quota":             {forbidden("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"), forever, false, 0},
		"RBAC":              {forbidden(`User "u" cannot create resource "pods" in API group "" in the namespace "n"`), 5 * time.Second, false, 0},
		"PodSecurity":       {forbidden(`violates PodSecurity "restricted:latest": runAsNonRoot != true`), 0, false, 0},
		"LimitRange":        {forbidden("maximum cpu usage per Container is 1"), 0, false, 0},
		"account":           {forbidden(`error looking up service account n/s: serviceaccount "s" not found`), 30 * time.Second, false, 0},
		"priority":          {forbidden("no PriorityClass with name x was found"), 30 * time.Second, false, 0},
		"terminating":       {terminating, 0, false, 0},
		"denied":            {webhook(http.StatusForbidden), 0, false, 0},
		"denied with 500":   {webhook(http.StatusInternalServerError), 0, false, 0},
		"413":               {apierrors.NewRequestEntityTooLargeError("too large"), 0, false, 0},
		"422":               {apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Pod").GroupKind(), "p", nil), 0, false, 0},
		"400":               {apierrors.NewBadRequest("no"), 0, false, 0},
		"no namespace":      {apierrors.NewNotFound(corev1.Resource("namespaces"), "n"), 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			limit, bounded, unsure, after := k8s.Refused(tc.err)
			if !bounded {
				limit = forever
			}
			assert.Equal(t, tc.limit, limit)
			assert.Equal(t, tc.unsure, unsure)
			assert.Equal(t, tc.after, after)
		})
	}
}
