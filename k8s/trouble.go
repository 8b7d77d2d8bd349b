package k8s

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

// kind is what a Pod's status means for its attempt.
type kind int

const (
	// waiting has not begun to run main.
	waiting kind = iota
	// running runs main.
	running
	// succeeded and failed are the program's own end.
	succeeded
	failed
	// broken cannot be helped by running it again.
	broken
	// lost can be.
	lost
)

// verdict is what a Pod's status means, and why.
type verdict struct {
	kind kind
	// reason is one CamelCase word, and message is for people.
	reason, message string
	// code is main's exit code if it has one.
	code *int
	// patience is how long to wait, and then is the kind after that.
	patience patience
	then     kind
	// once says that the loss excuses a node one time only.
	once bool
	// ends are how the programs under the agent, or of a set, ended, once the attempt has, and OutputsContainer if it failed.
	ends []containerEnd
}

// containerEnd is how a container ended.
type containerEnd struct {
	name string
	// report is its termination message.
	report string
	code   int32
	// failure is empty if the code is 0.
	failure string
}

// ended says that there is nothing to wait for any more.
func (v *verdict) ended() bool { return v.kind > running }

// podReasons are the reasons of a failed Pod as a whole, with what they mean.
var podReasons = map[string]kind{
	"DeadlineExceeded": failed,
	"Evicted":          failed, // of the Pod's own doing; an eviction for others carries a DisruptionTarget

	"Preempting":               lost,
	"Terminated":               lost,
	"NodeShutdown":             lost,
	"Shutdown":                 lost,
	"NodeLost":                 lost,
	"NodeAffinity":             lost,
	"OutOfcpu":                 lost,
	"OutOfmemory":              lost,
	"OutOfpods":                lost,
	"OutOfephemeral-storage":   lost,
	"UnexpectedAdmissionError": lost,
	"TopologyAffinityError":    lost,

	"SysctlForbidden":   broken,
	"ForbiddenSysctl":   broken,
	"AppArmor":          broken,
	"PodOSNotSupported": broken,
}

// waitReasons are the reasons of a container that waits, with how long they may last. All end as broken.
var waitReasons = map[string]patience{
	"ErrImagePull":               pullPatience,
	"ImagePullBackOff":           pullPatience,
	"RegistryUnavailable":        pullPatience,
	"SignatureValidationFailed":  pullPatience,
	"CreateContainerConfigError": configPatience,
	"CreateContainerError":       configPatience,
	"RunContainerError":          configPatience,
	"InvalidImageName":           none,
	"ErrImageNeverPull":          none,
	"ImageInspectError":          configPatience,
}

// eventReasons are the reasons of events that tell what the status of a waiting Pod does not.
var eventReasons = map[string]verdict{
	"FailedMount":            {patience: configPatience, then: broken},
	"FailedAttachVolume":     {patience: configPatience, then: broken},
	"FailedMapVolume":        {patience: configPatience, then: broken},
	"FailedCreatePodSandBox": {patience: sandboxPatience, then: lost},
}

// judge says what a Pod's status means. With gone, it is the last status of a Pod that is no more.
func judge(p *corev1.Pod, gone bool) verdict {
	v := judgeStatus(p, gone)
	if v.ended() && (injected(p) || isSet(p)) {
		v.ends = endsOf(p)
	}
	return v
}

func judgeStatus(p *corev1.Pod, gone bool) verdict {
	program, main := programEnd(p)
	end := main
	if end == nil {
		end, _ = failedInit(p)
	}
	own := end != nil && endedByItself(end, p)
	if v, ok := disrupted(p, gone); ok && !own {
		return v
	}
	if p.Status.Phase == corev1.PodFailed {
		if v, ok := podFailure(p); ok {
			if v.kind == failed && !gone && runs(p) {
				v.kind, v.then, v.patience = running, failed, endPatience
			}
			return v
		}
	}
	deleted := gone || p.DeletionTimestamp != nil
	switch {
	case deleted && !own && (gone || end != nil || p.Status.Phase == corev1.PodFailed):
		return verdict{kind: lost, once: true, reason: "Deleted", message: "the Pod was deleted by someone"}
	case main != nil:
		return mainEnd(program, main, p)
	case p.Status.Phase == corev1.PodFailed:
		return initEnd(p)
	case p.Status.Phase == corev1.PodSucceeded:
		return verdict{kind: succeeded}
	}
	return underway(p)
}

// disrupted is the verdict on a Pod that Kubernetes took away for the sake of others.
func disrupted(p *corev1.Pod, gone bool) (verdict, bool) {
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
	if i < 0 {
		return verdict{}, false
	}
	c := p.Status.Conditions[i]
	deleted := gone || p.DeletionTimestamp != nil
	_, end := programEnd(p)
	over := gone || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded || end != nil
	if !over || p.Status.Phase != corev1.PodFailed && !deleted {
		return verdict{}, false
	}
	return verdict{kind: lost, reason: cmp.Or(c.Reason, "Disrupted"), message: cmp.Or(c.Message, "the Pod was disrupted")}, true
}

// endedByItself says that a container ended before its Pod was asked to go, as far as its times say.
func endedByItself(t *corev1.ContainerStateTerminated, p *corev1.Pod) bool {
	if p.DeletionTimestamp == nil {
		return !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
		})
	}
	g := p.DeletionGracePeriodSeconds
	if g == nil || *g == 0 {
		return false // the kubelet sets it to 0 at the very end, and with it goes when the Pod was asked
	}
	asked := p.DeletionTimestamp.Add(-time.Duration(*g) * time.Second)
	return t.FinishedAt.Time.Before(asked)
}

// podFailure is the verdict on a Pod that failed as a whole.
func podFailure(p *corev1.Pod) (verdict, bool) {
	reason := p.Status.Reason
	if reason == "" {
		return verdict{}, false
	}
	k, known := podReasons[reason]
	_, main := programEnd(p)
	if !known {
		if init, _ := failedInit(p); main != nil || init != nil {
			return verdict{}, false
		}
		k = broken // the kubelet refused it, and says why
	}
	v := verdict{kind: k, reason: reason, message: cmp.Or(p.Status.Message, reason)}
	if main != nil && k == failed {
		v.code = code(p)
	}
	return v, true
}

// runs says that the program has not ended. A busy node may tell first that its Pod has failed, and then how the program
// ended.
func runs(p *corev1.Pod) bool {
	names := programNames(p)
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.State.Running != nil && slices.Contains(names, s.Name)
	})
}

// mainEnd is the verdict on the end of the program.
func mainEnd(name string, t *corev1.ContainerStateTerminated, p *corev1.Pod) verdict {
	if v, ok := notCopied(t, p); ok {
		return v
	}
	if v, ok := containerTrouble(name, t); ok {
		return v
	}
	v := verdict{kind: succeeded, code: code(p)}
	if t.ExitCode != 0 {
		v.kind, v.message = failed, programFailure(name, t, p)
		return v
	}
	if name, s := brokenSidecar(p); s != nil {
		v.kind, v.message = failed, exitMessage(name, s)
	}
	return v
}

// notCopied is the verdict on a program that could not start since the container before it did not come to copy the
// agent. The kubelet does not wait for that one if it cannot be started.
func notCopied(t *corev1.ContainerStateTerminated, p *corev1.Pod) (verdict, bool) {
	i := slices.IndexFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.Name == protocol.OutputsContainer })
	if !startError(t) || i < 0 || p.Spec.Containers[i].Lifecycle == nil {
		return verdict{}, false
	}
	v := verdict{kind: lost, reason: "AgentNotCopied", message: t.Message}
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		switch {
		case s.Name != protocol.OutputsContainer:
		case s.State.Running != nil:
			return verdict{}, false // it did copy it
		case s.State.Waiting != nil:
			v.message = fmt.Sprintf("%s: %s: %s", s.Name, s.State.Waiting.Reason, s.State.Waiting.Message)
		case s.State.Terminated != nil:
			v.message = exitMessage(s.Name, s.State.Terminated)
		}
	}
	return v, true
}

// startError says that a container's program could not be started.
func startError(t *corev1.ContainerStateTerminated) bool {
	return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
}

// initEnd is the verdict on a failed Pod whose main never ran.
func initEnd(p *corev1.Pod) verdict {
	t, name := failedInit(p)
	if t == nil {
		return verdict{kind: broken, reason: "PodFailed", message: cmp.Or(p.Status.Message, "the Pod failed and does not say why")}
	}
	if v, ok := containerTrouble(name, t); ok {
		return v
	}
	v := verdict{kind: failed, reason: t.Reason, message: exitMessage(name, t)}
	if name == protocol.InitContainer {
		v.kind = broken // it is the agent's, not the program's
	}
	return v
}

// containerTrouble is the verdict on a container whose end is not that of its program.
func containerTrouble(name string, t *corev1.ContainerStateTerminated) (verdict, bool) {
	switch {
	case startError(t):
		return verdict{kind: broken, reason: t.Reason, message: fmt.Sprintf("container %s cannot start: %s", name, t.Message)}, true
	case t.Reason == "ContainerStatusUnknown", t.Reason == "Unknown" && t.ExitCode == 255:
		return verdict{kind: lost, reason: "ContainerStatusUnknown",
			message: fmt.Sprintf("the node does not know how container %s ended: %s", name, t.Message)}, true
	}
	return verdict{}, false
}

// underway is the verdict on a Pod that has not ended.
func underway(p *corev1.Pod) verdict {
	if begun(p) {
		return noOutputs(p)
	}
	if name, t := brokenSidecar(p); t != nil {
		return verdict{kind: failed, reason: t.Reason, message: exitMessage(name, t)}
	}
	v := verdict{kind: waiting, patience: forever, reason: p.Status.Reason, message: p.Status.Message}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			w := statuses[i].State.Waiting
			if w == nil {
				continue
			}
			if pat, ok := waitReasons[w.Reason]; ok {
				return inTrouble(statuses[i].Name, w, pat)
			}
			if v.reason == "" {
				v.reason, v.message = w.Reason, w.Message
			}
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			v.reason, v.message = c.Reason, c.Message // Unschedulable, SchedulingGated
		}
	}
	return v
}

// noOutputs is the verdict on a program that runs: if it leaves artifacts and the container that is to store them has failed,
// nothing can come of it any more. Its agent may notice that itself, and says more then.
func noOutputs(p *corev1.Pod) verdict {
	v := verdict{kind: running}
	t := terminated(p.Status.ContainerStatuses, protocol.OutputsContainer)
	if t == nil || t.ExitCode == 0 || p.DeletionTimestamp != nil || !keeps(p) {
		return v
	}
	v.reason, v.message = "OutputsLost", exitMessage(protocol.OutputsContainer, t)
	v.then, v.patience = lost, endPatience
	if t.ExitCode == protocol.ExitAgent {
		v.then = broken // it says what was wrong
	}
	return v
}

// keeps says that the Pod's OutputsContainer is to store artifacts.
func keeps(p *corev1.Pod) bool {
	for i := range p.Spec.Containers {
		c := &p.Spec.Containers[i]
		if c.Name != protocol.OutputsContainer {
			continue
		}
		var environ []string
		for _, v := range c.Env {
			environ = append(environ, v.Name+"="+v.Value)
		}
		in, _, err := protocol.FromEnv(environ)
		return err == nil && in.Outputs != nil && len(in.Outputs.Artifacts) > 0
	}
	return false
}

// begun says that the program runs: of a set, that a container does and none is in trouble. Neither may be the container
// for which the program's end waits.
func begun(p *corev1.Pod) bool {
	names, begun := programNames(p), false
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		program := slices.Contains(names, s.Name)
		begun = begun || program && (s.State.Running != nil || s.State.Terminated != nil)
		if w := s.State.Waiting; w != nil && (program || s.Name == protocol.OutputsContainer) && waitReasons[w.Reason] != none {
			return false
		}
	}
	return begun
}

// inTrouble is the verdict on a container that waits because something is wrong.
func inTrouble(name string, w *corev1.ContainerStateWaiting, p patience) verdict {
	v := verdict{kind: waiting, reason: w.Reason, message: cmp.Or(w.Message, w.Reason), patience: p, then: broken}
	if name != MainContainer {
		v.message = name + ": " + v.message
	}
	if p == none {
		v.kind = broken
	}
	return v
}

// brokenSidecar is a sidecar that ended by itself with a failure, and how. Nil if there is none.
func brokenSidecar(p *corev1.Pod) (string, *corev1.ContainerStateTerminated) {
	for i := range p.Status.InitContainerStatuses {
		s := &p.Status.InitContainerStatuses[i]
		if !sidecar(p, s.Name) {
			continue
		}
		for _, t := range []*corev1.ContainerStateTerminated{s.LastTerminationState.Terminated, s.State.Terminated} {
			if t != nil && t.ExitCode != 0 && t.ExitCode != 137 && t.ExitCode != 143 && p.DeletionTimestamp == nil {
				return s.Name, t
			}
		}
	}
	return "", nil
}

// sidecar says that the container of that name is an init container that goes on beside main.
func sidecar(p *corev1.Pod, name string) bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// failedInit is how the init container ended whose failure ended the Pod, and its name; nil if that did not.
func failedInit(p *corev1.Pod) (*corev1.ContainerStateTerminated, string) {
	if p.Status.Phase != corev1.PodFailed {
		return nil, ""
	}
	for i := range p.Status.InitContainerStatuses {
		s := &p.Status.InitContainerStatuses[i]
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 && !sidecar(p, s.Name) {
			return t, s.Name
		}
	}
	return nil, ""
}

// programEnd is how the program ended, and the name of its container; nil if it has not. That of a set has when all its
// containers have: as the one that failed first did, or else as the one that ended last.
func programEnd(p *corev1.Pod) (name string, end *corev1.ContainerStateTerminated) {
	for _, n := range programNames(p) {
		t := terminated(p.Status.ContainerStatuses, n)
		if t == nil {
			return "", nil
		}
		if end == nil || endsFor(t, end) {
			name, end = n, t
		}
	}
	return name, end
}

// endsFor says that how one container of a set ended counts for more than how another one did.
func endsFor(one, other *corev1.ContainerStateTerminated) bool {
	if failed := one.ExitCode != 0; failed != (other.ExitCode != 0) {
		return failed
	} else if failed && one.FinishedAt.Equal(&other.FinishedAt) {
		return other.ExitCode == protocol.ExitAgent && one.ExitCode != protocol.ExitAgent // which waited for it
	} else if failed {
		return one.FinishedAt.Before(&other.FinishedAt)
	}
	return other.FinishedAt.Before(&one.FinishedAt)
}

// injected says that the Pod's programs run under the agent.
func injected(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == protocol.BinaryVolume })
}

// endsOf are the ends of the Pod's programs that have ended.
func endsOf(p *corev1.Pod) []containerEnd {
	var ends []containerEnd
	for _, name := range programNames(p) {
		if t := terminated(p.Status.ContainerStatuses, name); t != nil {
			e := containerEnd{name: name, report: t.Message, code: t.ExitCode}
			if e.code != 0 {
				e.failure = programFailure(name, t, p)
			}
			ends = append(ends, e)
		}
	}
	if t := terminated(p.Status.ContainerStatuses, protocol.OutputsContainer); t != nil && t.ExitCode != 0 {
		name := protocol.OutputsContainer
		ends = append(ends, containerEnd{name: name, code: t.ExitCode, failure: exitMessage(name, t)})
	}
	return ends
}

// programFailure is how a program ended, in one line. Under the agent its termination message is the report.
func programFailure(name string, t *corev1.ContainerStateTerminated, p *corev1.Pod) string {
	if injected(p) {
		t = t.DeepCopy()
		t.Message = ""
	}
	return exitMessage(name, t)
}

// terminated is how the container ended, or nil.
func terminated(statuses []corev1.ContainerStatus, name string) *corev1.ContainerStateTerminated {
	for i := range statuses {
		if statuses[i].Name == name {
			return statuses[i].State.Terminated
		}
	}
	return nil
}

// exitMessage is how a container ended, in one line.
func exitMessage(name string, t *corev1.ContainerStateTerminated) string {
	m := fmt.Sprintf("%s: %s (exit code %d)", name, cmp.Or(t.Reason, "Error"), t.ExitCode)
	if text := strings.TrimSpace(t.Message); text != "" {
		m += ": " + text
	}
	return m
}

// code is main's exit code; nil if it has none, or the Pod, as many a set, no main.
func code(p *corev1.Pod) *int {
	t := terminated(p.Status.ContainerStatuses, MainContainer)
	if t == nil {
		return nil
	}
	return new(int(t.ExitCode))
}
