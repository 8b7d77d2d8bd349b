package spec_test

import (
	"encoding/json"
	"testing"

	"github.com/podflow/podflow/workflow/spec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestAnyString is how a value is written in YAML, and what text it is.
func TestAnyString(t *testing.T) {
	tests := map[string]string{
		`a`: "a", `""`: "", `"1"`: "1", `"true"`: "true", `'yes'`: "yes", `2020-01-01`: "2020-01-01", `12:30:45`: "12:30:45",
		`true`: "true", `False`: "false",
		`1`: "1", `-0`: "-0", `+1`: "1", `1_000`: "1000", `0x1F`: "31", `0o17`: "15", `017`: "15", `0b11`: "3",
		`12345678901234567890`: "12345678901234567890",
		`1.50`:                 "1.5", `1e3`: "1000", `.5`: "0.5", `1.`: "1", `6.02e23`: "602000000000000000000000",
		"|-\n          a\n          b": "a\nb",
	}
	for input, want := range tests {
		t.Run(input, func(t *testing.T) {
			wf := decode(t, head+"spec:\n  arguments:\n    parameters:\n      - value: "+input)[0].(*spec.Workflow)
			require.NotNil(t, wf.Spec.Arguments.Parameters[0].Value)
			assert.Equal(t, spec.AnyString(want), *wf.Spec.Arguments.Parameters[0].Value)
		})
	}
	t.Run("null is no value", func(t *testing.T) {
		wf := decode(t, head+"spec: {arguments: {parameters: [{value: null, default: }]}}")[0].(*spec.Workflow)
		assert.Equal(t, []spec.Parameter{{}}, wf.Spec.Arguments.Parameters)
	})
	t.Run("JSON", func(t *testing.T) {
		var p spec.Parameter
		require.NoError(t, json.Unmarshal([]byte(`{"value": 1.50, "default": "a", "enum": [true, 2]}`), &p))
		assert.Equal(t, spec.AnyString("1.5"), *p.Value)
		assert.Equal(t, []spec.AnyString{"true", "2"}, p.Enum)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		assert.Equal(t, `{"default":"a","value":"1.5","enum":["true","2"]}`, string(text))
		require.EqualError(t, json.Unmarshal([]byte(`{"value": {}}`), &p), "expected a string, a number or a boolean")
	})
}

// TestItem is how an item is written in YAML, and what JSON it is: numbers and the order of keys stay.
func TestItem(t *testing.T) {
	tests := map[string]string{
		`a`: `"a"`, `<&>`: `"<&>"`, `1`: `1`, `1.50`: `1.50`, `0x1F`: `31`, `.5`: `0.5`, `TRUE`: `true`, `~`: `null`,
		`{z: 1, a: [b, {}]}`: `{"z":1,"a":["b",{}]}`,
		`{1: a, true: b}`:    `{"1":"a","true":"b"}`,
	}
	for input, want := range tests {
		t.Run(input, func(t *testing.T) {
			wf := decode(t, head+"spec: {templates: [{steps: [[{withItems: ["+input+"]}]]}]}")[0].(*spec.Workflow)
			item := wf.Spec.Templates[0].Steps[0][0].WithItems[0]
			assert.Equal(t, want, item.String())
			text, err := json.Marshal(item)
			require.NoError(t, err)
			assert.JSONEq(t, want, string(text))
		})
	}
	text, err := json.Marshal([]spec.Item{nil})
	require.NoError(t, err)
	assert.Equal(t, "[null]", string(text))
}

func TestDecodeAccepts(t *testing.T) {
	t.Run("nothing", func(t *testing.T) {
		assert.Empty(t, decode(t, ""))
		assert.Empty(t, decode(t, "---\n# nothing\n---\n"))
	})
	t.Run("documents of all kinds", func(t *testing.T) {
		objects := decode(t, `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: a}
---
{"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": "b"}}
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: {name: c}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: d}
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: {name: e}
`)
		var names, kinds []string
		for _, o := range objects {
			names = append(names, o.GetName())
			kinds = append(kinds, o.GetObjectKind().GroupVersionKind().Kind)
		}
		assert.Equal(t, []string{"a", "b", "c", "d", "e"}, names)
		assert.Equal(t, []string{"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "WorkflowEventBinding"}, kinds)
		assert.IsType(t, &spec.WorkflowEventBinding{}, objects[4])
	})
	t.Run("aliases and merge keys", func(t *testing.T) {
		wf := decode(t, head+`spec:
  templates:
  - &a
    name: a
    container: &c {image: alpine, command: [echo]}
  - <<: *a
    name: b
  - name: c
    container:
      <<: [{image: busybox}, *c]
      args: [x]
`)[0].(*spec.Workflow)
		assert.Equal(t, []spec.Template{
			{Name: "a", Container: &corev1.Container{Image: "alpine", Command: []string{"echo"}}},
			{Name: "b", Container: &corev1.Container{Image: "alpine", Command: []string{"echo"}}},
			{Name: "c", Container: &corev1.Container{Image: "busybox", Command: []string{"echo"}, Args: []string{"x"}}},
		}, wf.Spec.Templates)
	})
	t.Run("scalars", func(t *testing.T) {
		wf := decode(t, head+"spec: {suspend: yes, hostNetwork: Off, archiveLogs: true, priority: 0x10, onExit: 2020-01-01, templates: [{activeDeadlineSeconds: '{{a}}', http: {timeoutSeconds: '20'}}]}")[0].(*spec.Workflow)
		assert.True(t, *wf.Spec.Suspend)
		assert.False(t, *wf.Spec.HostNetwork)
		assert.True(t, *wf.Spec.ArchiveLogs)
		assert.Equal(t, int32(16), *wf.Spec.Priority)
		assert.Equal(t, "2020-01-01", wf.Spec.OnExit)
		assert.Equal(t, intstr.FromString("{{a}}"), *wf.Spec.Templates[0].ActiveDeadlineSeconds)
		assert.Equal(t, intstr.FromString("20"), *wf.Spec.Templates[0].HTTP.TimeoutSeconds)
	})
	t.Run("a workflow of a cluster", func(t *testing.T) {
		wf := decode(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"hello-x","uid":"1","resourceVersion":"2",
"generation":3,"creationTimestamp":"2026-01-02T03:04:05Z","managedFields":[{"manager":"argo","operation":"Update",
"apiVersion":"argoproj.io/v1alpha1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}]},
"spec":{"entrypoint":"a","templates":[{"name":"a","inputs":{},"outputs":{},"metadata":{},"container":{"name":"","image":"a","resources":{}}}],"arguments":{}},
"status":{"phase":"Running","startedAt":"2026-01-02T03:04:05Z","finishedAt":null,"progress":"0/1",
"conditions":[{"type":"PodRunning","status":"True"}],"resourcesDuration":{"cpu":1},
"nodes":{"hello-x":{"id":"hello-x","name":"hello-x","displayName":"hello-x","type":"Pod","templateName":"a",
"templateScope":"local/hello-x","phase":"Running","startedAt":"2026-01-02T03:04:05Z","finishedAt":null}},
"artifactRepositoryRef":{"configMap":"a","default":true,"artifactRepository":{}},"taskResultsCompletionStatus":{"hello-x":false}}}`)[0].(*spec.Workflow)
		assert.Equal(t, spec.Running, wf.Status.Phase)
		assert.True(t, wf.Status.FinishedAt.IsZero())
		assert.Equal(t, spec.TypePod, wf.Status.Nodes["hello-x"].Type)
		assert.Equal(t, 2026, wf.CreationTimestamp.Year())
	})
}
