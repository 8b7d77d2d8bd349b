package k8s

import (
	"strings"

	"github.com/podflow/podflow/executor"
)

// The labels of every Pod that an Executor makes. Claims and disruption budgets have the first two.
const (
	// LabelRunUID has the UID of the run. What has this label belongs to podflow: it is what the watch selects, and
	// "kubectl get pods -l podflow.github.io/run-uid=UID" lists a run's Pods.
	LabelRunUID = prefix + "run-uid"
	// LabelRun has the name of the run, for people.
	LabelRun = prefix + "run"
	// LabelTemplate has the name of the template as far as it can be a label, for people.
	LabelTemplate = prefix + "template"
	// LabelAttempt has the number of the attempt, from 0.
	LabelAttempt = prefix + "attempt"
)

// The annotations of every Pod that an Executor makes.
const (
	// AnnotationNode has the full name of the node.
	AnnotationNode = prefix + "node"
	// AnnotationDigest has the digest of the Pod as it was asked for, by which an adopted Pod is compared.
	AnnotationDigest = prefix + "digest"
	// AnnotationSource has the source of a script. The kubelet projects it into a file of the container.
	AnnotationSource = prefix + "source"
	// AnnotationContainers has the names of the containers of a containerSet, with commas between. Others have none.
	AnnotationContainers = prefix + "containers"
)

// prefix is what our labels and annotations begin with. Nobody else's may.
const prefix = "podflow.github.io/"

// MainContainer is the name of the container that a template describes.
const MainContainer = "main"

const (
	// maxNameAndNamespace keeps the kubelet's directory <namespace>_<name>_<UID> within one file name of 255 bytes.
	maxNameAndNamespace = 217
	maxLabel            = 63
)

// PodName is the name of the Pod that runs an attempt: <run>-<template>-<hash of run UID, node and attempt>. Of a name
// that would be too long, the template's part is shortened, and then the run's.
func PodName(t *executor.Task, namespace string) string {
	hash := t.ID.Hash()
	room := maxNameAndNamespace - len(namespace) - len(hash) - 1
	run := cut(dnsLabel(t.Run.Name), room)
	if left := room - len(run) - 1; left > 0 {
		if template := cut(dnsLabel(t.TemplateName), left); template != "" {
			run += "-" + template
		}
	}
	if run == "" {
		run = "run"
	}
	return run + "-" + hash
}

// PodName is the name of the Pod that runs an attempt in the namespace of the Executor.
func (x *Executor) PodName(t *executor.Task) string { return PodName(t, x.namespace) }

// dnsLabel is the name in small letters, digits and dashes, beginning and ending with no dash.
func dnsLabel(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
}

// cut is at most n bytes of a name.
func cut(name string, n int) string {
	if len(name) <= n {
		return name
	}
	return strings.TrimRight(name[:max(n, 0)], "-")
}

// labelValue is as much of the text as can be the value of a label.
func labelValue(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, text)
	return strings.Trim(text[:min(len(text), maxLabel)], "-_.")
}
