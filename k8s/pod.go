package k8s

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// maxAnnotations is how many bytes the keys and values of an object's annotations may hold together.
const maxAnnotations = 256 << 10

// buildPod makes the Pod that runs an attempt. Its errors say what is wrong with the template.
func buildPod(t *executor.Task, namespace string) (*corev1.Pod, error) {
	template, err := t.Template()
	if err != nil {
		return nil, err
	}
	w := &t.Run.Workflow.Spec
	p := &corev1.Pod{}
	p.Name, p.Namespace = PodName(t, namespace), namespace
	if err := setMetadata(p, t, w, template); err != nil {
		return nil, err
	}
	if err := setContainers(p, t.Run, template); err != nil {
		return nil, err
	}
	setScheduling(&p.Spec, w, template)
	setAccount(&p.Spec, w, template)
	if p.Spec.ActiveDeadlineSeconds, err = deadline(template.ActiveDeadlineSeconds); err != nil {
		return nil, err
	}
	for _, patch := range []string{w.PodSpecPatch, template.PodSpecPatch} {
		if err := patchSpec(&p.Spec, patch); err != nil {
			return nil, err
		}
	}
	return p, sign(p)
}

// setMetadata sets the labels and annotations: the workflow's, the template's over them, and ours.
func setMetadata(p *corev1.Pod, t *executor.Task, w *spec.WorkflowSpec, template *spec.Template) error {
	p.Labels, p.Annotations = map[string]string{}, map[string]string{}
	for _, m := range []*spec.Metadata{w.PodMetadata, &template.Metadata} {
		if m != nil {
			maps.Copy(p.Labels, m.Labels)
			maps.Copy(p.Annotations, m.Annotations)
		}
	}
	if key, found := ours(p.Labels, p.Annotations); found {
		return fmt.Errorf("metadata: %q begins with %s, which is podflow's own", key, prefix)
	}
	if err := setRunLabels(p.Labels, t.Run); err != nil {
		return err
	}
	p.Labels[LabelTemplate] = labelValue(t.TemplateName)
	p.Labels[LabelAttempt] = strconv.Itoa(t.ID.Attempt)
	p.Annotations[AnnotationNode] = t.ID.Node
	if template.Script != nil {
		p.Annotations[AnnotationSource] = template.Script.Source
	}
	if set := template.ContainerSet; set != nil {
		p.Annotations[AnnotationContainers] = strings.Join(setNames(set.Containers), ",")
	}
	return nil
}

// setRunLabels sets the labels that say which run an object belongs to.
func setRunLabels(labels map[string]string, r *executor.Run) error {
	if r.UID == "" || labelValue(r.UID) != r.UID {
		return fmt.Errorf("the UID %q of run %s cannot be the value of a label", r.UID, r.Name)
	}
	labels[LabelRunUID] = r.UID
	labels[LabelRun] = labelValue(r.Name)
	return nil
}

// ours is a key that only podflow may use, if there is one.
func ours(maps ...map[string]string) (key string, found bool) {
	for _, m := range maps {
		for key := range m {
			if strings.HasPrefix(key, prefix) {
				return key, true
			}
		}
	}
	return "", false
}

// setContainers sets the containers and the volumes that they mount.
func setContainers(p *corev1.Pod, r *executor.Run, template *spec.Template) error {
	programs, err := programsOf(template)
	if err != nil {
		return err
	}
	main := &programs[0]
	for i := range template.InitContainers {
		p.Spec.InitContainers = append(p.Spec.InitContainers, beside(main, &template.InitContainers[i]))
	}
	for i := range template.Sidecars {
		c := beside(main, &template.Sidecars[i])
		always := corev1.ContainerRestartPolicyAlways
		c.RestartPolicy = &always
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
	}
	var missing string
	p.Spec.Volumes, missing = mounted(slices.Concat(template.Volumes, r.Workflow.Spec.Volumes, claimVolumes(r)),
		slices.Concat(p.Spec.InitContainers, programs))
	if missing != "" {
		return fmt.Errorf("no volume %q in the template or the workflow", missing)
	}
	if template.Script != nil {
		addScript(&p.Spec, main)
	}
	p.Spec.Containers = programs
	p.Spec.RestartPolicy = corev1.RestartPolicyNever
	return nil
}

// beside is an init container or a sidecar, with main's mounts if it wants them.
func beside(main *corev1.Container, u *spec.UserContainer) corev1.Container {
	c := u.Container
	if u.MirrorVolumeMounts == nil || !*u.MirrorVolumeMounts {
		return c
	}
	mounts := slices.Clone(c.VolumeMounts)
	for _, m := range main.VolumeMounts {
		if !slices.ContainsFunc(mounts, func(own corev1.VolumeMount) bool { return own.MountPath == m.MountPath }) {
			mounts = append(mounts, m)
		}
	}
	c.VolumeMounts = mounts
	return c
}

// mounted are the volumes that the containers use, the first of each name, or the name of one that is missing.
func mounted(volumes []corev1.Volume, containers []corev1.Container) (used []corev1.Volume, missing string) {
	for i := range containers {
		for _, name := range mountNames(&containers[i]) {
			if slices.ContainsFunc(used, func(v corev1.Volume) bool { return v.Name == name }) {
				continue
			}
			at := slices.IndexFunc(volumes, func(v corev1.Volume) bool { return v.Name == name })
			if at < 0 {
				return nil, name
			}
			used = append(used, volumes[at])
		}
	}
	return used, ""
}

// mountNames are the names of the volumes that a container uses.
func mountNames(c *corev1.Container) []string {
	var names []string
	for _, m := range c.VolumeMounts {
		names = append(names, m.Name)
	}
	for _, d := range c.VolumeDevices {
		names = append(names, d.Name)
	}
	return names
}

// The file that holds a script's source is where Argo has it.
const (
	scriptVolume = "podflow-script"
	scriptDir    = "/argo/staging"
	scriptFile   = "script"
)

// addScript projects the source, which is an annotation, into a file and gives its path as the last argument.
func addScript(s *corev1.PodSpec, main *corev1.Container) {
	mode := int32(0o755)
	s.Volumes = append(s.Volumes, corev1.Volume{Name: scriptVolume, VolumeSource: corev1.VolumeSource{
		DownwardAPI: &corev1.DownwardAPIVolumeSource{DefaultMode: &mode, Items: []corev1.DownwardAPIVolumeFile{{
			Path:     scriptFile,
			FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['" + AnnotationSource + "']"},
		}}},
	}})
	main.VolumeMounts = append(slices.Clone(main.VolumeMounts),
		corev1.VolumeMount{Name: scriptVolume, MountPath: scriptDir, ReadOnly: true})
	main.Args = append(slices.Clone(main.Args), scriptDir+"/"+scriptFile)
}

// setScheduling sets where the Pod goes. What a template says replaces what the workflow says.
func setScheduling(s *corev1.PodSpec, w *spec.WorkflowSpec, t *spec.Template) {
	s.NodeSelector = w.NodeSelector
	if len(t.NodeSelector) > 0 {
		s.NodeSelector = t.NodeSelector
	}
	s.Affinity = or(t.Affinity, w.Affinity)
	s.Tolerations = w.Tolerations
	if len(t.Tolerations) > 0 {
		s.Tolerations = t.Tolerations
	}
	s.SchedulerName = w.SchedulerName
	if t.SchedulerName != "" {
		s.SchedulerName = t.SchedulerName
	}
	s.PriorityClassName = w.PodPriorityClassName
	if t.PriorityClassName != "" {
		s.PriorityClassName = t.PriorityClassName
	}
	s.Resources = or(t.PodResources, w.PodResources)
	s.ResourceClaims = w.ResourceClaims
	if len(t.ResourceClaims) > 0 {
		s.ResourceClaims = t.ResourceClaims
	}
}

// setAccount sets what the Pod runs as, and its network.
func setAccount(s *corev1.PodSpec, w *spec.WorkflowSpec, t *spec.Template) {
	s.ServiceAccountName = w.ServiceAccountName
	if t.ServiceAccountName != "" {
		s.ServiceAccountName = t.ServiceAccountName
	}
	s.AutomountServiceAccountToken = or(t.AutomountServiceAccountToken, w.AutomountServiceAccountToken)
	s.SecurityContext = or(t.SecurityContext, w.SecurityContext)
	s.ImagePullSecrets = w.ImagePullSecrets
	s.HostAliases = slices.Concat(w.HostAliases, t.HostAliases)
	s.HostNetwork = w.HostNetwork != nil && *w.HostNetwork
	if w.DNSPolicy != nil {
		s.DNSPolicy = *w.DNSPolicy
	}
	s.DNSConfig = w.DNSConfig
}

// or is a, or b if a is nil.
func or[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// deadline is the seconds of an activeDeadlineSeconds, which may be a text since it may come from a tag.
func deadline(d *intstr.IntOrString) (*int64, error) {
	if d == nil {
		return nil, nil
	}
	n, err := strconv.ParseInt(d.String(), 10, 64)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("activeDeadlineSeconds: %q is not a number of seconds above 0", d.String())
	}
	return &n, nil
}

// patchSpec applies a podSpecPatch, in YAML or JSON.
func patchSpec(s *corev1.PodSpec, patch string) error {
	if patch == "" {
		return nil
	}
	text, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		return fmt.Errorf("podSpecPatch: %w", err)
	}
	before := *s
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("podSpecPatch: %w", err)
	}
	after, err := strategicpatch.StrategicMergePatch(raw, text, corev1.PodSpec{})
	if err != nil {
		return fmt.Errorf("podSpecPatch: %w", err)
	}
	*s = corev1.PodSpec{}
	if err := json.Unmarshal(after, s); err != nil {
		return fmt.Errorf("podSpecPatch: %w", err)
	}
	if s.RestartPolicy != corev1.RestartPolicyNever {
		return fmt.Errorf("podSpecPatch: restartPolicy must stay Never, not %s", s.RestartPolicy)
	}
	for i := range before.Containers {
		name := before.Containers[i].Name
		if !slices.ContainsFunc(s.Containers, func(c corev1.Container) bool { return c.Name == name }) {
			return fmt.Errorf("podSpecPatch: it takes away container %s", name)
		}
	}
	return nil
}

// sign sets the digest of the Pod, and checks the size of its annotations.
func sign(p *corev1.Pod) error {
	raw, err := p.Marshal()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	p.Annotations[AnnotationDigest] = hex.EncodeToString(sum[:12])
	size := 0
	for k, v := range p.Annotations {
		size += len(k) + len(v)
	}
	if size > maxAnnotations {
		what := "the annotations hold"
		if source := len(p.Annotations[AnnotationSource]); source > maxAnnotations/2 {
			what = fmt.Sprintf("the script's source of %d bytes is kept as an annotation, and all annotations hold", source)
		}
		return fmt.Errorf("%s %d bytes, which is more than %d", what, size, maxAnnotations)
	}
	return nil
}

// owned says what differs if the Pod is not that of the task's attempt.
func owned(p *corev1.Pod, t *executor.Task) error {
	run, node, attempt := p.Labels[LabelRunUID], p.Annotations[AnnotationNode], p.Labels[LabelAttempt]
	if run == t.ID.Run && node == t.ID.Node && attempt == strconv.Itoa(t.ID.Attempt) {
		return nil
	}
	whose := "nobody's"
	if run != "" {
		whose = fmt.Sprintf("that of node %q, attempt %s of run %s", node, attempt, run)
	}
	return fmt.Errorf("k8s: Pod %s exists and is %s; it was wanted for node %q, attempt %d of run %s",
		p.Name, whose, t.ID.Node, t.ID.Attempt, t.ID.Run)
}
