package argotest

import (
	"context"
	"fmt"
	"strings"

	"github.com/podflow/podflow/workflow"
)

// Resume resumes by hand the nodes of a run that were when it was recorded, each once it is suspended.
func (r *Record) Resume(ctx context.Context, run *workflow.Run) error {
	for name, outputs := range r.ResumedBy {
		if err := resume(ctx, run, strings.TrimPrefix(strings.TrimPrefix(name, "WF"), "."), outputs); err != nil {
			return err
		}
	}
	return nil
}

func resume(ctx context.Context, run *workflow.Run, path string, outputs map[string]string) error {
	for e := range run.Events(ctx) {
		if e.Node.Path == path && e.Node.Phase == workflow.Running {
			var given []workflow.OutputValue
			for name, value := range outputs {
				given = append(given, workflow.Output[string](name).Set(value))
			}
			return run.Resume(ctx, path, given...)
		}
	}
	return fmt.Errorf("%s was never suspended: %w", path, context.Cause(ctx))
}
