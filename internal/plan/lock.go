package plan

import (
	"fmt"

	"github.com/podflow/podflow/workflow/spec"
)

// Lock is a mutex, or a semaphore whose limit is a key of a ConfigMap.
type Lock struct {
	// Path is where it stands, below its workflow or template: synchronization.mutexes[build].
	Path string
	// Name is the mutex's, or the ConfigMap's.
	Name Text
	// Key is the ConfigMap's; nil for a mutex.
	Key *Text
	// Namespace is the lock's; nil: the workflow's.
	Namespace *Text
}

// locks compiles what is held while something runs; path ends in synchronization.
func (s *scope) locks(path string, y *spec.Synchronization) []Lock {
	if y == nil {
		return nil
	}
	var locks []Lock
	add := func(at, name string, key *string, namespace string) {
		full := path + "." + at
		if name == "" {
			s.c.problem(full+".name", "there is none: it says which lock it is")
		}
		l := Lock{Path: "synchronization." + at, Name: s.parse(full+".name", name), Namespace: s.text(full+".namespace", namespace)}
		if key != nil {
			if *key == "" {
				s.c.problem(full+".key", "there is none: it is where the ConfigMap has the limit")
			}
			k := s.parse(full+".key", *key)
			l.Key = &k
		}
		locks = append(locks, l)
	}
	for i := range y.Semaphores {
		r := &y.Semaphores[i]
		at := fmt.Sprintf("semaphores[%d]", i)
		switch {
		case r.Database != nil:
			s.c.unsupported(path+"."+at+".database", "a lock in a database")
		case r.ConfigMapKeyRef == nil:
			s.c.problem(path+"."+at+".configMapKeyRef", "there is none: it says which key of a ConfigMap has the limit")
		default:
			if r.Namespace != "" {
				s.c.warn(path+"."+at+".namespace", "it tells semaphores apart; the ConfigMap is read where all ConfigMaps are")
			}
			add(at+".configMapKeyRef", r.ConfigMapKeyRef.Name, &r.ConfigMapKeyRef.Key, r.Namespace)
		}
	}
	for i := range y.Mutexes {
		x := &y.Mutexes[i]
		at := fmt.Sprintf("mutexes[%d]", i)
		if x.Database {
			s.c.unsupported(path+"."+at+".database", "a lock in a database")
			continue
		}
		add(at, x.Name, nil, x.Namespace)
	}
	return locks
}
