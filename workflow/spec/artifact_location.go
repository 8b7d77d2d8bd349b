package spec

import corev1 "k8s.io/api/core/v1"

// ArtifactLocation is where an artifact is kept. One field beside ArchiveLogs is set, or none for the repository's
// default place.
type ArtifactLocation struct {
	// ArchiveLogs, if true, keeps the logs of the container too.
	ArchiveLogs *bool `json:"archiveLogs,omitzero"`

	S3          *S3Artifact          `json:"s3,omitzero"`
	Git         *GitArtifact         `json:"git,omitzero"`
	HTTP        *HTTPArtifact        `json:"http,omitzero"`
	Artifactory *ArtifactoryArtifact `json:"artifactory,omitzero"`
	HDFS        *HDFSArtifact        `json:"hdfs,omitzero"`
	Raw         *RawArtifact         `json:"raw,omitzero"`
	OSS         *OSSArtifact         `json:"oss,omitzero"`
	GCS         *GCSArtifact         `json:"gcs,omitzero"`
	Azure       *AzureArtifact       `json:"azure,omitzero"`
	Plugin      *PluginArtifact      `json:"plugin,omitzero"`
}

// RawArtifact is an input whose text is written here.
type RawArtifact struct {
	// Data is the text.
	Data string `json:"data,omitzero"`
}

// GitArtifact is a git repository as an input.
type GitArtifact struct {
	// Repo is the repository's URL.
	Repo string `json:"repo,omitzero"`
	// Revision is the commit, tag or branch. Empty is the default branch.
	Revision string `json:"revision,omitzero"`
	// Depth is how many commits to fetch. Nil is all.
	Depth *uint64 `json:"depth,omitzero"`
	// Fetch holds refs to fetch before the checkout.
	Fetch []string `json:"fetch,omitzero"`
	// UsernameSecret holds the user name.
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitzero"`
	// PasswordSecret holds the password.
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitzero"`
	// SSHPrivateKeySecret holds the SSH key.
	SSHPrivateKeySecret *corev1.SecretKeySelector `json:"sshPrivateKeySecret,omitzero"`
	// InsecureIgnoreHostKey, if true, takes any host key.
	InsecureIgnoreHostKey bool `json:"insecureIgnoreHostKey,omitzero"`
	// InsecureSkipTLS, if true, takes any certificate of the server.
	InsecureSkipTLS bool `json:"insecureSkipTLS,omitzero"`
	// DisableSubmodules, if true, leaves submodules out.
	DisableSubmodules bool `json:"disableSubmodules,omitzero"`
	// SingleBranch, if true, fetches Branch only.
	SingleBranch bool `json:"singleBranch,omitzero"`
	// Branch is the branch to fetch with SingleBranch.
	Branch string `json:"branch,omitzero"`
}

// HTTPArtifact is a file that an HTTP server has (input) or takes (output).
type HTTPArtifact struct {
	// URL is where.
	URL string `json:"url,omitzero"`
	// Headers are sent with the request.
	Headers []Header `json:"headers,omitzero"`
	// Auth says who asks. Nil is nobody.
	Auth *HTTPAuth `json:"auth,omitzero"`
	// SaveStreamViaFile, if true, writes an upload to a file first, so that it can be sent again after a redirect.
	SaveStreamViaFile bool `json:"saveStreamViaFile,omitzero"`
}

// Header is a header of an HTTP request.
type Header struct {
	Name  string `json:"name,omitzero"`
	Value string `json:"value,omitzero"`
}

// HTTPAuth says who makes an HTTP request. One field is set.
type HTTPAuth struct {
	ClientCert ClientCertAuth `json:"clientCert,omitzero"`
	OAuth2     OAuth2Auth     `json:"oauth2,omitzero"`
	BasicAuth  BasicAuth      `json:"basicAuth,omitzero"`
}

// BasicAuth is a user name and a password.
type BasicAuth struct {
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitzero"`
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitzero"`
}

// ClientCertAuth is a client certificate and its key, both PEM.
type ClientCertAuth struct {
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret,omitzero"`
	ClientKeySecret  *corev1.SecretKeySelector `json:"clientKeySecret,omitzero"`
}

// OAuth2Auth is OAuth 2's client credentials.
type OAuth2Auth struct {
	ClientIDSecret     *corev1.SecretKeySelector `json:"clientIDSecret,omitzero"`
	ClientSecretSecret *corev1.SecretKeySelector `json:"clientSecretSecret,omitzero"`
	TokenURLSecret     *corev1.SecretKeySelector `json:"tokenURLSecret,omitzero"`
	// Scopes are the scopes to ask for.
	Scopes []string `json:"scopes,omitzero"`
	// EndpointParams are sent to the token's endpoint too.
	EndpointParams []OAuth2EndpointParam `json:"endpointParams,omitzero"`
}

// OAuth2EndpointParam is a parameter for the token's endpoint.
type OAuth2EndpointParam struct {
	Key   string `json:"key,omitzero"`
	Value string `json:"value,omitzero"`
}

// ArtifactoryArtifact is a file in JFrog Artifactory.
type ArtifactoryArtifact struct {
	// URL is the file.
	URL             string `json:"url,omitzero"`
	ArtifactoryAuth `json:",inline"`
}

// ArtifactoryAuth is a user name and a password.
type ArtifactoryAuth struct {
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitzero"`
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitzero"`
}

// HDFSArtifact is a file in HDFS.
type HDFSArtifact struct {
	HDFSConfig `json:",inline"`
	// Path is the file.
	Path string `json:"path,omitzero"`
	// Force, if true, writes over a file that is there.
	Force bool `json:"force,omitzero"`
}

// HDFSConfig is how to reach HDFS.
type HDFSConfig struct {
	HDFSKrbConfig `json:",inline"`
	// Addresses are the name nodes, as host:port.
	Addresses []string `json:"addresses,omitzero"`
	// HDFSUser is the user, without Kerberos.
	HDFSUser string `json:"hdfsUser,omitzero"`
	// DataTransferProtection is HDFS's dfs.data.transfer.protection.
	DataTransferProtection string `json:"dataTransferProtection,omitzero"`
}

// HDFSKrbConfig is Kerberos for HDFS: KrbCCacheSecret, or KrbKeytabSecret with KrbUsername and KrbRealm.
type HDFSKrbConfig struct {
	KrbCCacheSecret *corev1.SecretKeySelector `json:"krbCCacheSecret,omitzero"`
	KrbKeytabSecret *corev1.SecretKeySelector `json:"krbKeytabSecret,omitzero"`
	KrbUsername     string                    `json:"krbUsername,omitzero"`
	KrbRealm        string                    `json:"krbRealm,omitzero"`
	// KrbConfigConfigMap holds krb5.conf.
	KrbConfigConfigMap *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap,omitzero"`
	// KrbServicePrincipalName is the principal of the name node.
	KrbServicePrincipalName string `json:"krbServicePrincipalName,omitzero"`
}

// PluginArtifact is an artifact that an artifact plugin keeps.
type PluginArtifact struct {
	// Name is the plugin's name.
	Name string `json:"name,omitzero"`
	// Configuration is for the plugin to understand.
	Configuration string `json:"configuration,omitzero"`
	// ConnectionTimeoutSeconds is how long to wait for the plugin. 0 is as it was installed.
	ConnectionTimeoutSeconds int32 `json:"connectionTimeoutSeconds,omitzero"`
	// Key is where the plugin keeps it.
	Key string `json:"key,omitzero"`
}
