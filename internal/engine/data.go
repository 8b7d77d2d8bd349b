package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// Data executes the leaves that list the keys of an artifact's location and make something of the list.
type Data struct{ Stores *artifact.Stores }

// Check refuses lists of places for which there is no driver.
func (d *Data) Check(_ *spec.Workflow, leaves []executor.Leaf) error {
	var errs []error
	for _, l := range leaves {
		if l.Template.Data == nil || l.Template.Data.Source == nil || l.Template.Data.Source.ArtifactPaths == nil {
			continue
		}
		at := &l.Template.Data.Source.ArtifactPaths.ArtifactLocation
		if artifact.Kind(at) == "" || artifact.KeyOnly(at) {
			continue // it is in the repository
		}
		if err := d.Stores.Check(at); err != nil {
			errs = append(errs, fmt.Errorf("%s.data.source.artifactPaths: %w", l.Path, err))
		}
	}
	return errors.Join(errs...)
}

// Execute lists the keys. The result is what the last transformation makes of the list, as JSON.
func (d *Data) Execute(ctx context.Context, t *executor.Task, notify func(executor.Update)) (executor.Result, error) {
	template, err := t.Template()
	if err != nil {
		return executor.Result{}, err
	}
	notify(executor.Update{Phase: spec.Running})
	data, err := d.list(ctx, template.Data.Source)
	if err != nil {
		return executor.Result{}, fmt.Errorf("data.source: %w", err)
	}
	for i, step := range template.Data.Transformation {
		if data, err = transform(step.Expression, data); err != nil {
			return executor.Result{Phase: spec.Failed, Message: fmt.Sprintf("data.transformation[%d]: %v", i, err)}, nil
		}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return executor.Result{}, fmt.Errorf("data: %w", err)
	}
	result := string(text)
	return executor.Result{Phase: spec.Succeeded, Result: &result, ExitCode: new(int)}, nil
}

// list is what a source gives.
func (d *Data) list(ctx context.Context, s *spec.DataSource) (any, error) {
	if s.ArtifactPaths == nil {
		var data any
		if err := json.Unmarshal([]byte(s.Raw), &data); err != nil {
			return s.Raw, nil // a text
		}
		return data, nil
	}
	store, key, err := d.Stores.Open(ctx, &s.ArtifactPaths.ArtifactLocation)
	if err != nil {
		return nil, err
	}
	keys := []any{}
	for k, err := range store.List(ctx, key) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// transform is the value of an expression over data.
func transform(source string, data any) (any, error) {
	p, err := expr.Compile(source)
	if err != nil {
		return nil, err
	}
	return p.Eval(func(chain []string) (any, bool) { return data, len(chain) == 1 && chain[0] == "data" })
}
