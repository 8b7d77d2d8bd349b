package executor

import "github.com/podflow/podflow/workflow/spec"

// Artifact is a file or directory that a node left or is given, and where it is kept.
type Artifact struct {
	// Artifact is as declared, with every tag replaced, and with the location and the key where it is kept.
	spec.Artifact
	// Size is how many bytes are kept, packed if it is packed, and SHA256 their digest in hex. Both are zero for a
	// directory that is kept unpacked, and for what no node of the run has made.
	Size   int64  `json:"size,omitzero"`
	SHA256 string `json:"sha256,omitzero"`
}

// Keeper is an Executor with a place of its own for the output artifacts of which neither the workflow nor the run says
// where they are kept. Repository is that location without a key.
type Keeper interface {
	Repository() spec.ArtifactLocation
}
