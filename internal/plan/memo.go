package plan

import (
	"regexp"

	"github.com/podflow/podflow/workflow/spec"
)

// Memo says under which key the outputs of a template are kept, and used again instead of running.
type Memo struct {
	// Key is what they are kept under in the cache.
	Key Text
	// Cache is the cache's name, which is that of a ConfigMap.
	Cache Text
	// MaxAge is how old they may be; nil: as old as they are.
	MaxAge *Text
}

// memoKey is what Argo permits as a key.
var memoKey = regexp.MustCompile("^[a-zA-Z0-9][-a-zA-Z0-9]*$")

// KeyProblem is what is wrong with a key, or empty.
func (m *Memo) KeyProblem(key string) string {
	if memoKey.MatchString(key) {
		return ""
	}
	return "expected letters, digits and hyphens, and no hyphen first"
}

// memo compiles the memoize rule of a template.
func (s *scope) memo(path string, m *spec.Memoize) *Memo {
	if m == nil {
		return nil
	}
	memo := &Memo{Key: s.parse(path+".key", m.Key), MaxAge: s.duration(path+".maxAge", m.MaxAge)}
	if wrong := memo.KeyProblem(m.Key); wrong != "" && len(memo.Key.Refs) == 0 {
		s.c.problem(path+".key", "%q: %s", m.Key, wrong)
	}
	if m.Cache == nil || m.Cache.ConfigMap == nil || m.Cache.ConfigMap.Name == "" {
		s.c.problem(path+".cache.configMap.name", "there is none: it is the name of the cache")
		return memo
	}
	memo.Cache = s.parse(path+".cache.configMap.name", m.Cache.ConfigMap.Name)
	return memo
}
