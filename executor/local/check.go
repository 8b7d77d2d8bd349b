package local

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Check refuses what this executor does not do, all of it in one error: templates that are not container, script or Go
// function, and in those a missing command (an image has one, but no images are run) or one that this machine lacks,
// daemons, init containers, sidecars, artifacts in places that [Executor.Artifacts] does not have, volumes that are not an emptyDir, env from Secrets, ConfigMaps and
// fields, lifecycle hooks, and Pod spec patches.
func (x *Executor) Check(w *spec.Workflow, leaves []executor.Leaf) error {
	c := &checker{stores: x.Stores()}
	c.refuse(w.Spec.PodSpecPatch != "", "spec.podSpecPatch", "there is no Pod to patch")
	for _, l := range leaves {
		if !l.Func {
			c.template(l.Path, l.Template, w.Spec.Volumes)
		}
	}
	return errors.Join(c.errs...)
}

// checker collects problems.
type checker struct {
	stores *artifact.Stores
	errs   []error
}

func (c *checker) refuse(wrong bool, path, format string, args ...any) {
	if wrong {
		c.errs = append(c.errs, fmt.Errorf("%s: not on the local executor: %s", path, fmt.Sprintf(format, args...)))
	}
}

func (c *checker) template(path string, t *spec.Template, shared []corev1.Volume) {
	for _, kind := range []struct {
		name string
		is   bool
	}{
		{"containerSet", t.ContainerSet != nil}, {"resource", t.Resource != nil}, {"data", t.Data != nil},
		{"http", t.HTTP != nil}, {"plugin", t.Plugin != nil}, {"suspend", t.Suspend != nil},
	} {
		c.refuse(kind.is, path+"."+kind.name, "it runs containers, scripts and Go functions")
	}
	c.refuse(t.Daemon != nil && *t.Daemon, path+".daemon", "it has no daemons")
	c.refuse(t.PodSpecPatch != "", path+".podSpecPatch", "there is no Pod to patch")
	for i := range t.InitContainers {
		c.refuse(true, path+".initContainers["+t.InitContainers[i].Name+"]", "a node is one process")
	}
	for i := range t.Sidecars {
		c.refuse(true, path+".sidecars["+t.Sidecars[i].Name+"]", "a node is one process")
	}
	c.artifacts(path+".inputs.artifacts", t.Inputs.Artifacts)
	c.artifacts(path+".outputs.artifacts", t.Outputs.Artifacts)
	for _, p := range t.Outputs.Parameters {
		c.refuse(p.ValueFrom == nil || p.ValueFrom.Path == "", path+".outputs.parameters["+p.Name+"]",
			"an output comes from a file: expected valueFrom.path")
	}
	volumes := slices.Concat(t.Volumes, shared)
	if t.Container != nil {
		c.container(path+".container", t.Container, volumes)
	}
	if t.Script != nil {
		c.container(path+".script", &t.Script.Container, volumes)
	}
}

func (c *checker) artifacts(path string, artifacts []spec.Artifact) {
	for i := range artifacts {
		a, at := &artifacts[i], path+"["+artifacts[i].Name+"]"
		c.refuse(a.Path == "", at, "expected a path")
		switch kind := artifact.Kind(&a.ArtifactLocation); {
		case kind == "", artifact.KeyOnly(&a.ArtifactLocation): // from a task, or in the run's repository
		case kind == "plugin:volume":
			c.refuse(true, at+".plugin", "there are no claims")
		default:
			err := c.stores.Check(&a.ArtifactLocation)
			c.refuse(err != nil, at, "%v", err)
		}
	}
}

func (c *checker) container(path string, k *corev1.Container, volumes []corev1.Volume) {
	c.refuse(len(k.Command) == 0, path+".command", "no images are run, so name the command that image %q would run", k.Image)
	c.refuse(k.Lifecycle != nil, path+".lifecycle", "a node is one process")
	for i := range k.EnvFrom {
		c.refuse(true, fmt.Sprintf("%s.envFrom[%d]", path, i), "there are no Secrets and ConfigMaps")
	}
	ownPath := false
	for i := range k.Env {
		c.refuse(k.Env[i].ValueFrom != nil, path+".env["+k.Env[i].Name+"].valueFrom", "expected a value")
		ownPath = ownPath || k.Env[i].Name == "PATH"
	}
	if len(k.Command) > 0 && !ownPath && !strings.ContainsAny(k.Command[0], "/{$") {
		_, err := lookUp(k.Command[0], os.Getenv("PATH"), "")
		c.refuse(err != nil, path+".command", "this machine has no command %q in its PATH, and image %q is not run", k.Command[0], k.Image)
	}
	for i := range k.VolumeDevices {
		c.refuse(true, path+".volumeDevices["+k.VolumeDevices[i].Name+"]", "it has no devices")
	}
	for i, mount := range k.VolumeMounts {
		at := path + ".volumeMounts[" + mount.Name + "]"
		n := slices.IndexFunc(volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		if n < 0 {
			c.errs = append(c.errs, fmt.Errorf("%s: no volume %q in the template or the workflow%s", at, mount.Name,
				nearest.Hint(mount.Name, nearest.Names(volumes, func(v *corev1.Volume) string { return v.Name }))))
		}
		c.refuse(n >= 0 && volumes[n].EmptyDir == nil, at, "expected an emptyDir volume")
		again := slices.ContainsFunc(k.VolumeMounts[:i], func(m corev1.VolumeMount) bool { return m.Name == mount.Name })
		c.refuse(again, at, "the volume is mounted twice")
	}
}
