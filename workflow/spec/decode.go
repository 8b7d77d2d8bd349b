package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/podflow/podflow/internal/nearest"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// What [Decode] reads at most. Beyond it there is an error.
const (
	// MaxBytes is how long the input may be.
	MaxBytes = 32 << 20
	// MaxDepth is how deep lists and objects may be in each other.
	MaxDepth = 100
	// MaxAliased is how many values YAML aliases and merge keys may add to those that are written.
	MaxAliased = 100_000
	// MaxProblems is how many problems are listed.
	MaxProblems = 100
)

// Object is a pointer to one of this package's five kinds, or to a ConfigMap, PersistentVolumeClaim or ResourceQuota of
// k8s.io/api/core/v1.
type Object interface {
	// Object is its metadata: GetName, GetLabels and the like.
	metav1.Object
	// GetObjectKind is its apiVersion and kind.
	GetObjectKind() schema.ObjectKind
}

// kind is a type of objects.
type kind struct {
	apiVersion string
	object     reflect.Type
}

// kinds are the objects by their kind. Secrets are left out on purpose.
var kinds = map[string]kind{
	"Workflow":                {APIVersion, reflect.TypeFor[Workflow]()},
	"WorkflowTemplate":        {APIVersion, reflect.TypeFor[WorkflowTemplate]()},
	"ClusterWorkflowTemplate": {APIVersion, reflect.TypeFor[ClusterWorkflowTemplate]()},
	"CronWorkflow":            {APIVersion, reflect.TypeFor[CronWorkflow]()},
	"WorkflowEventBinding":    {APIVersion, reflect.TypeFor[WorkflowEventBinding]()},
	"ConfigMap":               {"v1", reflect.TypeFor[corev1.ConfigMap]()},
	"PersistentVolumeClaim":   {"v1", reflect.TypeFor[corev1.PersistentVolumeClaim]()},
	"ResourceQuota":           {"v1", reflect.TypeFor[corev1.ResourceQuota]()},
}

// DecodeError is one problem of an input.
type DecodeError struct {
	// Line is where it is, from 1, or 0 if that is not known.
	Line int
	// Path is the field that it is about, from the top of its document. An element of a list is called by its name, if
	// it has one, else by its place from 0; a key of a map is in brackets too:
	// `spec.templates[diamond].dag.tasks[B].arguments.parameters[0]`. Empty is the document itself.
	Path string
	// Problem is what is wrong and what was expected.
	Problem string
}

// Error is `line 7: spec.templates[echo].comand: unknown field; did you mean "command"?`.
func (e *DecodeError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// Decode reads the objects of one or many YAML documents, or of JSON. It is strict: an unknown kind or field, a value
// of a wrong type, a key that is there twice, is a problem. So is a Secret: secrets do not belong into files that are
// kept beside workflows. All problems are reported, as *[DecodeError]s that are
// joined (up to [MaxProblems]); then there are no objects. After a syntax error nothing more is read.
//
// Empty documents are left out, and null is the same as leaving a field out. A plain yes, no, on, off, y or n counts
// as a boolean where one is expected; elsewhere it is refused, because versions of YAML disagree whether it is text.
// An error of reading r is returned as it is.
//
// An input can take some hundred times its length in memory: who decodes what strangers send bounds r further.
func Decode(r io.Reader) ([]Object, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, &DecodeError{Problem: fmt.Sprintf("the input is longer than %d bytes", MaxBytes)}
	}
	d := &decoder{budget: len(data) + MaxAliased}
	var objects []Object
	for documents := yaml.NewDecoder(bytes.NewReader(data)); !d.stopped; {
		var document yaml.Node
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			d.problems = append(d.problems, syntaxError(err))
			break
		}
		if o := d.document(&document); o != nil {
			objects = append(objects, o)
		}
	}
	if d.problems != nil {
		return nil, errors.Join(d.problems...)
	}
	return objects, nil
}

// document is the object of a document, or nil if it is empty or has no kind.
func (d *decoder) document(document *yaml.Node) Object {
	root := document.Content[0]
	if isNull(root) {
		return nil
	}
	at := &path{node: root}
	if root.Kind != yaml.MappingNode {
		d.mismatch(root, at, "an object with apiVersion and kind")
		return nil
	}
	t := d.kind(root, at)
	if t == nil {
		return nil
	}
	v := reflect.New(t)
	d.value(root, v.Elem(), at)
	return v.Interface().(Object)
}

// kind is the type of the object that root is, or nil after a problem.
func (d *decoder) kind(root *yaml.Node, at *path) reflect.Type {
	var apiVersion, name *yaml.Node
	for i := 0; i < len(root.Content); i += 2 {
		value := root.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch root.Content[i].Value {
		case "apiVersion":
			apiVersion = value
		case "kind":
			name = value
		}
	}
	k := kind{apiVersion: APIVersion}
	if name != nil {
		if known, ok := kinds[name.Value]; ok {
			k = known
		} else if apiVersion != nil {
			k.apiVersion = apiVersion.Value // that of a kind which is not known here
		}
	}
	if apiVersion == nil {
		d.problem(root, at.field("apiVersion"), "missing; expected "+strconv.Quote(k.apiVersion))
	} else if apiVersion.Value != k.apiVersion {
		d.problem(apiVersion, at.field("apiVersion"), fmt.Sprintf("unknown version %.60q; expected %q", apiVersion.Value, k.apiVersion))
	}
	names := slices.Sorted(maps.Keys(kinds))
	switch {
	case name == nil:
		d.problem(root, at.field("kind"), "missing; expected one of "+strings.Join(names, ", "))
	case name.Value == "Secret":
		d.problem(name, at.field("kind"), "a Secret is not read: secrets do not belong into files that are kept")
	case k.object == nil:
		hint := nearest.Hint(name.Value, slices.Values(names))
		if hint == "" {
			hint = "; expected one of " + strings.Join(names, ", ")
		}
		d.problem(name, at.field("kind"), fmt.Sprintf("unknown kind %.60q", name.Value)+hint)
	}
	return k.object
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError is the parser's error as a DecodeError.
func syntaxError(err error) *DecodeError {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return &DecodeError{Problem: text}
	}
	line, _ := strconv.Atoi(m[1])
	return &DecodeError{Line: line, Problem: "not YAML: " + text[len(m[0]):]}
}
