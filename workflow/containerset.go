package workflow

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// ContainerSetTemplate is a template that runs several containers in one Pod. [ContainerSet] makes one.
type ContainerSetTemplate struct{ base }

// ContainerSet is a template that runs several containers in one Pod, which share its volumes:
//
//	test := workflow.ContainerSet("test").Volumes(src).Mount("src", "/src")
//	clone := test.Container("clone", "alpine/git", "git", "clone", repo.Ref(), "/src")
//	test.Container("main", "golang:1.26", "go", "test", "/src/...").Dependencies(clone)
//
// The outputs are those of the container named main.
func ContainerSet(name string) *ContainerSetTemplate {
	t := &ContainerSetTemplate{}
	build.Leaf(&t.base, name).ContainerSet = &spec.ContainerSet{}
	return t
}

// Container adds a container. The name is unique in the template.
func (t *ContainerSetTemplate) Container(name, image string, command ...string) *SetContainer {
	s := t.set()
	s.Containers = append(s.Containers, spec.ContainerNode{Container: corev1.Container{Name: name, Image: image, Command: command}})
	return &SetContainer{t, len(s.Containers) - 1}
}

// Volumes adds volumes to the Pod.
func (t *ContainerSetTemplate) Volumes(v ...corev1.Volume) *ContainerSetTemplate {
	s := build.Spec(&t.base)
	s.Volumes = append(s.Volumes, v...)
	return t
}

// Mount mounts a volume of the template or of the workflow in all containers.
func (t *ContainerSetTemplate) Mount(volume, path string) *ContainerSetTemplate {
	s := t.set()
	s.VolumeMounts = append(s.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: path})
	return t
}

// Inputs declares what the template takes.
func (t *ContainerSetTemplate) Inputs(in ...InputDecl) *ContainerSetTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the container named main gives.
func (t *ContainerSetTemplate) Outputs(out ...OutputDecl) *ContainerSetTemplate {
	build.Outputs(&t.base, out)
	return t
}

// Retry runs the process of a failed container again, in the same Pod: so often, with so long between.
func (t *ContainerSetTemplate) Retry(limit int, wait time.Duration) *ContainerSetTemplate {
	if limit < 0 || wait < 0 {
		build.Problemf(&t.base, ".containerSet.retryStrategy", "is %d times with %v between; neither may be negative", limit, wait)
	}
	t.set().RetryStrategy = &spec.ContainerSetRetryStrategy{Duration: wait.String(), Retries: number(limit)}
	return t
}

// Timeout bounds the time of a node.
func (t *ContainerSetTemplate) Timeout(d time.Duration) *ContainerSetTemplate {
	setTimeout(&t.base, d)
	return t
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (t *ContainerSetTemplate) Mutex(name string) *ContainerSetTemplate {
	build.AddMutex(&t.base, name)
	return t
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (t *ContainerSetTemplate) Semaphore(configMap, key string) *ContainerSetTemplate {
	build.AddSemaphore(&t.base, configMap, key)
	return t
}

// Metrics adds values that are measured when a node has ended. They are in [NodeStatus.Metrics].
func (t *ContainerSetTemplate) Metrics(m ...spec.Prometheus) *ContainerSetTemplate {
	build.AddMetrics(&t.base, m)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *ContainerSetTemplate) With(edit func(*spec.Template)) *ContainerSetTemplate {
	build.Edit(&t.base, edit)
	return t
}

// set is the spec; one to throw away if no constructor made the template.
func (t *ContainerSetTemplate) set() *spec.ContainerSet {
	if s := build.Spec(&t.base).ContainerSet; s != nil {
		return s
	}
	return &spec.ContainerSet{}
}

// SetContainer is a container of a [ContainerSetTemplate], whose Container method makes one.
type SetContainer struct {
	set *ContainerSetTemplate
	i   int
}

// Dependencies makes the container wait until the others have succeeded.
func (c *SetContainer) Dependencies(on ...*SetContainer) *SetContainer {
	for _, o := range on {
		if c.set == nil {
			continue
		}
		if o == nil || o.set != c.set {
			build.Problemf(&c.set.base, ".containerSet.containers["+c.node().Name+"].dependencies", "a container that is nil or of another set")
			continue
		}
		c.node().Dependencies = append(c.node().Dependencies, o.node().Name)
	}
	return c
}

// EnvVars adds environment variables; see [Param.Env].
func (c *SetContainer) EnvVars(env ...corev1.EnvVar) *SetContainer {
	c.node().Env = append(c.node().Env, env...)
	return c
}

// With edits the container, for all that has no method of its own.
func (c *SetContainer) With(edit func(*corev1.Container)) *SetContainer {
	if edit != nil {
		edit(&c.node().Container)
	}
	return c
}

// node is the container's spec; one to throw away if no set made it.
func (c *SetContainer) node() *spec.ContainerNode {
	if c.set == nil {
		return &spec.ContainerNode{}
	}
	if s := c.set.set(); c.i < len(s.Containers) {
		return &s.Containers[c.i]
	}
	return &spec.ContainerNode{}
}
