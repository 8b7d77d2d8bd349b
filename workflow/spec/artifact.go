package spec

// Artifact is a named file or directory: an input, an output or an argument.
type Artifact struct {
	// Name is unique among the artifacts beside it.
	Name string `json:"name,omitzero"`
	// Path is where it is in the container.
	Path string `json:"path,omitzero"`
	// From is a tag that reads an artifact of a task, step or input: `{{steps.a.outputs.artifacts.x}}`.
	From string `json:"from,omitzero"`
	// FromExpression is an expr expression that chooses one.
	FromExpression string `json:"fromExpression,omitzero"`
	// ArtifactLocation is where it is kept.
	ArtifactLocation `json:",inline"`
	// SubPath is the part of the source to take. It may hold tags.
	SubPath string `json:"subPath,omitzero"`
	// Mode is the permission bits of the input file, from 0 to 511 (0777). Nil leaves them.
	Mode *int32 `json:"mode,omitzero"`
	// RecurseMode, if true, sets Mode on all files of a directory.
	RecurseMode bool `json:"recurseMode,omitzero"`
	// Optional, if true, makes it no error that the artifact is not there.
	Optional bool `json:"optional,omitzero"`
	// Archive is how an output is packed. Nil is tar and gzip.
	Archive *ArchiveStrategy `json:"archive,omitzero"`
	// ArtifactGC says when an output is deleted. Nil is as the workflow says.
	ArtifactGC *ArtifactGC `json:"artifactGC,omitzero"`
	// GlobalName makes an output readable everywhere, as `{{workflow.outputs.artifacts.<GlobalName>}}`.
	GlobalName string `json:"globalName,omitzero"`
	// Deleted says that it was deleted. It is set in the status of a run only.
	Deleted bool `json:"deleted,omitzero"`
}

// ArchiveStrategy is how an output artifact is packed. One field is set.
type ArchiveStrategy struct {
	// Tar packs with tar and gzip.
	Tar *TarStrategy `json:"tar,omitzero"`
	// None does not pack.
	None *NoneStrategy `json:"none,omitzero"`
	// Zip packs with zip.
	Zip *ZipStrategy `json:"zip,omitzero"`
}

// TarStrategy packs with tar and gzip.
type TarStrategy struct {
	// CompressionLevel is gzip's, from 0 (none) to 9 (best). Nil is gzip's default.
	CompressionLevel *int32 `json:"compressionLevel,omitzero"`
}

// NoneStrategy does not pack: the file or the directory's files are kept as they are.
type NoneStrategy struct{}

// ZipStrategy packs with zip.
type ZipStrategy struct{}

// ArtifactRepositoryRef names an artifact repository.
type ArtifactRepositoryRef struct {
	// ConfigMap is the name of the ConfigMap that holds it. Empty is artifact-repositories.
	ConfigMap string `json:"configMap,omitzero"`
	// Key is its key there. Empty is the one that the ConfigMap's annotation names.
	Key string `json:"key,omitzero"`
}
