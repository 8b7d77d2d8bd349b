package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Plugin does what the plugin templates of one name say, in this process: see [WithPlugin].
type Plugin interface {
	// Execute does the work of one attempt of a node. config is what the template says behind the plugin's name, as JSON
	// with its tags replaced. The result holds the outputs that the template declares, and its Result if the task's
	// WantResult says so; a phase of Failed is the work's own failure. An error is trouble besides: the node's phase is
	// Error. When ctx ends, Execute stops and returns. It is called from many goroutines at once, and may be called again
	// for the same task if the process ended meanwhile.
	Execute(ctx context.Context, task *executor.Task, config json.RawMessage) (executor.Result, error)
}

// WithPlugin lets a Runner execute the templates that name a plugin:
//
//	plugin:
//	  slack: {channel: builds, text: "{{inputs.parameters.text}}"}
//
// A workflow that names one that the Runner does not have is refused when it is to start. A fake executes them all
// itself, as they are scripted.
func WithPlugin(name string, p Plugin) RunnerOption {
	return runnerOption(func(r *Runner) {
		if !build.IsNil(p) {
			r.own.Plugins.(plugins)[name] = p
		}
	})
}

// plugins executes plugin templates.
type plugins map[string]Plugin

// Check refuses plugins that there are not.
func (ps plugins) Check(_ *spec.Workflow, leaves []executor.Leaf) error {
	var problems []plan.Problem
	for _, l := range leaves {
		for name := range l.Template.Plugin {
			if ps[name] == nil {
				problems = append(problems, plan.Problem{Path: l.Path + ".plugin", Text: fmt.Sprintf("the runner has no plugin %q%s", name, nearest.Hint(name, maps.Keys(ps)))})
			}
		}
	}
	return joinProblems(problems)
}

// Execute calls the plugin.
func (ps plugins) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	notify(executor.Update{Phase: spec.Running})
	template, err := t.Template()
	if err != nil {
		return executor.Result{}, err
	}
	for name, config := range template.Plugin {
		p := ps[name]
		if p == nil {
			break
		}
		res, err := p.Execute(ctx, t, json.RawMessage(config))
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if !t.WantResult {
			res.Result = nil
		}
		return res, err
	}
	return executor.Result{}, errors.New("the runner has no such plugin")
}
