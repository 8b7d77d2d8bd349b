package spec

import corev1 "k8s.io/api/core/v1"

// ArtifactLocation is where an artifact is kept. One field beside ArchiveLogs is set, or none for the repository's
// default place.
type ArtifactLocation struct {
	// ArchiveLogs, if true, keeps the logs of the container too.
	ArchiveLogs *bool `json:"archiveLogs,omitzero"`

	// S3 is an object of a store with the protocol of Amazon S3.
	S3 *S3Artifact `json:"s3,omitzero"`
	// Git is a git repository, as an input.
	Git *GitArtifact `json:"git,omitzero"`
	// HTTP is a file of an HTTP server.
	HTTP *HTTPArtifact `json:"http,omitzero"`
	// Artifactory is a file in JFrog Artifactory.
	Artifactory *ArtifactoryArtifact `json:"artifactory,omitzero"`
	// HDFS is a file in HDFS.
	HDFS *HDFSArtifact `json:"hdfs,omitzero"`
	// Raw is text that is written here, as an input.
	Raw *RawArtifact `json:"raw,omitzero"`
	// OSS is an object of Alibaba Cloud OSS.
	OSS *OSSArtifact `json:"oss,omitzero"`
	// GCS is an object of Google Cloud Storage.
	GCS *GCSArtifact `json:"gcs,omitzero"`
	// Azure is a blob of Azure Storage.
	Azure *AzureArtifact `json:"azure,omitzero"`
	// Plugin is kept by an artifact plugin.
	Plugin *PluginArtifact `json:"plugin,omitzero"`
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
	// Name is the header's name.
	Name string `json:"name,omitzero"`
	// Value is its value.
	Value string `json:"value,omitzero"`
}

// HTTPAuth says who makes an HTTP request. One field is set.
type HTTPAuth struct {
	// ClientCert is a certificate of the client's.
	ClientCert ClientCertAuth `json:"clientCert,omitzero"`
	// OAuth2 is a token that is fetched with credentials of the client's.
	OAuth2 OAuth2Auth `json:"oauth2,omitzero"`
	// BasicAuth is HTTP's basic authentication.
	BasicAuth BasicAuth `json:"basicAuth,omitzero"`
}

// BasicAuth is a user name and a password.
type BasicAuth struct {
	// UsernameSecret holds the user name.
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitzero"`
	// PasswordSecret holds the password.
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitzero"`
}

// ClientCertAuth is a client certificate and its key, both PEM.
type ClientCertAuth struct {
	// ClientCertSecret holds the certificate.
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret,omitzero"`
	// ClientKeySecret holds the private key.
	ClientKeySecret *corev1.SecretKeySelector `json:"clientKeySecret,omitzero"`
}

// OAuth2Auth is OAuth 2's client credentials.
type OAuth2Auth struct {
	// ClientIDSecret holds the client's ID.
	ClientIDSecret *corev1.SecretKeySelector `json:"clientIDSecret,omitzero"`
	// ClientSecretSecret holds the client's secret.
	ClientSecretSecret *corev1.SecretKeySelector `json:"clientSecretSecret,omitzero"`
	// TokenURLSecret holds the URL of the endpoint that gives the token.
	TokenURLSecret *corev1.SecretKeySelector `json:"tokenURLSecret,omitzero"`
	// Scopes are the scopes to ask for.
	Scopes []string `json:"scopes,omitzero"`
	// EndpointParams are sent to the token's endpoint too.
	EndpointParams []OAuth2EndpointParam `json:"endpointParams,omitzero"`
}

// OAuth2EndpointParam is a parameter for the token's endpoint.
type OAuth2EndpointParam struct {
	// Key is the parameter's name.
	Key string `json:"key,omitzero"`
	// Value is its value.
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
	// UsernameSecret holds the user name.
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitzero"`
	// PasswordSecret holds the password.
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
	// KrbCCacheSecret holds a cache of tickets.
	KrbCCacheSecret *corev1.SecretKeySelector `json:"krbCCacheSecret,omitzero"`
	// KrbKeytabSecret holds a keytab.
	KrbKeytabSecret *corev1.SecretKeySelector `json:"krbKeytabSecret,omitzero"`
	// KrbUsername is the principal of the keytab, without its realm.
	KrbUsername string `json:"krbUsername,omitzero"`
	// KrbRealm is the realm of that principal.
	KrbRealm string `json:"krbRealm,omitzero"`
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
