package k8s

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Check refuses what would be dropped silently or fail for certain, all of it at once and with its paths.
func (x *Executor) Check(w *spec.Workflow, leaves []executor.Leaf) error {
	var p problems
	p.workflow(&w.Spec)
	agent := sync.OnceValue(x.checkAgent)
	for i := range leaves {
		l := &leaves[i]
		if l.Func {
			continue
		}
		if l.Template.Resource != nil {
			p.resource(x, l)
			continue
		}
		p.leaf(&w.Spec, l, x.agent.kinds)
		if u := usesOf(l.Template, l.UsesResult); u.any() {
			if err := agent(); err != nil {
				p.add(l.Path, "%s: %w", u.what(), err)
			}
		}
	}
	return errors.Join(p...)
}

// problems collects what is wrong, each with the path to it.
type problems []error

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %w", path, fmt.Errorf(format, args...)))
}

// lacks adds that something is set which this executor does not do.
func (p *problems) lacks(set bool, path string) {
	if set {
		p.add(path, "the k8s executor does not have it yet")
	}
}

func (p *problems) workflow(w *spec.WorkflowSpec) {
	p.lacks(w.Executor != nil, "executor")
	p.lacks(len(w.ExecutorPlugins) > 0, "executorPlugins")
	p.podGC(w.PodGC)
	if gc := w.VolumeClaimGC; gc != nil {
		strategy(p, "volumeClaimGC.strategy", gc.Strategy, spec.VolumeClaimGCOnCompletion, spec.VolumeClaimGCOnSuccess)
	}
	p.claims(w)
	p.metadata("podMetadata", w.PodMetadata)
	for i := range w.Templates {
		if t := &w.Templates[i]; t.DAG != nil || t.Steps != nil {
			path := "templates[" + t.Name + "]"
			p.lacks(len(t.NodeSelector) > 0, path+".nodeSelector")
			p.lacks(t.Affinity != nil, path+".affinity")
			p.lacks(len(t.Tolerations) > 0, path+".tolerations")
		}
	}
}

// claims refuses claims that have no name of their own that can be a volume's.
func (p *problems) claims(w *spec.WorkflowSpec) {
	taken := map[string]bool{}
	for _, v := range w.Volumes {
		taken[v.Name] = true
	}
	for i := range w.VolumeClaimTemplates {
		c := &w.VolumeClaimTemplates[i]
		path := fmt.Sprintf("volumeClaimTemplates[%d].metadata", i)
		for _, wrong := range validation.IsDNS1123Label(c.Name) {
			p.add(path+".name", "%q cannot be the name of a volume: %s", c.Name, wrong)
		}
		if taken[c.Name] {
			p.add(path+".name", "another volume is named %q", c.Name)
		}
		taken[c.Name] = true
		p.metadata(path, &spec.Metadata{Labels: c.Labels, Annotations: c.Annotations})
	}
}

// strategy refuses a strategy that is none of these; an empty one is the default.
func strategy[S ~string](p *problems, path string, s S, known ...S) {
	if s != "" && !slices.Contains(known, s) {
		p.add(path, "unknown strategy %q%s", s, nearest.Hint(string(s), nearest.Names(known, func(s *S) string { return string(*s) })))
	}
}

func (p *problems) leaf(w *spec.WorkflowSpec, l *executor.Leaf, drivers []string) {
	t := l.Template
	p.kind(l)
	for i := range t.Inputs.Artifacts {
		p.artifact(l.Path+".inputs.artifacts["+t.Inputs.Artifacts[i].Name+"]", &t.Inputs.Artifacts[i], drivers)
	}
	for i := range t.Outputs.Artifacts {
		p.artifact(l.Path+".outputs.artifacts["+t.Outputs.Artifacts[i].Name+"]", &t.Outputs.Artifacts[i], drivers)
	}
	p.set(l)
	p.lacks(t.Executor != nil, l.Path+".executor")
	p.metadata(l.Path+".metadata", &t.Metadata)
	p.containers(w, l)
}

// kind refuses templates that are neither a container nor a script.
func (p *problems) kind(l *executor.Leaf) {
	t := l.Template
	for _, k := range []struct {
		name string
		is   bool
	}{
		{"data", t.Data != nil},
		{"http", t.HTTP != nil}, {"plugin", t.Plugin != nil}, {"suspend", t.Suspend != nil},
	} {
		if k.is {
			p.lacks(true, l.Path+"."+k.name)
			return
		}
	}
	if t.Container == nil && t.Script == nil && t.ContainerSet == nil {
		p.add(l.Path, "it has neither a container nor a script nor a containerSet")
	}
}

// containers looks for volumes that nobody has and for restart policies that are not honoured.
func (p *problems) containers(w *spec.WorkflowSpec, l *executor.Leaf) {
	t := l.Template
	volumes := map[string]bool{}
	for _, v := range slices.Concat(t.Volumes, w.Volumes) {
		volumes[v.Name] = true
	}
	for i := range w.VolumeClaimTemplates {
		volumes[w.VolumeClaimTemplates[i].Name] = true
	}
	look := func(path string, c *corev1.Container) {
		for _, name := range mountNames(c) {
			if !volumes[name] && !strings.Contains(name, "{{") {
				p.add(path+".volumeMounts["+name+"]", "no volume %q in the template or the workflow%s",
					name, nearest.Hint(name, maps.Keys(volumes)))
			}
		}
		p.lacks(len(c.RestartPolicyRules) > 0, path+".restartPolicyRules")
		p.lacks(c.RestartPolicy != nil, path+".restartPolicy")
	}
	switch {
	case t.Container != nil:
		look(l.Path+".container", t.Container)
	case t.Script != nil:
		look(l.Path+".script", &t.Script.Container)
	case t.ContainerSet != nil:
		for i := range t.ContainerSet.Containers {
			c := t.ContainerSet.Containers[i].Container
			c.VolumeMounts = slices.Concat(t.ContainerSet.VolumeMounts, c.VolumeMounts)
			look(l.Path+".containerSet.containers["+c.Name+"]", &c)
		}
	}
	for i := range t.InitContainers {
		look(l.Path+".initContainers["+t.InitContainers[i].Name+"]", &t.InitContainers[i].Container)
	}
	for i := range t.Sidecars {
		look(l.Path+".sidecars["+t.Sidecars[i].Name+"]", &t.Sidecars[i].Container)
	}
}

// metadata refuses labels and annotations that are podflow's own.
func (p *problems) metadata(path string, m *spec.Metadata) {
	if m == nil {
		return
	}
	if key, found := ours(m.Labels, m.Annotations); found {
		p.add(path, "%q begins with %s, which is podflow's own", key, prefix)
	}
}
