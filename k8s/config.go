package k8s

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConfigMap is a ConfigMap of the namespace as it is now. With it an Executor is a workflow.ConfigSource:
//
//	runner := workflow.NewRunner(pods, workflow.WithConfig(pods), workflow.WithMemo(pods.Memo()))
//
// The error is fs.ErrNotExist if there is none of that name. The right that it needs is in rbac/config.yaml.
func (x *Executor) ConfigMap(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	return read(ctx, x, "ConfigMap", name, x.client.ConfigMaps(x.namespace).Get)
}

// Secret is the value of a key of a Secret of the namespace, as drivers of artifacts ask for it in this process. An
// optional one that is not there is nil; else the error is fs.ErrNotExist, and it never holds a value. The right that it
// needs is in rbac/config.yaml.
func (x *Executor) Secret(ctx context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
	optional := s.Optional != nil && *s.Optional
	is, err := read(ctx, x, "Secret", s.Name, x.client.Secrets(x.namespace).Get)
	if err != nil {
		if optional && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	value, ok := is.Data[s.Key]
	if !ok && !optional {
		return nil, &missingError{fmt.Sprintf("Secret %q has no key %q", s.Name, s.Key)}
	}
	return value, nil
}

// read reads one object of the namespace.
func read[T any](ctx context.Context, x *Executor, kind, name string, get func(context.Context, string, metav1.GetOptions) (*T, error)) (is *T, err error) {
	if name == "" {
		return nil, &missingError{"the name of the " + kind + " is empty"}
	}
	err = x.persist(ctx, func(ctx context.Context) (err error) {
		is, err = get(ctx, name, metav1.GetOptions{})
		return err
	})
	switch {
	case err == nil:
		return is, nil
	case notFound(err):
		return nil, &missingError{fmt.Sprintf("no %s %q in namespace %s", kind, name, x.namespace)}
	}
	return nil, fmt.Errorf("k8s: get %s %s: %w", kind, name, err)
}

// missingError says that there is no object of a name.
type missingError struct{ text string }

func (e *missingError) Error() string        { return e.text }
func (e *missingError) Is(target error) bool { return target == fs.ErrNotExist }
