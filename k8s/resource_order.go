package k8s

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// order is what a resource template says is to be done.
type order struct {
	action string
	// objects are those of the manifest, unless patch is not about an object that it names itself.
	objects []*unstructured.Unstructured
	patch   []byte
	as      types.PatchType
	owned   bool
	flags
	// success are all to hold, and of failure none is.
	success, failure labels.Requirements
	outputs          []picked
}

var resourceActions = []string{"get", "create", "apply", "delete", "replace", "patch"}

var patchTypes = map[string]types.PatchType{
	"": types.StrategicMergePatchType, "strategic": types.StrategicMergePatchType, "merge": types.MergePatchType, "json": types.JSONPatchType,
}

// hasTag says that a text is not what it will be when the template runs.
func hasTag(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, "{{") })
}

// readOrder reads a template, and gives all that is wrong with it. Texts that have tags are left for later: there are
// none when it runs.
func readOrder(t *spec.Template) (*order, problems) {
	var p problems
	r := t.Resource
	o := &order{action: r.Action, owned: r.SetOwnerReference}
	manifest, later := manifestOf(&p, r)
	var err error
	if !hasTag(r.Flags...) {
		if err = o.flags.read(r.Action, r.Flags); err != nil {
			p.add("resource.flags", "%v", err)
		}
	}
	if !hasTag(r.Action) && !slices.Contains(resourceActions, r.Action) {
		p.add("resource.action", "unknown action %q%s; there are %s", r.Action,
			nearest.Hint(r.Action, slices.Values(resourceActions)), strings.Join(resourceActions, ", "))
	}
	o.readPatch(&p, r)
	if !later && !hasTag(manifest) && !hasTag(r.Flags...) && err == nil {
		o.readManifest(&p, manifest)
	}
	if o.success, err = conditions(r.SuccessCondition); err != nil {
		p.add("resource.successCondition", "%v", err)
	}
	if o.failure, err = conditions(r.FailureCondition); err != nil {
		p.add("resource.failureCondition", "%v", err)
	}
	if waits := r.SuccessCondition != "" || r.FailureCondition != ""; waits && (o.many || r.Action == "delete") {
		p.add("resource", "a condition is about objects that are there and have a name")
	}
	if o.owned && !slices.Contains([]string{"create", "apply", "replace"}, r.Action) && !hasTag(r.Action) {
		p.add("resource.setOwnerReference", "it is for create, apply and replace, not for %s", r.Action)
	}
	o.readOutputs(&p, t.Outputs.Parameters)
	return o, p
}

// manifestOf is the text of the manifest. Later says that it is an artifact's, which the run reads before it executes the
// template.
func manifestOf(p *problems, r *spec.Resource) (text string, later bool) {
	from := r.ManifestFrom
	switch {
	case from == nil || from.Artifact == nil:
		return r.Manifest, false
	case r.Manifest != "":
		p.add("resource.manifestFrom", "there is a manifest too")
		return r.Manifest, false
	case from.Artifact.Raw == nil:
		return "", true
	}
	return from.Artifact.Raw.Data, false
}

func (o *order) readPatch(p *problems, r *spec.Resource) {
	as, known := patchTypes[r.MergeStrategy]
	switch {
	case !known && !hasTag(r.MergeStrategy):
		p.add("resource.mergeStrategy", "unknown strategy %q; there are strategic, merge, json", r.MergeStrategy)
	case r.MergeStrategy != "" && r.Action != "patch" && !hasTag(r.Action):
		p.add("resource.mergeStrategy", "it is for patch, not for %s", r.Action)
	}
	o.as = as
}

// readManifest reads the objects that the manifest names, or the patch for what the flags name.
func (o *order) readManifest(p *problems, text string) {
	const path = "resource.manifest"
	if o.action == "patch" && o.kind != "" {
		patch, err := yaml.YAMLToJSONStrict([]byte(text))
		if err != nil {
			p.add(path, "%v", err)
		}
		if string(patch) == "null" {
			p.add(path, "the patch is empty")
		}
		o.patch = patch
		return
	}
	objects, err := readObjects(text)
	if err != nil {
		p.add(path, "%v", err)
		return
	}
	switch {
	case o.kind != "" && len(objects) > 0:
		p.add("resource.flags", "%s is named by the flags, and there is a manifest too", o.kind)
	case o.kind == "" && o.action == "patch" && o.as == types.JSONPatchType:
		p.add("resource.flags", "a json patch needs the kind and the name of its object here, as [pod, NAME]")
	case o.kind == "" && len(objects) == 0:
		p.add(path, "it has no object")
	}
	for _, object := range objects {
		if n := object.GetNamespace(); n != "" && o.namespace != "" && n != o.namespace {
			p.add("resource.flags", "the namespace %q is not %q, that of the manifest", o.namespace, n)
		}
		if o.action != "create" && object.GetName() == "" {
			p.add(path, "a %s needs a metadata.name to %s it", object.GetKind(), o.action)
		} else if object.GetName() == "" && object.GetGenerateName() == "" {
			p.add(path, "a %s needs a metadata.name or metadata.generateName", object.GetKind())
		}
		if o.action == "patch" {
			o.patch, _ = object.MarshalJSON() // it was read from JSON
		}
	}
	if o.action == "patch" && len(objects) > 1 {
		p.add(path, "a patch is of one object")
	}
	o.objects = objects
}

// readObjects reads the objects of a manifest, those of Lists one by one.
func readObjects(text string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		raw, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(raw, []byte("null")) {
			continue
		}
		decoded, _, err := unstructured.UnstructuredJSONScheme.Decode(raw, nil, nil)
		if err != nil {
			return nil, err
		}
		switch d := decoded.(type) {
		case *unstructured.Unstructured:
			if d.GetAPIVersion() == "" {
				return nil, fmt.Errorf("a %s needs an apiVersion", d.GetKind())
			}
			objects = append(objects, d)
		case *unstructured.UnstructuredList:
			for i := range d.Items {
				objects = append(objects, &d.Items[i])
			}
		}
	}
}
