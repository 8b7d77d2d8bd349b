package workflow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// TemplateSource has the WorkflowTemplates and ClusterWorkflowTemplates that workflows refer to. The error is
// fs.ErrNotExist for a name that it does not have. Package source has some.
type TemplateSource interface {
	WorkflowTemplate(ctx context.Context, name string) (*spec.WorkflowTemplate, error)
	ClusterWorkflowTemplate(ctx context.Context, name string) (*spec.ClusterWorkflowTemplate, error)
}

// ConfigSource has the ConfigMaps whose values workflows use. It is asked each time a value is needed. The error is
// fs.ErrNotExist for a name that it does not have. Package source has some.
type ConfigSource interface {
	ConfigMap(ctx context.Context, name string) (*corev1.ConfigMap, error)
}

// Templates is where the templates come from that the workflow names by templateRef and workflowTemplateRef. They are
// read once, with ctx: what they become later does not change the workflow.
func Templates(ctx context.Context, from TemplateSource) Option {
	return option(func(o *options) {
		o.find = func(name string, cluster bool) (*spec.WorkflowSpec, error) {
			if cluster {
				t, err := from.ClusterWorkflowTemplate(ctx, name)
				if err != nil {
					return nil, err
				}
				return t.Spec.DeepCopy(), nil
			}
			t, err := from.WorkflowTemplate(ctx, name)
			if err != nil {
				return nil, err
			}
			return t.Spec.DeepCopy(), nil
		}
	})
}

// WithConfig is where the values come from that a workflow takes from ConfigMaps: parameters, limits of semaphores, artifact
// repositories. Without it they are those of the executor's namespace if it is k8s.
func WithConfig(from ConfigSource) RunnerOption {
	return runnerOption(func(r *Runner) { r.config = from })
}

// configValues are the values of the keys of ConfigMaps that a plan names.
func (r *Runner) configValues(ctx context.Context, p *plan.Plan, lookup plan.Lookup) ([]executor.Value, error) {
	var values []executor.Value
	var problems []plan.Problem
	seen := map[string]bool{}
	for i := range p.Config {
		k := &p.Config[i]
		if seen[k.Variable()] {
			continue
		}
		seen[k.Variable()] = true
		name, err := k.ConfigMap.Fill(lookup)
		key, wrong := k.Key.Fill(lookup)
		if err == nil {
			err = wrong
		}
		v := ""
		if err == nil {
			v, err = r.configValue(ctx, name, key)
		}
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist) && k.Default != nil:
			v = *k.Default
		default:
			problems = append(problems, plan.Problem{Path: k.Path, Text: err.Error()})
			continue
		}
		values = append(values, executor.Value{Name: k.Variable(), Value: v})
	}
	return values, joinProblems(problems)
}

// configValue is the value of a key of a ConfigMap.
func (r *Runner) configValue(ctx context.Context, name, key string) (string, error) {
	if r.config == nil {
		return "", fmt.Errorf("configMap %q: the runner has no source of ConfigMaps: %w", name, fs.ErrNotExist)
	}
	c, err := r.config.ConfigMap(ctx, name)
	if err != nil {
		return "", err
	}
	if v, ok := c.Data[key]; ok {
		return v, nil
	}
	return "", fmt.Errorf("configMap %q has no key %q: %w", name, key, fs.ErrNotExist)
}

// DefaultMaxNodes and DefaultMaxDepth bound a run unless [MaxNodes] or [MaxDepth] say otherwise.
const (
	DefaultMaxNodes = 10_000_000
	DefaultMaxDepth = 20_000
)

// MaxNodes bounds how many nodes a run may have. A run that would have more ends with phase Error: most likely some
// template calls itself without an end. 0 is no bound.
func MaxNodes(n int) RunnerOption { return runnerOption(func(r *Runner) { r.limits.Nodes = n }) }

// MaxDepth bounds how deep the nodes of a run may be nested, as MaxNodes bounds how many there are.
func MaxDepth(n int) RunnerOption { return runnerOption(func(r *Runner) { r.limits.Depth = n }) }
