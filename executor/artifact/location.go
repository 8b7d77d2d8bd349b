package artifact

import (
	"net/url"
	"path"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// Kind is the name of the field that says where an artifact is kept, as "s3", or "plugin:NAME"; empty if there is none.
func Kind(l *spec.ArtifactLocation) string {
	switch {
	case l.S3 != nil:
		return "s3"
	case l.Git != nil:
		return "git"
	case l.HTTP != nil:
		return "http"
	case l.Artifactory != nil:
		return "artifactory"
	case l.HDFS != nil:
		return "hdfs"
	case l.Raw != nil:
		return "raw"
	case l.OSS != nil:
		return "oss"
	case l.GCS != nil:
		return "gcs"
	case l.Azure != nil:
		return "azure"
	case l.Plugin != nil:
		return "plugin:" + l.Plugin.Name
	default:
		return ""
	}
}

// Key is what a location has as a key: S3's, GCS's, OSS's and a plugin's key, Azure's blob, HDFS's path, the URL of HTTP
// and Artifactory. Git and raw have none.
func Key(l *spec.ArtifactLocation) string {
	if key := key(l); key != nil {
		return *key
	}
	return ""
}

// WithKey is the location with another key; the one given stays as it is. Git and raw have no key to change.
func WithKey(l spec.ArtifactLocation, to string) spec.ArtifactLocation {
	switch {
	case l.S3 != nil:
		l.S3 = new(*l.S3)
	case l.HTTP != nil:
		l.HTTP = new(*l.HTTP)
	case l.Artifactory != nil:
		l.Artifactory = new(*l.Artifactory)
	case l.HDFS != nil:
		l.HDFS = new(*l.HDFS)
	case l.OSS != nil:
		l.OSS = new(*l.OSS)
	case l.GCS != nil:
		l.GCS = new(*l.GCS)
	case l.Azure != nil:
		l.Azure = new(*l.Azure)
	case l.Plugin != nil:
		l.Plugin = new(*l.Plugin)
	}
	if key := key(&l); key != nil {
		*key = to
	}
	return l
}

// Join is the location of what is below it: its key with the names after it, and a slash between. A name may have slashes
// itself, but leads no further up than to the location. To a URL, which is the place too, the names are added as the end
// of its path, escaped. Git and raw stay as they are.
func Join(l spec.ArtifactLocation, names ...string) spec.ArtifactLocation {
	below := path.Join("/", path.Join(names...))
	at := Key(&l)
	if below == "/" || at == "" {
		return WithKey(l, at+below[1:])
	}
	end := len(at)
	if l.HTTP != nil || l.Artifactory != nil {
		below = (&url.URL{Path: below}).EscapedPath()
		if i := strings.IndexAny(at, "?#"); i >= 0 {
			end = i
		}
	}
	return WithKey(l, strings.TrimSuffix(at[:end], "/")+below+at[end:])
}

// below is what the keys of a directory's files begin with that is kept unpacked under a key.
func below(key string) string { return strings.TrimSuffix(key, "/") + "/" }

// KeyOnly says that a location has a kind, but not the place that its key is in: no bucket, no container, no addresses,
// no name of a plugin. Such a key is in the repository of the run.
func KeyOnly(l *spec.ArtifactLocation) bool {
	switch {
	case l.S3 != nil:
		return l.S3.Bucket == ""
	case l.GCS != nil:
		return l.GCS.Bucket == ""
	case l.OSS != nil:
		return l.OSS.Bucket == ""
	case l.Azure != nil:
		return l.Azure.Container == ""
	case l.HDFS != nil:
		return len(l.HDFS.Addresses) == 0
	default:
		return l.Plugin != nil && l.Plugin.Name == ""
	}
}

// key is where a location holds its key; nil if it has none.
func key(l *spec.ArtifactLocation) *string {
	switch {
	case l.S3 != nil:
		return &l.S3.Key
	case l.HTTP != nil:
		return &l.HTTP.URL
	case l.Artifactory != nil:
		return &l.Artifactory.URL
	case l.HDFS != nil:
		return &l.HDFS.Path
	case l.OSS != nil:
		return &l.OSS.Key
	case l.GCS != nil:
		return &l.GCS.Key
	case l.Azure != nil:
		return &l.Azure.Blob
	case l.Plugin != nil:
		return &l.Plugin.Key
	default:
		return nil
	}
}
