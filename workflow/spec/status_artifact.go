package spec

// ArtGCStatus is how far the deleting of artifacts is.
type ArtGCStatus struct {
	// StrategiesProcessed says which strategies have begun.
	StrategiesProcessed map[ArtifactGCStrategy]bool `json:"strategiesProcessed,omitzero"`
	// PodsRecouped says of each deleting Pod whether its result has come in.
	PodsRecouped map[string]bool `json:"podsRecouped,omitzero"`
	// NotSpecified says that there is nothing to delete.
	NotSpecified bool `json:"notSpecified,omitzero"`
}

// ArtifactRepositoryRefStatus is the artifact repository that a workflow uses.
type ArtifactRepositoryRefStatus struct {
	ArtifactRepositoryRef `json:",inline"`
	// Namespace is where the ConfigMap is.
	Namespace string `json:"namespace,omitzero"`
	// Default says that it is the controller's default one, not of a ConfigMap.
	Default bool `json:"default,omitzero"`
	// ArtifactRepository is the repository itself.
	ArtifactRepository *ArtifactRepository `json:"artifactRepository,omitzero"`
}

// ArtifactRepository is where artifacts are kept. One field beside ArchiveLogs is set. The formats are templates of
// keys, with tags.
type ArtifactRepository struct {
	// ArchiveLogs, if true, keeps the logs of containers too.
	ArchiveLogs *bool `json:"archiveLogs,omitzero"`

	// S3 is a bucket of a store with the protocol of Amazon S3.
	S3 *S3ArtifactRepository `json:"s3,omitzero"`
	// Artifactory is a repository of JFrog Artifactory.
	Artifactory *ArtifactoryArtifactRepository `json:"artifactory,omitzero"`
	// HDFS is a file system of HDFS.
	HDFS *HDFSArtifactRepository `json:"hdfs,omitzero"`
	// OSS is a bucket of Alibaba Cloud OSS.
	OSS *OSSArtifactRepository `json:"oss,omitzero"`
	// GCS is a bucket of Google Cloud Storage.
	GCS *GCSArtifactRepository `json:"gcs,omitzero"`
	// Azure is a container of Azure Storage.
	Azure *AzureArtifactRepository `json:"azure,omitzero"`
	// Plugin is what an artifact plugin keeps.
	Plugin *PluginArtifactRepository `json:"plugin,omitzero"`
}

// S3ArtifactRepository keeps artifacts in an S3 bucket.
type S3ArtifactRepository struct {
	S3Bucket `json:",inline"`
	// KeyFormat is the template of the keys. Empty is {{workflow.name}}/{{pod.name}}.
	KeyFormat string `json:"keyFormat,omitzero"`
	// KeyPrefix is put before each key.
	//
	// Deprecated: use KeyFormat.
	KeyPrefix string `json:"keyPrefix,omitzero"`
}

// ArtifactoryArtifactRepository keeps artifacts in JFrog Artifactory.
type ArtifactoryArtifactRepository struct {
	ArtifactoryAuth `json:",inline"`
	// RepoURL is the repository.
	RepoURL string `json:"repoURL,omitzero"`
	// KeyFormat is the template of the paths below RepoURL. Empty is {{workflow.name}}/{{pod.name}}.
	KeyFormat string `json:"keyFormat,omitzero"`
}

// HDFSArtifactRepository keeps artifacts in HDFS.
type HDFSArtifactRepository struct {
	HDFSConfig `json:",inline"`
	// PathFormat is the template of the paths. Empty is {{workflow.name}}/{{pod.name}}.
	PathFormat string `json:"pathFormat,omitzero"`
	// Force, if true, writes over files that are there.
	Force bool `json:"force,omitzero"`
}

// OSSArtifactRepository keeps artifacts in an Alibaba Cloud OSS bucket.
type OSSArtifactRepository struct {
	OSSBucket `json:",inline"`
	// KeyFormat is the template of the keys. Empty is {{workflow.name}}/{{pod.name}}.
	KeyFormat string `json:"keyFormat,omitzero"`
}

// GCSArtifactRepository keeps artifacts in a Google Cloud Storage bucket.
type GCSArtifactRepository struct {
	GCSBucket `json:",inline"`
	// KeyFormat is the template of the keys. Empty is {{workflow.name}}/{{pod.name}}.
	KeyFormat string `json:"keyFormat,omitzero"`
}

// AzureArtifactRepository keeps artifacts in Azure Storage.
type AzureArtifactRepository struct {
	AzureBlobContainer `json:",inline"`
	// BlobNameFormat is the template of the blobs' names. Empty is {{workflow.name}}/{{pod.name}}.
	BlobNameFormat string `json:"blobNameFormat,omitzero"`
}

// PluginArtifactRepository keeps artifacts with an artifact plugin.
type PluginArtifactRepository struct {
	// Name is the plugin's name.
	Name string `json:"name,omitzero"`
	// Configuration is for the plugin to understand.
	Configuration string `json:"configuration,omitzero"`
	// KeyFormat is the template of the keys. Empty is {{workflow.name}}/{{pod.name}}.
	KeyFormat string `json:"keyFormat,omitzero"`
}
