package workflow

import (
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Option is a setting of a workflow. An [Argument] is one too: the value of a parameter of the workflow.
type Option interface{ apply(*options) }

type options struct {
	args     []*build.Arg
	edits    []func(*spec.Workflow)
	hooks    []build.Hook
	problems []plan.Problem
	find     plan.Find
}

// applied is what the options say together.
func applied(opts []Option) *options {
	o := &options{}
	for _, opt := range opts {
		if !build.IsNil(opt) {
			opt.apply(o)
		}
	}
	return o
}

type option func(*options)

func (o option) apply(w *options) { o(w) }

// OnExit runs a template when the workflow has ended, however it ended. It may use [Status], [Failures] and [Duration].
func OnExit(t Template, args ...Binding) Option { return hook(spec.ExitHook, nil, t, args) }

// Hook runs a template once the condition holds, over [Status] say, while the workflow runs. The name is unique among
// the workflow's hooks.
func Hook(name string, when Condition, t Template, args ...Binding) Option {
	return hook(name, when, t, args)
}

func hook(name string, when build.SealedCondition, t Template, args []Binding) Option {
	return option(func(o *options) { o.hooks = append(o.hooks, build.NewHook(name, when, t, args)) })
}

// Deadline bounds the time of a run, in whole seconds; its exit handler may take longer.
func Deadline(d time.Duration) Option {
	return option(func(o *options) {
		if _, problem := build.Duration(d); problem != "" {
			o.problem("spec.activeDeadlineSeconds", problem)
		}
		seconds := int64((d + time.Second - 1) / time.Second)
		o.spec(func(s *spec.WorkflowSpec) { s.ActiveDeadlineSeconds = &seconds })
	})
}

// Parallelism bounds how many leaves of a run are at work at a time.
func Parallelism(n int) Option {
	return option(func(o *options) {
		if n < 1 {
			o.problem("spec.parallelism", "must be at least 1")
		}
		p := int64(n)
		o.spec(func(s *spec.WorkflowSpec) { s.Parallelism = &p })
	})
}

// Priority orders runs that wait for a place: the higher first. It is 0 unless set.
func Priority(n int32) Option {
	return edit(func(s *spec.WorkflowSpec) { s.Priority = &n })
}

// Metrics adds values that are measured when the run is over. They are in [Run.Metrics].
func Metrics(m ...spec.Prometheus) Option {
	return edit(func(s *spec.WorkflowSpec) { build.Metrics(&s.Metrics, m) })
}

// Mutex lets one run that holds the name be at work at a time.
func Mutex(name string) Option {
	return edit(func(s *spec.WorkflowSpec) { build.Mutex(&s.Synchronization, name) })
}

// Semaphore lets as many runs that hold it be at work at a time as a key of a ConfigMap says.
func Semaphore(configMap, key string) Option {
	return edit(func(s *spec.WorkflowSpec) { build.Semaphore(&s.Synchronization, configMap, key) })
}

// TemplateDefaults edits what every template has that does not say otherwise itself, dags and steps too.
func TemplateDefaults(f func(*spec.Template)) Option {
	return edit(func(s *spec.WorkflowSpec) {
		if s.TemplateDefaults == nil {
			s.TemplateDefaults = &spec.Template{}
		}
		if f != nil {
			f(s.TemplateDefaults)
		}
	})
}

// ServiceAccount is what Pods run as.
func ServiceAccount(name string) Option {
	return edit(func(s *spec.WorkflowSpec) { s.ServiceAccountName = name })
}

// Labels adds labels to the workflow; {{workflow.labels.NAME}} reads one.
func Labels(labels map[string]string) Option {
	return With(func(w *spec.Workflow) { w.Labels = merge(w.Labels, labels) })
}

// Annotations adds annotations to the workflow; {{workflow.annotations.NAME}} reads one.
func Annotations(annotations map[string]string) Option {
	return With(func(w *spec.Workflow) { w.Annotations = merge(w.Annotations, annotations) })
}

func merge(a, b map[string]string) map[string]string {
	if a == nil {
		return maps.Clone(b)
	}
	maps.Copy(a, b)
	return a
}

// Volumes adds volumes that every template of the workflow may mount.
func Volumes(v ...corev1.Volume) Option {
	return edit(func(s *spec.WorkflowSpec) { s.Volumes = append(s.Volumes, v...) })
}

// VolumeClaims makes a claim from each template for the time of a run; templates mount it by its name.
func VolumeClaims(c ...corev1.PersistentVolumeClaim) Option {
	return edit(func(s *spec.WorkflowSpec) { s.VolumeClaimTemplates = append(s.VolumeClaimTemplates, c...) })
}

// With edits the workflow's data, for all that has no option of its own.
func With(edit func(*spec.Workflow)) Option {
	return option(func(o *options) {
		if edit != nil {
			o.edits = append(o.edits, edit)
		}
	})
}

func edit(f func(*spec.WorkflowSpec)) Option { return option(func(o *options) { o.spec(f) }) }

func (o *options) spec(f func(*spec.WorkflowSpec)) {
	o.edits = append(o.edits, func(w *spec.Workflow) { f(&w.Spec) })
}

func (o *options) problem(path, text string) {
	o.problems = append(o.problems, plan.Problem{Path: path, Text: text})
}

// assemble is the workflow that the builders and options say, as data, and what is wrong with it that data cannot show.
func assemble(name string, entry Template, o *options) (*spec.Workflow, build.Built, []plan.Problem) {
	built := build.Compile(entry, o.args, o.hooks)
	w := &spec.Workflow{}
	w.APIVersion, w.Kind = spec.APIVersion, "Workflow"
	if strings.HasSuffix(name, "-") {
		w.GenerateName = name
	} else {
		w.Name = name
	}
	if len(built.Templates) > 0 {
		w.Spec.Entrypoint = built.Templates[0].Name
	}
	w.Spec.Templates = built.Templates
	for _, a := range o.args {
		v := spec.AnyString(a.Value)
		w.Spec.Arguments.Parameters = append(w.Spec.Arguments.Parameters, spec.Parameter{Name: a.Name, Value: &v})
	}
	w.Spec.Hooks = built.Hooks
	if len(o.edits) > 0 {
		for _, edit := range o.edits {
			edit(w)
		}
		w = w.DeepCopy() // an edit may put in what its owner changes later
	}
	problems := o.problems
	for _, p := range built.Problems {
		problems = append(problems, plan.Problem(p))
	}
	return w, built, append(problems, unused(w, o.args)...)
}
