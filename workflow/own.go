package workflow

import (
	"errors"
	"net/http"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/engine"
	"github.com/podflow/podflow/internal/plan"
)

// Doer makes HTTP requests. *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// WithHTTP is what makes the requests of [HTTP] templates; without it, http.DefaultClient. The time of each is bounded
// by its template: 30 seconds unless that says otherwise. A request is made again if the process ended before its end
// was recorded. A fake makes none: they end as they are scripted.
func WithHTTP(client Doer) RunnerOption {
	return runnerOption(func(r *Runner) {
		if !build.IsNil(client) {
			r.own.HTTP = engine.NewHTTP(client)
		}
	})
}

// ownExecutors are what a Runner does without its executor, before its options.
func ownExecutors() engine.Own {
	return engine.Own{HTTP: engine.NewHTTP(http.DefaultClient), Plugins: plugins{}}
}

// check asks the executor, and what the Runner does itself, whether they can do what a plan needs.
func (r *Runner) check(p *plan.Plan) error {
	var own, others []executor.Leaf
	for _, l := range p.Leaves() {
		if !l.Func && r.own.Executor(r.executor, l.Template) != nil {
			own = append(own, l)
		} else {
			others = append(others, l)
		}
	}
	check := func(x executor.Executor, leaves []executor.Leaf) error {
		if c, ok := x.(executor.Checker); ok {
			return c.Check(p.Spec, leaves)
		}
		return nil
	}
	return errors.Join(check(r.executor, others), check(r.own.HTTP, own), check(r.own.Plugins, own))
}
