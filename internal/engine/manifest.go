package engine

import (
	"errors"
	"fmt"
	"io"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// maxManifest is how long a manifest may be, in bytes: longer ones no API server takes.
const maxManifest = 3 << 20

// readManifest puts the text of the artifact in the place of the manifest.
func (r *Run) readManifest(a *attempt) error {
	t, err := a.template()
	if err != nil {
		return err
	}
	from := executor.Artifact{Artifact: *t.Resource.ManifestFrom.Artifact}
	if artifact.Kind(&from.ArtifactLocation) == "" {
		in := artifactNamed(a.task.Artifacts, from.Name)
		if in == nil {
			return fmt.Errorf("there is no artifact %q", from.Name)
		}
		from = *in
	} else {
		from.ArtifactLocation = r.repository.complete(&from.ArtifactLocation, t)
	}
	file, err := artifact.Read(a.ctx, r.stores, &from)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("the manifest has more than %d bytes", maxManifest)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	resource := *t.Resource
	resource.Manifest, resource.ManifestFrom = string(text), nil
	filled := *t
	filled.Resource = &resource
	a.spec = &filled
	return nil
}

// claims says that an executor does by itself what a run otherwise does before it.
func claims(x executor.Executor, t *spec.Template) bool {
	c, ok := x.(executor.Claimer)
	return ok && c.Claims(t)
}
