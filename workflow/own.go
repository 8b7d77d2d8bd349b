package workflow

import (
	"context"
	"errors"
	"net/http"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
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

// WithSecrets is where the headers of [HTTP] templates come from that are values of Secrets. Without it they
// are those of the executor's namespace if it is k8s.
func WithSecrets(read artifact.Secrets) RunnerOption {
	return runnerOption(func(r *Runner) { r.secrets = read })
}

// useExecutor takes ConfigMaps and Secrets from the executor, if it has them and the options name no others.
func (r *Runner) useExecutor() {
	if build.IsNil(r.executor) {
		return
	}
	if c, ok := r.executor.(ConfigSource); ok && r.config == nil {
		r.config = c
	}
	if s, ok := r.executor.(interface {
		Secret(context.Context, *corev1.SecretKeySelector) ([]byte, error)
	}); ok && r.secrets == nil {
		r.secrets = s.Secret
	}
}

// ownExecutors are what a Runner does without its executor, before its options.
func ownExecutors() engine.Own {
	return engine.Own{HTTP: engine.NewHTTP(http.DefaultClient), Plugins: plugins{}} // Data comes with the stores
}

// check asks the executor, and what the Runner does itself, whether they can do what a plan needs.
func (r *Runner) check(p *plan.Plan, leaves []executor.Leaf) error {
	others, err := r.checkOwn(p, leaves)
	return errors.Join(checkWith(r.executor, p, others), err)
}

// checkOwn asks only what the Runner does itself. others are the leaves that are for the executor.
func (r *Runner) checkOwn(p *plan.Plan, leaves []executor.Leaf) (others []executor.Leaf, err error) {
	var own []executor.Leaf
	for _, l := range leaves {
		if !l.Func && r.own.Executor(r.executor, l.Template) != nil {
			own = append(own, l)
		} else {
			others = append(others, l)
		}
	}
	return others, errors.Join(checkWith(r.own.HTTP, p, own), checkWith(r.own.Data, p, own), checkWith(r.own.Plugins, p, own))
}

func checkWith(x executor.Executor, p *plan.Plan, leaves []executor.Leaf) error {
	if c, ok := x.(executor.Checker); ok {
		return c.Check(p.Spec, leaves)
	}
	return nil
}
