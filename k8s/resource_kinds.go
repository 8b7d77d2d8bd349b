package k8s

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// anyKind is the client of objects of all kinds that the cluster has.
type anyKind struct {
	dynamic dynamic.Interface
	mapper  meta.ResettableRESTMapper
	// short also knows the short names of resources.
	short meta.RESTMapper
}

// errNoConfig says that an Executor cannot know all kinds.
var errNoConfig = errors.New("an Executor that was made by New has no client for objects of all kinds: make it by FromConfig")

func newAnyKind(c *rest.Config) (*anyKind, error) {
	d, err := dynamic.NewForConfig(c)
	if err != nil {
		return nil, err
	}
	asks, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return nil, err
	}
	known := memory.NewMemCacheClient(asks)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(known)
	return &anyKind{d, mapper, restmapper.NewShortcutExpander(mapper, known, nil)}, nil
}

// mapping is how objects of a kind are asked for. The error is a *finalError if the cluster does not have the kind.
func (k *anyKind) mapping(kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	return look(k, func() (*meta.RESTMapping, error) { return k.mapper.RESTMapping(kind.GroupKind(), kind.Version) })
}

// named is the mapping of a kind by one of its names, as kubectl takes them: pod, pods, po, deployments.apps,
// deployments.v1.apps.
func (k *anyKind) named(name string) (*meta.RESTMapping, error) {
	full, short := schema.ParseResourceArg(strings.ToLower(name))
	return look(k, func() (*meta.RESTMapping, error) {
		var kind schema.GroupVersionKind
		var err error
		if full != nil {
			kind, err = k.short.KindFor(*full)
		}
		if full == nil || err != nil {
			kind, err = k.short.KindFor(short.WithVersion(""))
		}
		if err != nil {
			return nil, err
		}
		return k.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	})
}

// look looks again if a kind is not known: it may have come since.
func look[T any](k *anyKind, up func() (T, error)) (T, error) {
	found, err := up()
	if meta.IsNoMatchError(err) {
		k.mapper.Reset()
		found, err = up()
	}
	if meta.IsNoMatchError(err) {
		return found, &finalError{fmt.Errorf("the cluster does not have it: %w", err)}
	}
	return found, err
}
