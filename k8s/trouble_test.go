package k8s_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

var asked = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// podOption is something of a Pod's status.
type podOption func(*corev1.Pod)

func podWith(options ...podOption) *corev1.Pod {
	p := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: k8s.MainContainer}}}}
	p.Status.Phase = corev1.PodPending
	for _, o := range options {
		o(p)
	}
	return p
}

func phase(ph corev1.PodPhase, reason, message string) podOption {
	return func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason, p.Status.Message = ph, reason, message }
}

func container(name string, s corev1.ContainerState) podOption {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: name, State: s})
	}
}

func initContainer(name string, s corev1.ContainerState, last corev1.ContainerState, sidecar bool) podOption {
	return func(p *corev1.Pod) {
		c := corev1.Container{Name: name}
		if sidecar {
			always := corev1.ContainerRestartPolicyAlways
			c.RestartPolicy = &always
		}
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses,
			corev1.ContainerStatus{Name: name, State: s, LastTerminationState: last})
	}
}

func exited(code int32, reason string, at time.Time) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: metav1.NewTime(at)}}
}

func waits(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

var runningState = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}

// deleted is a Pod that was asked to go at that time, with that grace.
func deleted(grace int64) podOption {
	return func(p *corev1.Pod) {
		at := metav1.NewTime(asked.Add(time.Duration(grace) * time.Second))
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
	}
}

func condition(t corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) podOption {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: t, Status: status, Reason: reason, Message: message})
	}
}

// agent is a Pod whose programs run under the agent.
func agent(p *corev1.Pod) {
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: protocol.BinaryVolume})
}

// copies is a Pod in which a container copies the agent.
func copies(p *corev1.Pod) {
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: protocol.OutputsContainer, Lifecycle: &corev1.Lifecycle{}})
}

// keeps is a Pod in which a container stores artifacts.
func keeps(p *corev1.Pod) {
	in := protocol.Instructions{Outputs: &protocol.Outputs{Artifacts: []spec.Artifact{{Name: "out"}}}}
	env, err := in.Env()
	if err != nil {
		panic(err)
	}
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: protocol.OutputsContainer, Env: env})
}

// setOf is a Pod of a set of containers.
func setOf(names string) podOption {
	return func(p *corev1.Pod) { p.Annotations = map[string]string{k8s.AnnotationContainers: names} }
}

func TestVerdict(t *testing.T) {
	before, after := asked.Add(-time.Minute), asked.Add(time.Second)
	failed := phase(corev1.PodFailed, "", "")
	disrupted := condition(corev1.DisruptionTarget, corev1.ConditionTrue, "EvictionByEvictionAPI", "evicted")
	main := func(s corev1.ContainerState) podOption { return container(k8s.MainContainer, s) }
	none := corev1.ContainerState{}
	reason := func(r string) *corev1.Pod { return podWith(phase(corev1.PodFailed, r, "the kubelet says so")) }
	for name, tc := range map[string]struct {
		pod          *corev1.Pod
		gone         bool
		kind, reason string
		patience     time.Duration
		once         bool
	}{
		"new":                {pod: podWith(), kind: "wait"},
		"creating":           {pod: podWith(main(waits("ContainerCreating", ""))), kind: "wait", reason: "ContainerCreating"},
		"running":            {pod: podWith(phase(corev1.PodRunning, "", ""), main(runningState)), kind: "run"},
		"init runs":          {pod: podWith(initContainer("i", runningState, none, false), main(waits("PodInitializing", ""))), kind: "wait", reason: "PodInitializing"},
		"succeeded":          {pod: podWith(phase(corev1.PodSucceeded, "", ""), main(exited(0, "Completed", before))), kind: "Succeeded"},
		"failed":             {pod: podWith(failed, main(exited(1, "Error", before))), kind: "Failed"},
		"main ended":         {pod: podWith(phase(corev1.PodRunning, "", ""), main(exited(0, "Completed", before)), container("mesh", runningState)), kind: "Succeeded"},
		"OOM":                {pod: podWith(failed, main(exited(137, "OOMKilled", before))), kind: "Failed"},
		"killed":             {pod: podWith(failed, main(exited(137, "Error", before))), kind: "Failed"},
		"255":                {pod: podWith(failed, main(exited(255, "Error", before))), kind: "Failed"},
		"unknown 255":        {pod: podWith(failed, main(exited(255, "Unknown", before))), kind: "retry", reason: "ContainerStatusUnknown"},
		"unknown 137":        {pod: podWith(failed, main(exited(137, "ContainerStatusUnknown", before))), kind: "retry", reason: "ContainerStatusUnknown"},
		"start error":        {pod: podWith(failed, main(exited(128, "StartError", before))), kind: "fail", reason: "StartError"},
		"init":               {pod: podWith(failed, initContainer("i", exited(1, "Error", before), none, false), main(waits("PodInitializing", ""))), kind: "Failed", reason: "Error"},
		"init unknown":       {pod: podWith(failed, initContainer("i", exited(137, "ContainerStatusUnknown", before), none, false)), kind: "retry", reason: "ContainerStatusUnknown"},
		"init deleted":       {pod: podWith(failed, deleted(30), initContainer("i", exited(143, "Error", after), none, false)), kind: "retry", reason: "Deleted", once: true},
		"sidecar ended":      {pod: podWith(initContainer("s", runningState, exited(5, "Error", before), true), main(exited(0, "", before))), kind: "Failed"},
		"sidecar over":       {pod: podWith(initContainer("s", runningState, exited(0, "Completed", before), true), main(exited(0, "", before))), kind: "Succeeded"},
		"sidecar 137":        {pod: podWith(initContainer("s", exited(137, "Error", before), none, true), main(exited(0, "", before))), kind: "Succeeded"},
		"sidecar blocks":     {pod: podWith(initContainer("s", waits("CrashLoopBackOff", ""), exited(5, "Error", before), true), main(waits("PodInitializing", ""))), kind: "Failed", reason: "Error"},
		"sidecar, main runs": {pod: podWith(initContainer("s", runningState, exited(5, "Error", before), true), main(runningState)), kind: "run"},

		"unschedulable": {pod: podWith(condition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", "no node")), kind: "wait", reason: "Unschedulable"},
		"gated":         {pod: podWith(condition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated", "")), kind: "wait", reason: "SchedulingGated"},
		"pull":          {pod: podWith(main(waits("ErrImagePull", ""))), kind: "wait", reason: "ErrImagePull", patience: 5 * time.Minute},
		"backoff":       {pod: podWith(main(waits("ImagePullBackOff", ""))), kind: "wait", reason: "ImagePullBackOff", patience: 5 * time.Minute},
		"registry":      {pod: podWith(main(waits("RegistryUnavailable", ""))), kind: "wait", reason: "RegistryUnavailable", patience: 5 * time.Minute},
		"init pull":     {pod: podWith(initContainer("i", waits("ErrImagePull", ""), none, false), main(waits("PodInitializing", ""))), kind: "wait", reason: "ErrImagePull", patience: 5 * time.Minute},
		"name":          {pod: podWith(main(waits("InvalidImageName", ""))), kind: "fail", reason: "InvalidImageName"},
		"never":         {pod: podWith(main(waits("ErrImageNeverPull", ""))), kind: "fail", reason: "ErrImageNeverPull"},
		"config":        {pod: podWith(main(waits("CreateContainerConfigError", ""))), kind: "wait", reason: "CreateContainerConfigError", patience: 2 * time.Minute},
		"create":        {pod: podWith(main(waits("CreateContainerError", ""))), kind: "wait", reason: "CreateContainerError", patience: 2 * time.Minute},

		"Evicted":            {pod: podWith(phase(corev1.PodFailed, "Evicted", "disk"), main(exited(137, "Error", before))), kind: "Failed", reason: "Evicted"},
		"evicted by node":    {pod: podWith(phase(corev1.PodFailed, "Evicted", "disk"), disrupted, main(exited(0, "Completed", before))), kind: "retry", reason: "EvictionByEvictionAPI"},
		"Evicted, runs":      {pod: podWith(phase(corev1.PodFailed, "Evicted", "disk"), main(runningState)), kind: "run", reason: "Evicted", patience: 30 * time.Second},
		"Evicted, gone":      {pod: podWith(phase(corev1.PodFailed, "Evicted", "disk"), main(runningState)), gone: true, kind: "Failed", reason: "Evicted"},
		"Evicted, not begun": {pod: podWith(phase(corev1.PodFailed, "Evicted", "disk"), main(waits("PodInitializing", ""))), kind: "Failed", reason: "Evicted"},
		"DeadlineExceeded":   {pod: podWith(phase(corev1.PodFailed, "DeadlineExceeded", ""), main(exited(0, "Completed", before))), kind: "Failed", reason: "DeadlineExceeded"},
		"Preempting":         {pod: reason("Preempting"), kind: "retry", reason: "Preempting"},
		"Terminated":         {pod: reason("Terminated"), kind: "retry", reason: "Terminated"},
		"NodeShutdown":       {pod: reason("NodeShutdown"), kind: "retry", reason: "NodeShutdown"},
		"NodeLost":           {pod: reason("NodeLost"), kind: "retry", reason: "NodeLost"},
		"OutOfcpu":           {pod: reason("OutOfcpu"), kind: "retry", reason: "OutOfcpu"},
		"OutOfmemory":        {pod: reason("OutOfmemory"), kind: "retry", reason: "OutOfmemory"},
		"OutOfpods":          {pod: reason("OutOfpods"), kind: "retry", reason: "OutOfpods"},
		"NodeAffinity":       {pod: reason("NodeAffinity"), kind: "retry", reason: "NodeAffinity"},
		"AdmissionError":     {pod: reason("UnexpectedAdmissionError"), kind: "retry", reason: "UnexpectedAdmissionError"},
		"TopologyAffinity":   {pod: reason("TopologyAffinityError"), kind: "retry", reason: "TopologyAffinityError"},
		"SysctlForbidden":    {pod: reason("SysctlForbidden"), kind: "fail", reason: "SysctlForbidden"},
		"AppArmor":           {pod: reason("AppArmor"), kind: "fail", reason: "AppArmor"},
		"PodOSNotSupported":  {pod: reason("PodOSNotSupported"), kind: "fail", reason: "PodOSNotSupported"},
		"another reason":     {pod: reason("Whatever"), kind: "fail", reason: "Whatever"},
		"no reason":          {pod: reason(""), kind: "fail", reason: "PodFailed"},

		"deleted while it runs":      {pod: podWith(deleted(30), main(runningState)), kind: "run"},
		"deleted and ended":          {pod: podWith(deleted(30), main(exited(143, "Error", after))), kind: "retry", reason: "Deleted", once: true},
		"deleted and ended well":     {pod: podWith(deleted(30), main(exited(0, "Completed", after))), kind: "retry", reason: "Deleted", once: true},
		"ended, then deleted":        {pod: podWith(deleted(30), main(exited(0, "Completed", before))), kind: "Succeeded"},
		"failed, then deleted":       {pod: podWith(deleted(30), main(exited(2, "Error", before))), kind: "Failed"},
		"the last word":              {pod: podWith(deleted(0), main(exited(0, "Completed", before))), gone: true, kind: "retry", reason: "Deleted", once: true},
		"gone while it ran":          {pod: podWith(main(runningState)), gone: true, kind: "retry", reason: "Deleted", once: true},
		"gone before it ran":         {pod: podWith(), gone: true, kind: "retry", reason: "Deleted", once: true},
		"gone after its end":         {pod: podWith(phase(corev1.PodSucceeded, "", ""), main(exited(0, "Completed", before))), gone: true, kind: "Succeeded"},
		"drained":                    {pod: podWith(deleted(30), disrupted, main(exited(143, "Error", after))), kind: "retry", reason: "EvictionByEvictionAPI"},
		"drained with exit 0":        {pod: podWith(deleted(30), disrupted, main(exited(0, "Completed", after))), kind: "retry", reason: "EvictionByEvictionAPI"},
		"drained, still runs":        {pod: podWith(deleted(30), disrupted, main(runningState)), kind: "run"},
		"to be drained, still runs":  {pod: podWith(disrupted, main(runningState)), kind: "run"},
		"drained, gone":              {pod: podWith(deleted(0), disrupted, main(runningState)), gone: true, kind: "retry", reason: "EvictionByEvictionAPI"},
		"disrupted but it succeeded": {pod: podWith(phase(corev1.PodSucceeded, "", ""), disrupted, main(exited(0, "Completed", before))), kind: "Succeeded"},

		"agent, outputs died":       {pod: podWith(failed, agent, main(exited(0, "Completed", before)), container(protocol.OutputsContainer, exited(137, "OOMKilled", before))), kind: "Succeeded"},
		"agent, outputs go on":      {pod: podWith(phase(corev1.PodRunning, "", ""), agent, main(exited(3, "Error", before)), container(protocol.OutputsContainer, runningState)), kind: "Failed"},
		"agent, no Secret":          {pod: podWith(agent, main(runningState), container(protocol.OutputsContainer, waits("CreateContainerConfigError", "secret"))), kind: "wait", reason: "CreateContainerConfigError", patience: 2 * time.Minute},
		"agent, outputs come":       {pod: podWith(agent, main(runningState), container(protocol.OutputsContainer, waits("ContainerCreating", ""))), kind: "run"},
		"agent, inputs":             {pod: podWith(failed, agent, initContainer(protocol.InitContainer, exited(64, "Error", before), none, false)), kind: "fail", reason: "Error"},
		"agent, inputs, deleted":    {pod: podWith(failed, agent, deleted(30), initContainer(protocol.InitContainer, exited(64, "Error", after), none, false)), kind: "retry", reason: "Deleted", once: true},
		"agent, outputs failed":     {pod: podWith(agent, keeps, main(runningState), container(protocol.OutputsContainer, exited(137, "OOMKilled", before))), kind: "run", reason: "OutputsLost", patience: 30 * time.Second},
		"agent, outputs over":       {pod: podWith(agent, keeps, main(runningState), container(protocol.OutputsContainer, exited(0, "Completed", before))), kind: "run"},
		"agent, outputs not needed": {pod: podWith(agent, copies, main(runningState), container(protocol.OutputsContainer, exited(137, "OOMKilled", before))), kind: "run"},
		"agent, outputs, deleted":   {pod: podWith(agent, keeps, deleted(30), main(runningState), container(protocol.OutputsContainer, exited(137, "Error", after))), kind: "run"},
		"agent, not copied":         {pod: podWith(agent, copies, main(exited(128, "StartError", before)), container(protocol.OutputsContainer, waits("ErrImagePull", "not found"))), kind: "retry", reason: "AgentNotCopied"},
		"agent, hook failed":        {pod: podWith(agent, copies, main(exited(128, "StartError", before)), container(protocol.OutputsContainer, exited(137, "Error", before))), kind: "retry", reason: "AgentNotCopied"},
		"agent, copied":             {pod: podWith(agent, copies, main(exited(128, "StartError", before)), container(protocol.OutputsContainer, runningState)), kind: "fail", reason: "StartError"},
		"set, one to come":          {pod: podWith(setOf("a,b"), container("a", exited(0, "Completed", before)), container("b", waits("ContainerCreating", ""))), kind: "run"},
		"set, one cannot":           {pod: podWith(setOf("a,b"), container("a", runningState), container("b", waits("ErrImagePull", ""))), kind: "wait", reason: "ErrImagePull", patience: 5 * time.Minute},
		"set, one ended":            {pod: podWith(setOf("a,b"), container("a", exited(1, "Error", before)), container("b", runningState)), kind: "run"},
		"set, all ended":            {pod: podWith(setOf("a,b"), container("a", exited(0, "Completed", before)), container("b", exited(0, "Completed", before)), container("mesh", runningState)), kind: "Succeeded"},
		"set, one failed":           {pod: podWith(setOf("a,b"), container("a", exited(0, "Completed", before)), container("b", exited(1, "Error", before))), kind: "Failed"},
		"set, failed then deleted":  {pod: podWith(setOf("a,b"), deleted(30), container("a", exited(143, "Error", after)), container("b", exited(1, "Error", before))), kind: "Failed"},
		"set, ended as it was told": {pod: podWith(setOf("a,b"), deleted(30), container("a", exited(0, "Completed", before)), container("b", exited(0, "Completed", after))), kind: "retry", reason: "Deleted", once: true},

		"disrupted and failed exit 0": {pod: podWith(failed, disrupted, main(exited(0, "Completed", before))), kind: "retry", reason: "EvictionByEvictionAPI"},
	} {
		t.Run(name, func(t *testing.T) {
			kind, reason, message, patience, once := k8s.Verdict(tc.pod, tc.gone)
			assert.Equal(t, tc.kind, kind, message)
			if tc.reason != "" {
				assert.Equal(t, tc.reason, reason)
			}
			assert.Equal(t, tc.patience, patience)
			assert.Equal(t, tc.once, once)
			if tc.kind != "Succeeded" && tc.kind != "run" && tc.kind != "wait" {
				assert.NotEmpty(t, message)
			}
		})
	}
}
