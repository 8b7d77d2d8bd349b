package k8s

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// reach gives a container of the agent what it needs to come to where an artifact is kept: the keys of Secrets that the
// location names, as variables, and the claim, mounted.
func (in *injection) reach(c *corev1.Container, l *spec.ArtifactLocation) {
	for _, s := range secretsOf(reflect.ValueOf(l), nil) {
		name := protocol.SecretEnv(s)
		if !slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == name }) {
			c.Env = append(c.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: s}})
		}
	}
	claim := claimOf(l)
	if claim == "" {
		return
	}
	if in.mayBeRoot() {
		// Volumes belong to root unless somebody cares, and programs that are root can write to them. It still has no
		// capabilities.
		c.SecurityContext.RunAsUser, c.SecurityContext.RunAsNonRoot = new(int64), nil
	}
	at := corev1.VolumeMount{Name: in.claimVolume(claim), MountPath: artifact.VolumeMount(claim)}
	if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == at.Name }) {
		c.VolumeMounts = append(c.VolumeMounts, at)
	}
}

// claimOf is the name of the claim in which an artifact is kept; empty if it is kept elsewhere.
func claimOf(l *spec.ArtifactLocation) string {
	if artifact.Kind(l) == "plugin:volume" {
		return l.Plugin.Configuration
	}
	return ""
}

// claimVolume is the name of the Pod's volume that is the claim. It is added if it is not there.
func (in *injection) claimVolume(claim string) string {
	s := &in.pod.Spec
	for i := range s.Volumes {
		if v := s.Volumes[i].PersistentVolumeClaim; v != nil && v.ClaimName == claim && !v.ReadOnly {
			return s.Volumes[i].Name
		}
	}
	name := fmt.Sprintf("podflow-claim-%d", len(s.Volumes))
	s.Volumes = append(s.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
	}})
	return name
}

var selector = reflect.TypeFor[corev1.SecretKeySelector]()

// secretsOf are all references to Secrets in a value, after those in list.
func secretsOf(v reflect.Value, list []*corev1.SecretKeySelector) []*corev1.SecretKeySelector {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			list = secretsOf(v.Elem(), list)
		}
	case reflect.Slice:
		for i := range v.Len() {
			list = secretsOf(v.Index(i), list)
		}
	case reflect.Struct:
		if v.Type() == selector {
			return append(list, new(v.Interface().(corev1.SecretKeySelector)))
		}
		for i := range v.NumField() {
			list = secretsOf(v.Field(i), list)
		}
	}
	return list
}

// stores are the kinds of places that podflow's agent brings artifacts from and to; of an empty one the run will say more.
var stores = []string{"", "s3", "http", "git", "raw", "plugin:volume"}

func (p *problems) artifact(path string, a *spec.Artifact, more []string) {
	kind := artifact.Kind(&a.ArtifactLocation)
	if !slices.Contains(stores, kind) && !slices.Contains(more, kind) {
		p.add(path, "podflow's agent has no driver for %s, only for %s: build one that has, and name %q to k8s.WithAgentImage",
			kind, strings.Join(stores[1:], ", "), kind)
	}
}
