package k8s

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// injection puts the agent into a Pod.
type injection struct {
	task     *executor.Task
	template *spec.Template
	uses     uses
	pod      *corev1.Pod
	// image is the agent's, by digest.
	image    string
	delivery delivery
}

// inject puts the agent into the Pod if the task needs it.
func (x *Executor) inject(ctx context.Context, p *corev1.Pod, t *executor.Task, template *spec.Template) error {
	in := &injection{task: t, template: template, uses: usesOf(template, t.WantResult), pod: p}
	if !in.uses.any() {
		return nil
	}
	var err error
	if in.image, err = x.agentImage(ctx); err != nil {
		return &finalError{fmt.Errorf("k8s: %s: %w", t.ID, err)}
	}
	if in.delivery, err = x.delivers(ctx, p, t, in.image); err != nil {
		return err
	}
	for _, c := range in.programs() {
		if err := x.nameCommand(ctx, p, c); err != nil {
			return err
		}
	}
	if err := in.all(); err != nil {
		return &finalError{fmt.Errorf("k8s: %s: %w", t.ID, err)}
	}
	return nil
}

// programs are the containers that the template describes.
func (in *injection) programs() []*corev1.Container {
	names := programNames(in.pod)
	var list []*corev1.Container
	for i := range in.pod.Spec.Containers {
		if c := &in.pod.Spec.Containers[i]; slices.Contains(names, c.Name) {
			list = append(list, c)
		}
	}
	return list
}

// all changes the Pod.
func (in *injection) all() error {
	s := &in.pod.Spec
	if s.OS != nil && s.OS.Name != corev1.Linux {
		return fmt.Errorf("the agent is for Linux, and the Pod for %s", s.OS.Name)
	}
	programs := in.programs()
	inputs := in.inputs()
	in.mirror(inputs)
	s.Volumes = append(s.Volumes, binaryVolume(in.image, in.delivery), emptyDir(protocol.RunVolume))
	outputs := in.brings()
	init := len(inputs) > 0 || in.delivery == byCopy && !outputs
	containers := len(s.InitContainers) + len(s.Containers)
	if init {
		containers++
	}
	if outputs {
		containers++
	}
	for _, c := range programs {
		if err := in.wrap(c, inputs, protocol.MessageLimit(containers+foreign)); err != nil {
			return err
		}
	}
	if init {
		c, err := in.initContainer()
		if err != nil {
			return err
		}
		s.InitContainers = append([]corev1.Container{c}, s.InitContainers...)
	}
	if outputs {
		c, err := in.outputsContainer(in.delivery == byCopy && !init)
		if err != nil {
			return err
		}
		if c.Lifecycle == nil {
			s.Containers = append(s.Containers, c)
			return nil
		}
		s.Containers = append([]corev1.Container{c}, s.Containers...)
		in.pod.Annotations["kubectl.kubernetes.io/default-container"] = programs[0].Name
	}
	return nil
}

// foreign is how many containers others may add to a Pod without making a report too long for its share of the status.
const foreign = 2

// brings says that something comes back that may be too long for a Pod's status.
func (in *injection) brings() bool {
	return in.uses.gives(in.template) && !in.daemon()
}

func (in *injection) daemon() bool { return in.template.Daemon != nil && *in.template.Daemon }

// wrap makes the agent the first process of a container.
func (in *injection) wrap(c *corev1.Container, inputs []corev1.VolumeMount, limit int) error {
	run := &protocol.Run{Container: c.Name, Grace: in.grace(), MessageLimit: limit}
	if set := in.template.ContainerSet; set != nil {
		i := slices.IndexFunc(set.Containers, func(n spec.ContainerNode) bool { return n.Name == c.Name })
		run.After = set.Containers[i].Dependencies
		if err := setRetries(run, set.RetryStrategy); err != nil {
			return err
		}
	}
	if c.Name == MainContainer && !in.daemon() {
		run.WantResult, run.Values = in.uses.result, in.uses.values
		if in.brings() {
			run.Others = in.others()
		}
		for i := range in.template.Outputs.Artifacts {
			a := in.template.Outputs.Artifacts[i]
			a.ArtifactLocation = spec.ArtifactLocation{} // whoever runs in main is not told where and by which Secrets
			run.Artifacts = append(run.Artifacts, a)
		}
	}
	env, err := in.env(protocol.Instructions{Run: run})
	if err != nil {
		return err
	}
	c.Command = append([]string{protocol.BinaryPath, protocol.RoleRun, "--"}, c.Command...)
	c.Env = append(slices.Clone(c.Env), env...)
	c.TerminationMessagePath, c.TerminationMessagePolicy = protocol.ReportPath, corev1.TerminationMessageReadFile
	c.VolumeMounts = slices.Concat(c.VolumeMounts, inputs, []corev1.VolumeMount{
		{Name: protocol.BinaryVolume, MountPath: protocol.BinaryDir, ReadOnly: true},
		{Name: protocol.RunVolume, MountPath: protocol.RunDir},
	})
	return nil
}

// others are the containers of a set besides main.
func (in *injection) others() []string {
	var names []string
	for _, c := range in.programs() {
		if c.Name != MainContainer {
			names = append(names, c.Name)
		}
	}
	return names
}

func setRetries(run *protocol.Run, r *spec.ContainerSetRetryStrategy) error {
	if r == nil {
		return nil
	}
	if r.Retries != nil {
		n, err := deadline(r.Retries)
		if err != nil {
			return fmt.Errorf("containerSet.retryStrategy.retries: %q is not a number above 0", r.Retries.String())
		}
		run.Retries = int(*n)
	}
	if r.Duration != "" {
		d, err := time.ParseDuration(r.Duration)
		if err != nil {
			return fmt.Errorf("containerSet.retryStrategy.duration: %w", err)
		}
		run.RetryWait = d
	}
	return nil
}

func (in *injection) env(i protocol.Instructions) ([]corev1.EnvVar, error) {
	i.Attempt = protocol.AttemptOf(in.task.ID)
	return i.Env()
}

// grace is how long the program has to end: the Pod's grace period, less some time to bring back what it leaves.
func (in *injection) grace() time.Duration {
	all := defaultGrace
	if s := in.pod.Spec.TerminationGracePeriodSeconds; s != nil {
		all = time.Duration(*s) * time.Second
	}
	return all - min(2*time.Second, all/4)
}

// inputs makes the volume of input artifacts, and mounts each at its path.
func (in *injection) inputs() []corev1.VolumeMount {
	var mounts []corev1.VolumeMount
	for i := range in.task.Artifacts {
		a := &in.task.Artifacts[i]
		if a.Path == "" {
			continue
		}
		mounts = append(mounts, corev1.VolumeMount{
			Name: protocol.InputsVolume, MountPath: a.Path, SubPath: a.Name + "/data",
		})
	}
	if len(mounts) > 0 {
		in.pod.Spec.Volumes = append(in.pod.Spec.Volumes, emptyDir(protocol.InputsVolume))
	}
	return mounts
}

// mirror mounts the input artifacts where main's mounts are wanted too.
func (in *injection) mirror(inputs []corev1.VolumeMount) {
	for _, u := range slices.Concat(in.template.InitContainers, in.template.Sidecars) {
		if u.MirrorVolumeMounts == nil || !*u.MirrorVolumeMounts {
			continue
		}
		for i := range in.pod.Spec.InitContainers {
			if c := &in.pod.Spec.InitContainers[i]; c.Name == u.Name {
				c.VolumeMounts = slices.Concat(c.VolumeMounts, inputs)
			}
		}
	}
}

// gitMemory is how much memory InitContainer may have where it clones, in bytes: a clone holds the largest file of the
// repository, and twice more what that was made from.
const gitMemory = 4 * protocol.OwnMemory

// initContainer brings the agent, if it does not come by itself, and the input artifacts.
func (in *injection) initContainer() (corev1.Container, error) {
	i := &protocol.Init{Install: in.delivery == byCopy}
	c := in.ours(protocol.InitContainer, protocol.RoleInit)
	if i.Install {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: protocol.BinaryVolume, MountPath: protocol.BinaryDir})
	}
	for k := range in.task.Artifacts {
		if a := &in.task.Artifacts[k]; a.Path != "" {
			i.Artifacts = append(i.Artifacts, *a)
			in.reach(&c, &a.ArtifactLocation)
			if a.Git != nil && c.Resources.Limits != nil {
				c.Resources.Limits[corev1.ResourceMemory] = *quantity.NewQuantity(gitMemory, quantity.BinarySI)
			}
		}
	}
	if len(i.Artifacts) > 0 {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: protocol.InputsVolume, MountPath: protocol.InputsDir})
	}
	env, err := in.env(protocol.Instructions{Init: i})
	c.Env = append(c.Env, env...)
	return c, err
}

// outputsContainer stores output artifacts, and prints what is too long for the Pod's status. With copies, it brings the
// agent too: the kubelet starts containers in their order, each after the hook of the one before, and so sooner than it
// notices that an init container has ended, for which it looks once a second.
func (in *injection) outputsContainer(copies bool) (corev1.Container, error) {
	i := protocol.Instructions{Outputs: &protocol.Outputs{Artifacts: in.template.Outputs.Artifacts}}
	c := in.ours(protocol.OutputsContainer, protocol.RoleOutputs)
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: protocol.RunVolume, MountPath: protocol.RunDir})
	for k := range i.Outputs.Artifacts {
		in.reach(&c, &i.Outputs.Artifacts[k].ArtifactLocation)
	}
	if copies {
		i.Init = &protocol.Init{Install: true}
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: protocol.BinaryVolume, MountPath: protocol.BinaryDir})
		c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{
			Exec: &corev1.ExecAction{Command: []string{protocol.ImageBinary, protocol.RoleInit}},
		}}
	}
	env, err := in.env(i)
	c.Env = append(c.Env, env...)
	return c, err
}

// ours is a container of the agent's image, which keeps within Pod Security restricted if the Pod does.
func (in *injection) ours(name, role string) corev1.Container {
	no, yes := false, true
	c := corev1.Container{
		Name: name, Image: in.image, Command: []string{protocol.ImageBinary, role},
		ImagePullPolicy:        corev1.PullIfNotPresent,
		TerminationMessagePath: protocol.ReportPath, TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			RunAsUser: new(in.user()), RunAsNonRoot: &yes, AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
			Privileged: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
	if in.pod.Spec.Resources == nil { // those of the Pod as a whole hold for its containers together
		c.Resources = corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("10m"), corev1.ResourceMemory: quantity.MustParse("16Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("1"), corev1.ResourceMemory: *quantity.NewQuantity(protocol.OwnMemory, quantity.BinarySI)},
		}
	}
	return c
}

// agentUser is the user of the agent's own containers, unless the Pod names one.
const agentUser = 65532

// user is the user that the Pod names for its programs, since that can use the volumes that they can.
func (in *injection) user() int64 {
	for _, c := range in.programs() {
		if c := c.SecurityContext; c != nil && c.RunAsUser != nil && *c.RunAsUser != 0 {
			return *c.RunAsUser
		}
	}
	if s := in.pod.Spec.SecurityContext; s != nil && s.RunAsUser != nil && *s.RunAsUser != 0 {
		return *s.RunAsUser
	}
	return agentUser
}

// mayBeRoot says that nothing keeps the Pod's programs from running as root.
func (in *injection) mayBeRoot() bool {
	if s := in.pod.Spec.SecurityContext; s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot {
		return false
	}
	for _, c := range in.programs() {
		if s := c.SecurityContext; s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot {
			return false
		}
	}
	return in.user() == agentUser
}

func emptyDir(name string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
}
