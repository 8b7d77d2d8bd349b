package k8s

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// WithAgentImage names the image of the agent, which goes into the Pods whose standard output or files a workflow uses
// and into those with artifacts; no other Pod sees it. "go run github.com/podflow/podflow/k8s/agent/push IMAGE" builds
// it and pushes it to a registry of yours; name it by the digest that this prints, or by a tag, which is made a digest
// once. Check refuses an image that does not fit this version of the library.
//
// An agent of your own (see package agent) may reach artifacts where podflow's does not: kinds are those of its drivers,
// such as "gcs", which Check refuses otherwise.
func WithAgentImage(image string, kinds ...string) Option {
	return func(x *Executor) { x.agent.image, x.agent.kinds = image, kinds }
}

// WithMirror says that images of a registry ("docker.io") are looked up at another host ("mirror.example.com", or
// "http://mirror.example.com:5000" for one without TLS). An image is looked up for the command that it runs, if a
// container that gets the agent names none, and once for the agent's own. What the nodes pull from is their own affair.
func WithMirror(host, mirror string) Option {
	return func(x *Executor) {
		if x.images.Mirrors == nil {
			x.images.Mirrors = map[string]string{}
		}
		x.images.Mirrors[host] = mirror
	}
}

// agent is what is known of the agent's image.
type agent struct {
	// image is as it was given, and kinds are those of its own drivers of artifacts.
	image string
	kinds []string

	// asking is held by who asks the server whether it takes an image as a volume.
	asking chan struct{}

	mu sync.Mutex
	// pinned is the image by digest, once that is known.
	pinned string
	// volumes says whether the cluster can mount an image as a volume, and proven that it did.
	volumes delivery
	proven  bool
}

// delivery is how the agent comes into main.
type delivery int

const (
	unknown delivery = iota
	// byVolume mounts its image.
	byVolume
	// byCopy has a container of its image copy it to an emptyDir.
	byCopy
)

// uses are what a Pod needs the agent for.
type uses struct {
	// result and values are what the program gives back, and artifacts what it takes or leaves.
	result    bool
	values    []protocol.File
	artifacts bool
	// order says that containers of a set wait for each other, or are run again.
	order bool
}

// any says that the Pod needs the agent.
func (u *uses) any() bool { return u.result || len(u.values) > 0 || u.artifacts || u.order }

// gives says that main gives something back besides its exit code.
func (u *uses) gives(t *spec.Template) bool {
	return u.result || len(u.values) > 0 || len(t.Outputs.Artifacts) > 0
}

// what is what the Pod needs the agent for, in words.
func (u *uses) what() string {
	switch {
	case u.result:
		return "its standard output is used"
	case len(u.values) > 0:
		return "its output parameters are files"
	case u.artifacts:
		return "it has artifacts"
	}
	return "its containers wait for each other"
}

// usesOf are the uses of a template. What a daemon gives is not waited for.
func usesOf(t *spec.Template, wantResult bool) uses {
	u := uses{artifacts: len(t.Inputs.Artifacts) > 0, order: t.ContainerSet != nil && t.ContainerSet.RetryStrategy != nil}
	if t.ContainerSet != nil {
		for i := range t.ContainerSet.Containers {
			u.order = u.order || len(t.ContainerSet.Containers[i].Dependencies) > 0
		}
	}
	if t.Daemon != nil && *t.Daemon {
		return u
	}
	u.result = wantResult
	u.artifacts = u.artifacts || len(t.Outputs.Artifacts) > 0
	for _, p := range t.Outputs.Parameters {
		if p.ValueFrom != nil && p.ValueFrom.Path != "" {
			u.values = append(u.values, protocol.File{Name: p.Name, Path: p.ValueFrom.Path})
		}
	}
	return u
}

// agentImage is the agent's image by digest. Its errors say what to do.
func (x *Executor) agentImage(ctx context.Context) (string, error) {
	a := &x.agent
	if a.image == "" {
		return "", fmt.Errorf("it needs the agent: build and push its image with %q, and give it to k8s.WithAgentImage", protocol.PushCommand)
	}
	a.mu.Lock()
	pinned := a.pinned
	a.mu.Unlock()
	if pinned != "" {
		return pinned, nil
	}
	found, err := x.images.Look(ctx, a.image)
	switch {
	case err == nil:
		if v := found.Labels[protocol.VersionLabel]; v != protocol.Version {
			return "", fmt.Errorf("agent image %s: %w", a.image, &protocol.VersionError{Agent: v, Library: protocol.Version})
		}
		pinned = found.Ref
	case strings.Contains(a.image, "@"):
		pinned = a.image // only nodes may reach the registry, and the agent itself refuses what does not fit
	default:
		return "", fmt.Errorf("agent image: its digest cannot be looked up: name it by digest, or make its registry reachable from here: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pinned = pinned
	return pinned, nil
}

// checkAgent is agentImage for Check, which has no context.
func (x *Executor) checkAgent() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := x.agentImage(ctx)
	return err
}

// delivers says how the agent comes into the Pod. It asks the server once, with a Pod that is not made, whether it
// takes an image as a volume: one that does not drops what it does not know. An attempt after one that was lost has a copy.
func (x *Executor) delivers(ctx context.Context, p *corev1.Pod, t *executor.Task, image string) (delivery, error) {
	if t.ID.Attempt > 0 {
		return byCopy, nil
	}
	a := &x.agent
	select {
	case a.asking <- struct{}{}:
	case <-ctx.Done():
		return unknown, context.Cause(ctx)
	}
	defer func() { <-a.asking }()
	a.mu.Lock()
	d := a.volumes
	a.mu.Unlock()
	if d != unknown {
		return d, nil
	}
	probe := &corev1.Pod{ObjectMeta: p.ObjectMeta, Spec: *p.Spec.DeepCopy()}
	probe.Spec.Volumes = append(probe.Spec.Volumes, binaryVolume(image, byVolume))
	made, err := x.pods.Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsAlreadyExists(err) {
		return byVolume, nil // it will be adopted
	}
	if err != nil && refused(err).patience == none {
		return byCopy, nil // it may be that only the question is refused, as by a webhook that cannot be asked so
	}
	if err != nil {
		return unknown, err
	}
	d = byCopy
	for i := range made.Spec.Volumes {
		if v := &made.Spec.Volumes[i]; v.Name == protocol.BinaryVolume && v.Image != nil {
			d = byVolume
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.volumes == unknown {
		a.volumes = d
	}
	return a.volumes, nil
}

// binaryVolume is the volume with the agent.
func binaryVolume(image string, d delivery) corev1.Volume {
	v := corev1.Volume{Name: protocol.BinaryVolume}
	if d == byVolume {
		v.Image = &corev1.ImageVolumeSource{Reference: image, PullPolicy: corev1.PullIfNotPresent}
	} else {
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	return v
}

// hasImageVolume says that the Pod's agent comes by an image volume.
func hasImageVolume(p *corev1.Pod) bool {
	for i := range p.Spec.Volumes {
		if v := &p.Spec.Volumes[i]; v.Name == protocol.BinaryVolume {
			return v.Image != nil
		}
	}
	return false
}

// noVolume says that a Pod with the agent by image volume did not come to run, as on a node that has none. If no Pod of
// its kind ran before, that is not waited for any longer, and from then on the agent is copied. Else it may be that node, or
// the program's own fault: with over, when nothing is waited for any more, the next attempt has a copy, and tells.
func (x *Executor) noVolume(o *observation, over bool) bool {
	if !o.imageVolume {
		return false
	}
	a := &x.agent
	a.mu.Lock()
	defer a.mu.Unlock()
	if o.kind == running || o.kind == succeeded || o.kind == failed {
		a.proven = true
		return false
	}
	switch o.reason {
	case "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun":
	default:
		return false
	}
	if a.proven {
		return over
	}
	a.volumes = byCopy
	return true
}

// errNoVolume says why an attempt is run again.
func errNoVolume(o *observation) error {
	return &executor.LostError{Reason: "NoImageVolume", Err: errors.New("the node could not start a container with the agent's image as a volume, " +
		"so the agent will be copied: " + o.message)}
}
