package spec

import corev1 "k8s.io/api/core/v1"

// S3Artifact is an object, or all objects with a prefix, in an S3 bucket.
type S3Artifact struct {
	S3Bucket `json:",inline"`
	// Key is the object's key.
	Key string `json:"key,omitzero"`
}

// S3Bucket is an S3 bucket and how to reach it.
type S3Bucket struct {
	// Endpoint is the host of the service, as host or host:port.
	Endpoint string `json:"endpoint,omitzero"`
	// Bucket is its name.
	Bucket string `json:"bucket,omitzero"`
	// Region is its region. Empty is the service's default.
	Region string `json:"region,omitzero"`
	// Insecure, if true, uses HTTP instead of HTTPS.
	Insecure *bool `json:"insecure,omitzero"`
	// AccessKeySecret holds the access key.
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitzero"`
	// SecretKeySecret holds the secret key.
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitzero"`
	// SessionTokenSecret holds the token of credentials that last for a time.
	SessionTokenSecret *corev1.SecretKeySelector `json:"sessionTokenSecret,omitzero"`
	// RoleARN is the role to assume.
	RoleARN string `json:"roleARN,omitzero"`
	// UseSDKCreds, if true, finds credentials as the service's SDK does.
	UseSDKCreds bool `json:"useSDKCreds,omitzero"`
	// CreateBucketIfNotPresent, if set, makes the bucket for outputs if there is none.
	CreateBucketIfNotPresent *CreateS3BucketOptions `json:"createBucketIfNotPresent,omitzero"`
	// EncryptionOptions says how objects are encrypted.
	EncryptionOptions *S3EncryptionOptions `json:"encryptionOptions,omitzero"`
	// CASecret holds the certificate authority that the service's certificate is checked with.
	CASecret *corev1.SecretKeySelector `json:"caSecret,omitzero"`
	// AddressingStyle is path or virtual-hosted. Empty finds out.
	AddressingStyle string `json:"addressingStyle,omitzero"`
}

// CreateS3BucketOptions is how a bucket is made.
type CreateS3BucketOptions struct {
	// ObjectLocking, if true, makes it with object locks.
	ObjectLocking bool `json:"objectLocking,omitzero"`
}

// S3EncryptionOptions is how objects are encrypted.
type S3EncryptionOptions struct {
	// KmsKeyID is the KMS key to encrypt with.
	KmsKeyID string `json:"kmsKeyId,omitzero"`
	// KmsEncryptionContext is the KMS encryption context, a JSON object.
	KmsEncryptionContext string `json:"kmsEncryptionContext,omitzero"`
	// EnableEncryption, if true, encrypts, with the service's own key if no other is named.
	EnableEncryption bool `json:"enableEncryption,omitzero"`
	// ServerSideCustomerKeySecret holds a key of one's own.
	ServerSideCustomerKeySecret *corev1.SecretKeySelector `json:"serverSideCustomerKeySecret,omitzero"`
}

// GCSArtifact is an object in a Google Cloud Storage bucket.
type GCSArtifact struct {
	GCSBucket `json:",inline"`
	// Key is the object's key.
	Key string `json:"key,omitzero"`
}

// GCSBucket is a Google Cloud Storage bucket and how to reach it.
type GCSBucket struct {
	// Bucket is its name.
	Bucket string `json:"bucket,omitzero"`
	// ServiceAccountKeySecret holds the service account's key. Nil finds one as Google's SDK does.
	ServiceAccountKeySecret *corev1.SecretKeySelector `json:"serviceAccountKeySecret,omitzero"`
}

// OSSArtifact is an object in an Alibaba Cloud OSS bucket.
type OSSArtifact struct {
	OSSBucket `json:",inline"`
	// Key is the object's key.
	Key string `json:"key,omitzero"`
}

// OSSBucket is an Alibaba Cloud OSS bucket and how to reach it.
type OSSBucket struct {
	// Endpoint is the host of the service.
	Endpoint string `json:"endpoint,omitzero"`
	// Bucket is its name.
	Bucket string `json:"bucket,omitzero"`
	// AccessKeySecret holds the access key.
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitzero"`
	// SecretKeySecret holds the secret key.
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitzero"`
	// CreateBucketIfNotPresent, if true, makes the bucket for outputs if there is none.
	CreateBucketIfNotPresent bool `json:"createBucketIfNotPresent,omitzero"`
	// SecurityToken is the token of credentials that last for a time.
	SecurityToken string `json:"securityToken,omitzero"`
	// LifecycleRule says when objects move or go.
	LifecycleRule *OSSLifecycleRule `json:"lifecycleRule,omitzero"`
	// UseSDKCreds, if true, finds credentials as the service's SDK does.
	UseSDKCreds bool `json:"useSDKCreds,omitzero"`
}

// OSSLifecycleRule says after how many days objects move or go. 0 is never.
type OSSLifecycleRule struct {
	// MarkInfrequentAccessAfterDays moves them to the class for infrequent access.
	MarkInfrequentAccessAfterDays int32 `json:"markInfrequentAccessAfterDays,omitzero"`
	// MarkDeletionAfterDays deletes them.
	MarkDeletionAfterDays int32 `json:"markDeletionAfterDays,omitzero"`
}

// AzureArtifact is a blob in Azure Storage.
type AzureArtifact struct {
	AzureBlobContainer `json:",inline"`
	// Blob is its name in the container.
	Blob string `json:"blob,omitzero"`
}

// AzureBlobContainer is a container of Azure Storage and how to reach it.
type AzureBlobContainer struct {
	// Endpoint is the account's URL: https://<account>.blob.core.windows.net.
	Endpoint string `json:"endpoint,omitzero"`
	// Container is its name.
	Container string `json:"container,omitzero"`
	// AccountKeySecret holds the account's key.
	AccountKeySecret *corev1.SecretKeySelector `json:"accountKeySecret,omitzero"`
	// UseSDKCreds, if true, finds credentials as Azure's SDK does.
	UseSDKCreds bool `json:"useSDKCreds,omitzero"`
}
