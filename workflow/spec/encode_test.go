package spec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type jsonNumber = json.Number

func encode(t *testing.T, objects ...spec.Object) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, spec.Encode(&b, objects...))
	return b.String()
}

func decode(t *testing.T, input string) []spec.Object {
	t.Helper()
	objects, err := spec.Decode(strings.NewReader(input))
	require.NoError(t, err)
	return objects
}

// TestEncodeKeeps is documents that come back letter for letter: what was said explicitly is not lost, nothing is added,
// and text that looks like something else is quoted.
func TestEncodeKeeps(t *testing.T) {
	tests := map[string]string{
		"nothing":          "spec: {}\n",
		"an empty value":   "spec:\n  arguments:\n    parameters:\n      - name: a\n        default: \"\"\n        value: \"\"\n",
		"empty lists":      "spec:\n  arguments:\n    parameters: []\n  templates:\n    - dag:\n        tasks:\n          - name: a\n            withItems: []\n",
		"empty objects":    "spec:\n  templates:\n    - suspend: {}\n    - retryStrategy:\n        affinity:\n          nodeAntiAffinity: {}\n  volumes:\n    - name: a\n      emptyDir: {}\n",
		"supplied, none":   "spec:\n  templates:\n    - outputs:\n        parameters:\n          - name: a\n            valueFrom:\n              supplied: {}\n        artifacts:\n          - name: b\n            archive:\n              none: {}\n",
		"explicit falses":  "spec:\n  templates:\n    - dag:\n        failFast: false\n  suspend: false\n  automountServiceAccountToken: false\n",
		"explicit zeros":   "spec:\n  activeDeadlineSeconds: 0\n  ttlStrategy:\n    secondsAfterSuccess: 0\n",
		"numbers or texts": "spec:\n  templates:\n    - activeDeadlineSeconds: 10\n      retryStrategy:\n        limit: \"10\"\n",
		"texts":            "spec:\n  templates:\n    - container:\n        args:\n          - \"yes\"\n          - \"1\"\n          - \"1.5\"\n          - \"12:30:45\"\n          - \"0x1F\"\n          - \"null\"\n          - \"~\"\n          - \"true\"\n          - \"\"\n          - '{{inputs.parameters.a}}'\n          - '# a'\n          - 'a: b'\n          - \"2020-01-01\"\n          - 3.6-alpine\n",
		"lines":            "spec:\n  templates:\n    - script:\n        source: |\n          echo a\n            echo b\n",
		"lines, no end":    "spec:\n  templates:\n    - script:\n        source: |-\n          a\n\n          b\n",
		"odd lines":        "spec:\n  templates:\n    - script:\n        source: \" a\\n\\tb\\r\\n\"\n",
		"items":            "spec:\n  templates:\n    - dag:\n        tasks:\n          - withItems:\n              - a\n              - \"1\"\n              - 1\n              - 1.50\n              - -1e30\n              - 12345678901234567890123\n              - true\n              - null\n              - z: 1\n                a:\n                  - {}\n                  - []\n",
		"plugin":           "spec:\n  templates:\n    - plugin:\n        hello:\n          b: <&>\n          a: null\n",
		"buckets":          "spec:\n  metrics:\n    prometheus:\n      - histogram:\n          buckets:\n            - 1\n            - 2.50\n",
		"bytes":            "spec:\n  templates:\n    - http:\n        bodyFrom:\n          bytes: aGVsbG8=\n",
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			input := head + body
			if body == "spec: {}\n" {
				assert.Equal(t, head, encode(t, decode(t, input)...))
				return
			}
			assert.Equal(t, input, encode(t, decode(t, input)...))
		})
	}
}

func TestEncodeIsWithoutNoise(t *testing.T) {
	wf := &spec.Workflow{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "hello-", Labels: map[string]string{"b": "1", "a": "2"}},
		Spec: spec.WorkflowSpec{
			Entrypoint:           "main",
			Templates:            []spec.Template{{Name: "main", Container: &corev1.Container{Image: "alpine"}}},
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "work"}}},
		},
	}
	cron := &spec.CronWorkflow{Spec: spec.CronWorkflowSpec{Schedules: []string{"* * * * *"}}}
	assert.Equal(t, `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: hello-
  labels:
    a: "2"
    b: "1"
spec:
  entrypoint: main
  templates:
    - name: main
      container:
        image: alpine
  volumeClaimTemplates:
    - metadata:
        name: work
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
spec:
  schedules:
    - '* * * * *'
`, encode(t, wf, cron))
	assert.Empty(t, wf.Kind, "encoding changes nothing")
	assert.Empty(t, encode(t))
}

func TestEncodeRefuses(t *testing.T) {
	value := spec.AnyString("\xff")
	tests := map[string]struct {
		object spec.Object
		want   string
	}{
		"nothing":      {nil, "encode object 1: it is nil"},
		"a nil":        {(*spec.Workflow)(nil), "encode object 1: it is nil"},
		"another kind": {&corev1.Pod{}, "encode object 1: *v1.Pod is no object of this package"},
		"a wrong kind": {
			&spec.Workflow{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: "a"}},
			`encode object 1: a: its TypeMeta is apiVersion "v1", kind "Pod"; expected "argoproj.io/v1alpha1", "Workflow", or none`,
		},
		"text that is not UTF-8": {
			&spec.Workflow{Spec: spec.WorkflowSpec{Arguments: spec.Arguments{Parameters: []spec.Parameter{{Value: &value}}}}},
			"encode object 1: .spec.arguments.parameters[0].value: it is not UTF-8",
		},
		"a key that is not UTF-8": {
			&spec.Workflow{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"\xff": ""}}},
			"encode object 1: .metadata.labels: a key is not UTF-8",
		},
		"an item that is not JSON": {
			&spec.Workflow{Spec: spec.WorkflowSpec{Templates: []spec.Template{{Plugin: spec.Plugin{"a": spec.Item("{")}}}}},
			"encode object 1: .spec.templates[0].plugin[a]: it is not JSON: EOF",
		},
		"an item with more": {
			&spec.Workflow{Spec: spec.WorkflowSpec{Templates: []spec.Template{{Plugin: spec.Plugin{"a": spec.Item("1 2")}}}}},
			"encode object 1: .spec.templates[0].plugin[a]: it is not JSON: there is more after the value",
		},
		"a number that is none": {
			&spec.Workflow{Spec: spec.WorkflowSpec{Metrics: &spec.Metrics{Prometheus: []spec.Prometheus{{Histogram: &spec.Histogram{Buckets: []jsonNumber{"big"}}}}}}},
			"encode object 1: .spec.metrics.prometheus[0].histogram.buckets[0]: it is no number",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.EqualError(t, spec.Encode(&b, &spec.Workflow{}, test.object), test.want)
			assert.Zero(t, b.Len())
		})
	}
}

// TestEveryField fills every field of every kind, and copies, writes and reads it.
func TestEveryField(t *testing.T) {
	for _, o := range []spec.Object{
		&spec.Workflow{}, &spec.WorkflowTemplate{}, &spec.ClusterWorkflowTemplate{}, &spec.CronWorkflow{}, &spec.WorkflowEventBinding{},
		&corev1.ConfigMap{}, &corev1.PersistentVolumeClaim{}, &corev1.ResourceQuota{},
	} {
		v := reflect.ValueOf(o)
		name, version := v.Type().Elem().Name(), spec.APIVersion
		if strings.HasPrefix(v.Type().Elem().PkgPath(), "k8s.io/") {
			version = "v1"
		}
		t.Run(name, func(t *testing.T) {
			fill(v.Elem(), map[reflect.Type]bool{})
			v.Elem().FieldByName("TypeMeta").Set(reflect.ValueOf(metav1.TypeMeta{APIVersion: version, Kind: name}))

			text := encode(t, o)
			again := decode(t, text)
			require.Len(t, again, 1)
			assert.True(t, equality.Semantic.DeepEqual(o, again[0]))
			assert.Equal(t, text, encode(t, again...))

			clone := v.MethodByName("DeepCopy").Call(nil)[0]
			assert.Equal(t, o, clone.Interface())
			shared(t, name, v, clone)
		})
	}
}

// fill gives v and all in it a value. A type is not filled in itself.
func fill(v reflect.Value, inside map[reflect.Type]bool) {
	switch p := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*p = resource.MustParse("500m")
		return
	case *metav1.Time:
		*p = metav1.NewTime(time.Unix(1700000000, 0))
		return
	case *intstr.IntOrString:
		*p = intstr.FromString("50%")
		return
	case *metav1.FieldsV1:
		p.Raw = []byte(`{"f:spec":{}}`)
		return
	case *spec.Item:
		*p = spec.Item(`{"b":[1.50,null],"a":"x"}`)
		return
	case *jsonNumber:
		*p = "2.50"
		return
	}
	t := v.Type()
	if inside[t] {
		return
	}
	inside[t] = true
	defer delete(inside, t)
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		fill(v.Elem(), inside)
	case reflect.Struct:
		for i := range v.NumField() {
			if t.Field(i).Tag.Get("json") != "-" {
				fill(v.Field(i), inside)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		fill(v.Index(0), inside)
	case reflect.Map:
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		fill(key, inside)
		fill(value, inside)
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("a b")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(-7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	default:
		panic(fmt.Sprint("a field of type ", t))
	}
}

// shared fails if a copy has memory together with what it was made from.
func shared(t *testing.T, at string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || a.Type() == reflect.TypeFor[*time.Location]() {
			return
		}
		if a.Type().Elem().Size() > 0 && a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", at)
		}
		shared(t, at, a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			shared(t, at+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice:
		if a.Cap() > 0 && a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", at)
		}
		for i := range a.Len() {
			shared(t, at+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Map:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", at)
		}
		for _, k := range a.MapKeys() {
			shared(t, at+"[]", a.MapIndex(k), b.MapIndex(k))
		}
	}
}
