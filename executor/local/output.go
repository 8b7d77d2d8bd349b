package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/outfile"
	"github.com/podflow/podflow/workflow/spec"
)

// readOutputs reads the output parameters that the program left as files. The error joins what is wrong with all of
// them; the values are those that could be read.
func readOutputs(dir string, ps []spec.Parameter) (vs []executor.Value, err error) {
	if len(ps) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	defer root.Close()
	var errs []error
	for i := range ps {
		p := &ps[i]
		if p.ValueFrom == nil || p.ValueFrom.Path == "" {
			continue
		}
		v, err := outfile.Read(root, inRoot(p.ValueFrom.Path))
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist) && p.ValueFrom.Default != nil:
			v = string(*p.ValueFrom.Default)
		default:
			errs = append(errs, fmt.Errorf("outputs.parameters[%s]: %s: %w", p.Name, p.ValueFrom.Path, err))
			continue
		}
		vs = append(vs, executor.Value{Name: p.Name, Value: v})
	}
	return vs, errors.Join(errs...)
}
