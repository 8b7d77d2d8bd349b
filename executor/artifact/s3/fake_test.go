package s3_test

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fake is as much of S3 as artifacts need, under paths of buckets. It believes every signature. Bytes are files, so that
// a test can see how much memory a client needs.
type fake struct {
	dir     string
	mu      sync.Mutex
	buckets map[string]map[string]string // files by key
	uploads map[string]map[int]string    // by ID, then by number of the part
	seen    []*http.Request              // without bodies
	next    int
	cut     int64  // how many bytes of an object go through a connection before it breaks; 0: all
	secret  string // what AssumeRole gives as a token
}

func newFake(dir, bucket string) *fake {
	return &fake{dir: dir, buckets: map[string]map[string]string{bucket: {}}, uploads: map[string]map[int]string{}}
}

// write makes a file.
func (f *fake) write(from ...io.Reader) (string, error) {
	file, err := os.CreateTemp(f.dir, "")
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = io.Copy(file, io.MultiReader(from...))
	return file.Name(), err
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING") {
		body = &unchunked{r: bufio.NewReader(r.Body)}
	}
	file, err := f.write(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r)
	if r.URL.Path == "/" && r.Method == http.MethodPost {
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>role</AccessKeyId><SecretAccessKey>of</SecretAccessKey>`+
			`<SessionToken>%s</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, f.secret)
		return
	}
	name, key, ofObject := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	bucket, ok := f.buckets[name]
	switch {
	case !ok && r.Method == http.MethodPut && !ofObject || !ok && r.Method == http.MethodPut && key == "":
		f.buckets[name] = map[string]string{}
	case !ok:
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case r.URL.Query().Has("location"):
		_, _ = io.WriteString(w, `<LocationConstraint></LocationConstraint>`)
	case key == "" && r.Method == http.MethodGet:
		list(w, bucket, r)
	case key != "":
		f.object(w, r, bucket, key, file)
	}
}

func (f *fake) object(w http.ResponseWriter, r *http.Request, bucket map[string]string, key, file string) {
	id := r.URL.Query().Get("uploadId")
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
		f.next++
		id = strconv.Itoa(f.next)
		f.uploads[id] = map[int]string{}
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, id)
	case id != "" && f.uploads[id] == nil:
		refuse(w, http.StatusNotFound, "NoSuchUpload")
	case r.Method == http.MethodPost:
		var parts []io.Reader
		for _, n := range slices.Sorted(maps.Keys(f.uploads[id])) {
			part, _ := os.Open(f.uploads[id][n])
			defer part.Close()
			parts = append(parts, part)
		}
		bucket[key], _ = f.write(parts...)
		delete(f.uploads, id)
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><Bucket>x</Bucket><ETag>"x"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut && id != "":
		n, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		f.uploads[id][n] = file
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodPut:
		bucket[key] = file
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodDelete && id != "":
		delete(f.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		delete(bucket, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		value, err := os.Open(bucket[key])
		if err != nil {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		defer value.Close()
		w.Header().Set("ETag", `"`+filepath.Base(bucket[key])+`"`)
		http.ServeContent(&cutting{w, f.cut}, r, "", time.Unix(1e9, 0), value)
	}
}

// cutting breaks a connection when so much has gone through it.
type cutting struct {
	http.ResponseWriter
	left int64
}

func (c *cutting) Write(b []byte) (int, error) {
	if c.left == 0 {
		return c.ResponseWriter.Write(b)
	}
	n, _ := c.ResponseWriter.Write(b[:min(int64(len(b)), c.left)])
	if c.left -= int64(n); c.left == 0 {
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// list gives pages of a thousand keys.
func list(w http.ResponseWriter, bucket map[string]string, r *http.Request) {
	const page = 1000
	type content struct{ Key, LastModified string }
	var res struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []content
	}
	after := r.URL.Query().Get("continuation-token")
	for _, key := range slices.Sorted(maps.Keys(bucket)) {
		if !strings.HasPrefix(key, r.URL.Query().Get("prefix")) || key <= after {
			continue
		}
		if len(res.Contents) == page {
			res.IsTruncated, res.NextContinuationToken = true, res.Contents[page-1].Key
			break
		}
		res.Contents = append(res.Contents, content{key, "2006-01-02T15:04:05Z"})
	}
	_ = xml.NewEncoder(w).Encode(res)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<Error><Code>%s</Code><Message>refused by the fake</Message></Error>`, code)
}

// unchunked is a body without its signed chunks.
type unchunked struct {
	r    *bufio.Reader
	left int64 // of the chunk
	end  bool
}

func (u *unchunked) Read(b []byte) (int, error) {
	for u.left == 0 && !u.end {
		line, err := u.r.ReadString('\n')
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		if line = strings.TrimSpace(line); line == "" {
			continue // after a chunk
		}
		hex, _, _ := strings.Cut(line, ";")
		if u.left, err = strconv.ParseInt(hex, 16, 64); err != nil {
			return 0, err
		}
		u.end = u.left == 0
	}
	if u.end {
		_, _ = io.Copy(io.Discard, u.r)
		return 0, io.EOF
	}
	n, err := u.r.Read(b[:min(int64(len(b)), u.left)])
	u.left -= int64(n)
	return n, err
}
