package s3_test

import (
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/artifacttest"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/workflow/spec"
)

// planted are the Secrets of the tests; no error may hold a value.
var planted = map[string]string{"access": "planted-a\n", "secret": "planted-s", "token": "planted-t", "key": strings.Repeat("planted!", 4)}

// serve starts a fake, by HTTPS if it is to be secure, and gives the location of its bucket b.
func serve(t *testing.T, secure bool, edit func(*spec.S3Bucket)) (*fake, spec.ArtifactLocation, artifact.Secrets) {
	f := newFake(t.TempDir(), "bkt")
	s := httptest.NewUnstartedServer(f)
	at := spec.S3Bucket{Bucket: "bkt", Region: "here", Insecure: new(!secure), AccessKeySecret: secret("access"), SecretKeySecret: secret("secret")}
	values := map[string]string{}
	for k, v := range planted {
		values[k] = v
	}
	if secure {
		s.StartTLS()
		values["ca"] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
		at.CASecret = secret("ca")
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	_, at.Endpoint, _ = strings.Cut(s.URL, "://")
	if edit != nil {
		edit(&at)
	}
	return f, spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: at}}, from(values)
}

func open(t *testing.T, at spec.ArtifactLocation, secrets artifact.Secrets) artifact.Store {
	t.Helper()
	store, _, err := artifact.New(secrets, s3.Driver{}).Open(t.Context(), &at)
	require.NoError(t, err)
	return store
}

func TestConforms(t *testing.T) {
	f, at, secrets := serve(t, false, nil)
	artifacttest.Run(t, func(t *testing.T) artifact.Store { return open(t, at, secrets) })
	assert.Empty(t, f.uploads, "what did not end is given up")
}

func TestRequests(t *testing.T) {
	for name, tc := range map[string]struct {
		edit       func(*spec.S3Bucket)
		secure     bool
		put, get   map[string]string // headers
		authorized string
	}{
		"Plain": {authorized: "Credential=planted-a/"},
		"TLS":   {secure: true, authorized: "Credential=planted-a/"},
		"SessionToken": {
			edit: func(b *spec.S3Bucket) { b.SessionTokenSecret = secret("token") },
			put:  map[string]string{"X-Amz-Security-Token": "planted-t"}, get: map[string]string{"X-Amz-Security-Token": "planted-t"},
		},
		"Env": {
			edit: func(b *spec.S3Bucket) { b.AccessKeySecret, b.SecretKeySecret, b.UseSDKCreds = nil, nil, true }, authorized: "Credential=of-env/",
		},
		"Role": {
			edit:       func(b *spec.S3Bucket) { b.RoleARN = "arn:aws:iam::1:role/x" },
			authorized: "Credential=role/", put: map[string]string{"X-Amz-Security-Token": "planted-r"},
		},
		"Encrypted": {
			edit: func(b *spec.S3Bucket) { b.EncryptionOptions = &spec.S3EncryptionOptions{EnableEncryption: true} },
			put:  map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}, get: map[string]string{"X-Amz-Server-Side-Encryption": ""},
		},
		"KMS": {
			edit: func(b *spec.S3Bucket) {
				b.EncryptionOptions = &spec.S3EncryptionOptions{EnableEncryption: true, KmsKeyID: "k", KmsEncryptionContext: `{"a":"b"}`}
			},
			put: map[string]string{
				"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "k", "X-Amz-Server-Side-Encryption-Context": "eyJhIjoiYiJ9",
			},
			get: map[string]string{"X-Amz-Server-Side-Encryption": ""},
		},
		"OwnKey": {
			secure: true,
			edit: func(b *spec.S3Bucket) {
				b.EncryptionOptions = &spec.S3EncryptionOptions{EnableEncryption: true, ServerSideCustomerKeySecret: secret("key")}
			},
			put: map[string]string{"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256"},
			get: map[string]string{"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256"},
		},
		"NotEnabled": {
			edit: func(b *spec.S3Bucket) { b.EncryptionOptions = &spec.S3EncryptionOptions{KmsKeyID: "k"} },
			put:  map[string]string{"X-Amz-Server-Side-Encryption": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "of-env")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "planted-e")
			f, at, secrets := serve(t, tc.secure, tc.edit)
			f.secret = "planted-r"
			store := open(t, at, secrets)
			require.NoError(t, store.Put(t.Context(), "a/b", strings.NewReader("text")))
			require.NoError(t, store.Put(t.Context(), "large", strings.NewReader(strings.Repeat("x", 20<<20))))
			r, err := store.Get(t.Context(), "a/b")
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, "text", string(text))
			seen := map[string]int{}
			for _, r := range f.seen {
				want := map[string]map[string]string{"PUT /bkt/a/b": tc.put, "GET /bkt/a/b": tc.get, "POST /bkt/large?uploads=": tc.put}[r.Method+" "+r.URL.String()]
				for name, value := range want {
					assert.Equal(t, value, r.Header.Get(name), "%s of %s", name, r.Method)
				}
				if strings.HasPrefix(r.URL.Path, "/bkt/") {
					assert.Contains(t, r.Header.Get("Authorization"), tc.authorized)
				}
				seen[r.Method+" "+r.URL.Path]++
			}
			assert.Equal(t, 1, seen["PUT /bkt/a/b"], "what is small is one request")
			assert.Equal(t, 3, seen["PUT /bkt/large"], "what is large has parts of 8 MiB")
			assert.Equal(t, 1, seen["GET /bkt/a/b"])
		})
	}
}

func TestBucketIsMade(t *testing.T) {
	f, at, secrets := serve(t, false, func(b *spec.S3Bucket) { b.Bucket = "new" })
	err := open(t, at, secrets).Put(t.Context(), "a", strings.NewReader("1"))
	require.ErrorContains(t, err, "bucket new")
	require.NotErrorIs(t, err, fs.ErrNotExist)
	at.S3.CreateBucketIfNotPresent = &spec.CreateS3BucketOptions{}
	for range 2 {
		require.NoError(t, open(t, at, secrets).Put(t.Context(), "a", strings.NewReader("1")))
	}
	assert.FileExists(t, f.buckets["new"]["a"])
}

func TestStreamThatBreaks(t *testing.T) {
	f, at, secrets := serve(t, false, nil)
	broken := errors.New("broken")
	err := open(t, at, secrets).Put(t.Context(), "a", io.MultiReader(strings.NewReader(strings.Repeat("x", 30<<20)), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	assert.Empty(t, f.uploads)
	assert.Empty(t, f.buckets["bkt"])
}

func TestConnectionThatBreaks(t *testing.T) {
	f, at, secrets := serve(t, false, nil)
	store := open(t, at, secrets)
	text := strings.Repeat("0123456789", 100_000)
	require.NoError(t, store.Put(t.Context(), "a", strings.NewReader(text)))
	f.cut = 300_001
	r, err := store.Get(t.Context(), "a")
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.True(t, text == string(got))

	r, err = store.Get(t.Context(), "a")
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 1000))
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), "a", strings.NewReader(strings.ToUpper(text))))
	_, err = io.ReadAll(r)
	require.ErrorContains(t, err, "bucket bkt", "bytes of two objects are not mixed")
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for want, edit := range map[string]func(*spec.S3Bucket){
		"bucket: expected":                   func(b *spec.S3Bucket) { b.Bucket = "" },
		"addressingStyle: expected path":     func(b *spec.S3Bucket) { b.AddressingStyle = "virtual" },
		"endpoint: ":                         func(b *spec.S3Bucket) { b.Endpoint = "http://host/path" },
		`accessKeySecret: secret "cred", ke`: func(b *spec.S3Bucket) { b.AccessKeySecret = secret("absent") },
		"caSecret: expected certificates":    func(b *spec.S3Bucket) { b.CASecret = secret("secret") },
		"serverSideCustomerKeySecret: expec": func(b *spec.S3Bucket) {
			b.EncryptionOptions = &spec.S3EncryptionOptions{EnableEncryption: true, ServerSideCustomerKeySecret: secret("secret")}
		},
		"kmsEncryptionContext: expected": func(b *spec.S3Bucket) {
			b.EncryptionOptions = &spec.S3EncryptionOptions{EnableEncryption: true, KmsKeyID: "k", KmsEncryptionContext: "{"}
		},
	} {
		_, at, secrets := serve(t, false, edit)
		_, _, err := artifact.New(secrets, s3.Driver{}).Open(t.Context(), &at)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "planted")
	}
	_, _, err := artifact.New(nil, s3.Driver{}).Open(t.Context(), &spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{Bucket: "bkt", AccessKeySecret: secret("a")}}})
	require.ErrorContains(t, err, "there are no Secrets here")
}
