package workflow

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

type (
	sealedTemplate = build.Sealed
	sealedNode     = build.SealedCall
	base           = build.Template
)

// Template is a unit of work that tasks and steps call: what [Container], [Script], [Func], [Suspend], [HTTP],
// [Resource], [ContainerSet], [TemplateRef], dag.New and steps.New make. A template may be called many times, and by
// several workflows.
type Template interface{ sealedTemplate }

// Node is a call of a template: a *dag.Task or a *steps.Step.
type Node interface{ sealedNode }

// ContainerTemplate is a template that runs one main container, or where the executor has no containers its command.
// [Container] and [Script] make one.
type ContainerTemplate struct {
	base
	c *corev1.Container
}

// Container is a template that runs an image. Without a Command it runs the image's own.
func Container(name, image string) *ContainerTemplate {
	t := &ContainerTemplate{}
	t.c = &corev1.Container{Image: image}
	build.Leaf(&t.base, name).Container = t.c
	return t
}

// Script is a template that runs source with an interpreter of the image, "python" or "sh -e" say: the source is
// written to a file, whose path is the interpreter's last argument. What its standard output says can be its [Result].
func Script(name, image, interpreter, source string) *ContainerTemplate {
	t := &ContainerTemplate{}
	s := &spec.Script{Container: corev1.Container{Image: image, Command: strings.Fields(interpreter)}, Source: source}
	t.c = &s.Container
	build.Leaf(&t.base, name).Script = s
	return t
}

// Inputs declares what the template takes.
func (t *ContainerTemplate) Inputs(in ...InputDecl) *ContainerTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the template gives.
func (t *ContainerTemplate) Outputs(out ...OutputDecl) *ContainerTemplate {
	build.Outputs(&t.base, out)
	return t
}

// Command sets the program and its first arguments. They reach the program as they are: no shell reads them.
func (t *ContainerTemplate) Command(argv ...string) *ContainerTemplate {
	t.container().Command = argv
	return t
}

// Args sets the arguments behind the command.
func (t *ContainerTemplate) Args(args ...string) *ContainerTemplate {
	t.container().Args = args
	return t
}

// Env adds an environment variable.
func (t *ContainerTemplate) Env(name, value string) *ContainerTemplate {
	return t.EnvVars(corev1.EnvVar{Name: name, Value: value})
}

// EnvVars adds environment variables of any kind; see [Param.Env].
func (t *ContainerTemplate) EnvVars(env ...corev1.EnvVar) *ContainerTemplate {
	c := t.container()
	c.Env = append(c.Env, env...)
	return t
}

// Resources sets requests and limits.
func (t *ContainerTemplate) Resources(r corev1.ResourceRequirements) *ContainerTemplate {
	t.container().Resources = r
	return t
}

// Mount mounts a volume of the template or of the workflow.
func (t *ContainerTemplate) Mount(volume, path string) *ContainerTemplate {
	c := t.container()
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: path})
	return t
}

// Volumes adds volumes to the Pod.
func (t *ContainerTemplate) Volumes(v ...corev1.Volume) *ContainerTemplate {
	s := build.Spec(&t.base)
	s.Volumes = append(s.Volumes, v...)
	return t
}

// InitContainers adds containers that run, one after another, before the main one.
func (t *ContainerTemplate) InitContainers(c ...corev1.Container) *ContainerTemplate {
	s := build.Spec(&t.base)
	s.InitContainers = append(s.InitContainers, userContainers(c)...)
	return t
}

// Sidecars adds containers that run beside the main one and are ended with it.
func (t *ContainerTemplate) Sidecars(c ...corev1.Container) *ContainerTemplate {
	s := build.Spec(&t.base)
	s.Sidecars = append(s.Sidecars, userContainers(c)...)
	return t
}

// NodeSelector lets the Pod run only on nodes with these labels.
func (t *ContainerTemplate) NodeSelector(labels map[string]string) *ContainerTemplate {
	build.Spec(&t.base).NodeSelector = labels
	return t
}

// Retry says when the template is tried again.
func (t *ContainerTemplate) Retry(r Retry) *ContainerTemplate {
	build.SetRetry(&t.base, r)
	return t
}

// Timeout bounds the time of a node, from when it is ready to run; waiting for a place counts.
func (t *ContainerTemplate) Timeout(d time.Duration) *ContainerTemplate {
	setTimeout(&t.base, d)
	return t
}

// PendingTimeout bounds the time until a node runs, from when it is ready to.
func (t *ContainerTemplate) PendingTimeout(d time.Duration) *ContainerTemplate {
	build.Spec(&t.base).PendingTimeout = build.DurationOf(&t.base, ".pendingTimeout", d)
	return t
}

// Mutex lets one node that holds the name run at a time, in all runs of the Runner. A name may hold tags.
func (t *ContainerTemplate) Mutex(name string) *ContainerTemplate {
	build.AddMutex(&t.base, name)
	return t
}

// Semaphore lets as many nodes that hold it run at a time as a key of a ConfigMap says.
func (t *ContainerTemplate) Semaphore(configMap, key string) *ContainerTemplate {
	build.AddSemaphore(&t.base, configMap, key)
	return t
}

// Memoize keeps the outputs in a cache, which is the name of a ConfigMap, and uses them again where the key is the same
// and they are no older than maxAge; 0 is for ever. The key holds tags of the inputs.
func (t *ContainerTemplate) Memoize(cache, key string, maxAge time.Duration) *ContainerTemplate {
	build.SetMemoize(&t.base, cache, key, maxAge)
	return t
}

// Daemon lets what waits for the container begin as soon as it is ready. It is ended with the dag or steps around it.
// Its address is [IP].
func (t *ContainerTemplate) Daemon() *ContainerTemplate {
	daemon := true
	build.Spec(&t.base).Daemon = &daemon
	return t
}

// Metrics adds values that are measured when a node has ended. They are in [NodeStatus.Metrics].
func (t *ContainerTemplate) Metrics(m ...spec.Prometheus) *ContainerTemplate {
	build.AddMetrics(&t.base, m)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *ContainerTemplate) With(edit func(*spec.Template)) *ContainerTemplate {
	build.Edit(&t.base, edit)
	return t
}

// container is the main container's spec; one to throw away if no constructor made the template.
func (t *ContainerTemplate) container() *corev1.Container {
	if t.c == nil {
		t.c = &corev1.Container{}
	}
	return t.c
}

func userContainers(cs []corev1.Container) []spec.UserContainer {
	out := make([]spec.UserContainer, len(cs))
	for i, c := range cs {
		out[i].Container = c
	}
	return out
}

func setTimeout(t *build.Template, d time.Duration) {
	build.Spec(t).Timeout = build.DurationOf(t, ".timeout", d)
}
