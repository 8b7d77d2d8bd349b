package engine

import (
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
	"github.com/podflow/podflow/workflow/spec"
)

// Own is what a run does in this process, without its executor: HTTP requests, lists of artifacts, and the work of
// plugins.
type Own struct{ HTTP, Data, Plugins executor.Executor }

// Executor is what executes the leaves of a template, which is no Go function, in place of x; nil: x does.
func (o *Own) Executor(x executor.Executor, t *spec.Template) executor.Executor {
	var own executor.Executor
	switch {
	case t.HTTP != nil:
		own = o.HTTP
	case t.Data != nil:
		own = o.Data
	case t.Plugin != nil:
		own = o.Plugins
	}
	if own == nil || claims(x, t) {
		return nil
	}
	return own
}

// executor is what executes the leaves of a template.
func (r *Run) executor(t *plan.Template) executor.Executor {
	if t.Kind == plan.HTTP || t.Kind == plan.Data || t.Kind == plan.Plugin {
		if own := r.own.Executor(r.exec, t.Spec); own != nil {
			return own
		}
	}
	return r.exec
}
