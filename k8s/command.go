package k8s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nameCommand gives a container that names no command that of its image, which is pinned: what was looked up is what
// the node pulls. Kubernetes would do so by itself if the agent did not have to come before.
func (x *Executor) nameCommand(ctx context.Context, p *corev1.Pod, c *corev1.Container) error {
	if len(c.Command) > 0 {
		return nil
	}
	configs, err := x.pullSecrets(ctx, p)
	var refused error
	switch {
	case apierrors.IsForbidden(err):
		refused = err // the image may be for everybody
	case err != nil:
		return err
	}
	image, err := x.images.Look(ctx, c.Image, configs...)
	if err != nil {
		return &finalError{fmt.Errorf("k8s: container %s names no command, and what its image runs cannot be looked up; "+
			"name the command: %w", c.Name, errors.Join(err, refused))}
	}
	c.Image, c.Command = image.Ref, literal(image.Entrypoint)
	if len(c.Args) == 0 {
		c.Args = literal(image.Cmd)
	}
	if len(c.Command)+len(c.Args) == 0 {
		return &finalError{fmt.Errorf("k8s: container %s names no command, and neither does its image %s", c.Name, c.Image)}
	}
	return nil
}

// literal is words of a command in which the kubelet finds no $(VAR) to expand: in those of an image it looks for none.
func literal(words []string) []string {
	words = slices.Clone(words)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "$", "$$")
	}
	return words
}

// pullSecrets are the documents with which the Pod's images are pulled. One that is missing is passed over, as a node
// does.
func (x *Executor) pullSecrets(ctx context.Context, p *corev1.Pod) ([][]byte, error) {
	var configs [][]byte
	for _, s := range p.Spec.ImagePullSecrets {
		secret, err := x.client.Secrets(x.namespace).Get(ctx, s.Name, metav1.GetOptions{})
		if notFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		configs = append(configs, secret.Data[corev1.DockerConfigJsonKey])
	}
	return configs, nil
}
