package registry

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// keychain finds credentials in documents as Secrets of type kubernetes.io/dockerconfigjson hold them, as a node does:
// of the keys that match, the longest, and the first of those. Documents that cannot be read are passed over. If none
// matches, the credentials are those of this machine's Docker configuration.
type keychain [][]byte

// Resolve gives the credentials for a repository, those of nobody if there are none.
func (k keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	best, found := "", authn.Anonymous
	for _, document := range k {
		var config struct {
			Auths map[string]authn.AuthConfig `json:"auths"`
		}
		if json.Unmarshal(document, &config) != nil {
			continue
		}
		for key, auth := range config.Auths {
			key = location(key)
			if len(key) > len(best) && matches(key, location(r.String())) {
				best, found = key, authn.FromConfig(auth)
			}
		}
	}
	if found == authn.Anonymous {
		return authn.DefaultKeychain.Resolve(r)
	}
	return found, nil
}

// location is a key without its scheme, and without the version of the registry's API.
func location(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	key = strings.TrimSuffix(key, "/")
	for _, version := range []string{"/v1", "/v2"} {
		key = strings.TrimSuffix(key, version)
	}
	host, rest, deeper := strings.Cut(key, "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = "docker.io"
	}
	if deeper {
		return host + "/" + rest
	}
	return host
}

// matches says that a repository is at or below the location, in whose host each "*" is one name or a part of it.
func matches(key, repository string) bool {
	keyHost, keyPath, _ := strings.Cut(key, "/")
	host, at, _ := strings.Cut(repository, "/")
	if strings.Count(keyHost, ".") != strings.Count(host, ".") {
		return false
	}
	labels := func(host string) string { return strings.ReplaceAll(host, ".", "/") }
	if ok, err := path.Match(labels(keyHost), labels(host)); !ok || err != nil {
		return false
	}
	return keyPath == "" || at == keyPath || strings.HasPrefix(at, keyPath+"/")
}
