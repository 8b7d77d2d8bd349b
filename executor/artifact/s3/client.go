package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/internal/dial"
	"github.com/podflow/podflow/workflow/spec"
)

const aws = "amazonaws.com"

// shared are the connections to services whose certificates the machine can check.
var shared = sync.OnceValues(patient)

func patient() (*http.Transport, error) {
	t, err := minio.DefaultTransport(true)
	if err == nil {
		t.DialContext = dial.Patiently
	}
	return t, err
}

// newClient makes the client that a bucket is reached with.
func newClient(ctx context.Context, at *spec.S3Bucket, secrets artifact.Secrets) (*minio.Client, error) {
	endpoint, secure := at.Endpoint, at.Insecure == nil || !*at.Insecure
	if endpoint == "" {
		endpoint = "s3." + aws
	}
	lookup, ok := map[string]minio.BucketLookupType{
		"": minio.BucketLookupAuto, "auto": minio.BucketLookupAuto, "path": minio.BucketLookupPath, "virtual-hosted": minio.BucketLookupDNS,
	}[at.AddressingStyle]
	if !ok {
		return nil, fmt.Errorf("addressingStyle: expected path or virtual-hosted, not %q", at.AddressingStyle)
	}
	transport, err := newTransport(ctx, at, secrets)
	if err != nil {
		return nil, err
	}
	creds, err := newCredentials(ctx, at, secrets)
	if err != nil {
		return nil, err
	}
	if at.RoleARN != "" {
		if creds, err = assume(at, endpoint, secure, creds, transport); err != nil {
			return nil, fmt.Errorf("roleARN: %w", err)
		}
	}
	client, err := minio.New(endpoint, &minio.Options{
		Creds: creds, Secure: secure, Region: at.Region, BucketLookup: lookup, Transport: transport,
	})
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	return client, nil
}

// newTransport is the shared one, or one that trusts the bucket's own certificate authority.
func newTransport(ctx context.Context, at *spec.S3Bucket, secrets artifact.Secrets) (*http.Transport, error) {
	if at.CASecret == nil {
		return shared()
	}
	pem, err := secrets.Text(ctx, at.CASecret)
	if err != nil {
		return nil, fmt.Errorf("caSecret: %w", err)
	}
	transport, err := patient()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		return nil, errors.New("caSecret: expected certificates in PEM")
	}
	transport.TLSClientConfig.RootCAs = pool
	return transport, nil
}

// newCredentials are those of the Secrets, or else what AWS's SDKs would find.
func newCredentials(ctx context.Context, at *spec.S3Bucket, secrets artifact.Secrets) (*credentials.Credentials, error) {
	if at.AccessKeySecret == nil && at.SecretKeySecret == nil {
		return credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Region: at.Region},
		}), nil
	}
	access, err := secrets.Text(ctx, at.AccessKeySecret)
	if err != nil {
		return nil, fmt.Errorf("accessKeySecret: %w", err)
	}
	secret, err := secrets.Text(ctx, at.SecretKeySecret)
	if err != nil {
		return nil, fmt.Errorf("secretKeySecret: %w", err)
	}
	token, err := secrets.Text(ctx, at.SessionTokenSecret)
	if err != nil {
		return nil, fmt.Errorf("sessionTokenSecret: %w", err)
	}
	return credentials.NewStaticV4(strings.TrimSpace(access), strings.TrimSpace(secret), strings.TrimSpace(token)), nil
}

// assume gives the credentials of a role. AWS has a service for it, others answer at the endpoint of the bucket.
func assume(at *spec.S3Bucket, endpoint string, secure bool, own *credentials.Credentials, transport *http.Transport) (*credentials.Credentials, error) {
	client := &http.Client{Transport: transport}
	is, err := own.GetWithContext(&credentials.CredContext{Client: client, Endpoint: endpoint})
	if err != nil {
		return nil, err
	}
	url := "https://"
	if !secure {
		url = "http://"
	}
	switch {
	case !strings.HasSuffix(endpoint, aws):
		url += endpoint
	case at.Region == "":
		url += "sts." + aws
	default:
		url += "sts." + at.Region + "." + aws
	}
	return credentials.New(&credentials.STSAssumeRole{
		Client: client, STSEndpoint: url,
		Options: credentials.STSAssumeRoleOptions{
			AccessKey: is.AccessKeyID, SecretKey: is.SecretAccessKey, SessionToken: is.SessionToken,
			Location: at.Region, RoleARN: at.RoleARN, RoleSessionName: "podflow",
		},
	}), nil
}
