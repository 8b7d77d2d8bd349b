package k8s

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/podflow/podflow/executor"
)

// delete asks for the deletion of that very Pod. That it is gone is fine.
func (x *Executor) delete(ctx context.Context, r remains) error {
	err := x.persist(ctx, func(ctx context.Context) error {
		err := x.pods.Delete(ctx, r.name, metav1.DeleteOptions{
			Preconditions: metav1.NewUIDPreconditions(string(r.uid)), GracePeriodSeconds: x.grace,
		})
		if notFound(err) || apierrors.IsConflict(err) {
			return nil // it is another Pod of that name, if any
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("k8s: delete Pod %s: %w", r.name, err)
	}
	return nil
}

// remove deletes a Pod and waits until it is gone. It goes on after ctx has ended, for as long as the Pod has time to
// end and some more.
func (x *Executor) remove(ctx context.Context, e *entry, uid types.UID) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	give := time.AfterFunc(x.waits.gone+defaultGrace, cancel)
	defer give.Stop()
	if err := x.delete(ctx, remains{name: e.name, uid: uid}); err != nil {
		return err
	}
	var o observation
	for {
		changed, err := e.load(&o)
		if o.uid != uid || o.gone {
			return nil
		}
		if err != nil {
			return err
		}
		if !o.terminating.IsZero() {
			give.Reset(time.Until(o.terminating) + x.waits.gone)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("k8s: Pod %s was deleted and is not gone yet; it may still run", e.name)
		}
	}
}

// defaultGrace is the grace period of a Pod that does not say its own.
const defaultGrace = 30 * time.Second

// deleteRun deletes all Pods of a run that its podGC is for, a page at a time.
func (x *Executor) deleteRun(ctx context.Context, r *executor.Run) error {
	next, selector := "", LabelRunUID+"="+r.UID
	if s := gcSelector(r); !s.Empty() {
		selector += "," + s.String()
	}
	for {
		err := x.persist(ctx, func(ctx context.Context) (err error) {
			next, err = x.deletePage(ctx, selector, next)
			if apierrors.IsResourceExpired(err) {
				next, err = x.deletePage(ctx, selector, "")
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("k8s: delete the Pods of run %s: %w", r.Name, err)
		}
		if next == "" {
			return nil
		}
	}
}

// deletePage deletes a page of Pods, and gives the token of the next one; "" if there is none. client-go's own
// DeleteCollection drops the token, and without it Pods that take long to end would hide those after them.
func (x *Executor) deletePage(ctx context.Context, selector, token string) (next string, err error) {
	del := metav1.DeleteOptions{GracePeriodSeconds: x.grace}
	c, ok := x.client.RESTClient().(*rest.RESTClient)
	if !ok || c == nil {
		return "", x.pods.DeleteCollection(ctx, del, metav1.ListOptions{LabelSelector: selector})
	}
	opts := metav1.ListOptions{LabelSelector: selector, Limit: page, Continue: token}
	deleted := &corev1.PodList{}
	err = c.Delete().Namespace(x.namespace).Resource("pods").VersionedParams(&opts, scheme.ParameterCodec).
		Body(&del).Do(ctx).Into(deleted)
	if err != nil {
		return token, err
	}
	return deleted.Continue, nil
}
