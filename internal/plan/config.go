package plan

import (
	"maps"
	"slices"

	"github.com/podflow/podflow/workflow/spec"
)

// ConfigKey is a key of a ConfigMap whose value a workflow uses.
type ConfigKey struct {
	Path string
	// ConfigMap and Key may have tags of what belongs to the run.
	ConfigMap, Key Text
	// Default is the value where there is none; nil: then it is an error.
	Default *string
}

// Variable is the name under which a run has the value.
func (k *ConfigKey) Variable() string { return "configMaps." + k.ConfigMap.Source + "." + k.Key.Source }

// configValue is the value of a key of a ConfigMap, or nil if v is of something else.
func (c *compiler) configValue(path string, v *spec.ValueFrom) *Text {
	r := v.ConfigMapKeyRef
	if r == nil {
		return nil
	}
	s := scope{c: c, call: -1}
	name, key := s.parse(path+".valueFrom.configMapKeyRef.name", r.Name), s.parse(path+".valueFrom.configMapKeyRef.key", r.Key)
	k := ConfigKey{Path: path, ConfigMap: name, Key: key}
	if v.Default != nil {
		d := string(*v.Default)
		k.Default = &d
	} else if isTrue(r.Optional) {
		k.Default = new(string)
	}
	c.plan.Config = append(c.plan.Config, k)
	n := k.Variable()
	return &Text{Source: n, Refs: []Ref{{end: int32(len(n)), Kind: RefRun, Name: n}}}
}

func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
