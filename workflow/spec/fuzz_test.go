package spec_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/podflow/podflow/workflow/spec"
)

// FuzzDecode checks that no input panics, that every problem is a *DecodeError, and that what was decoded,
// written and read is written the same again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "a: [", "- a", "---\n---\n", "kind: Workflow", head,
		head + "spec: {entrypont: a}",
		head + "spec:\n  templates:\n  - &a {name: a, container: {image: b, resources: {limits: {cpu: 0.5}}}}\n  - *a\n  - {<<: *a, name: c}\n",
		head + "spec: {nodeSelector: &a {<<: [*a, *a]}}",
		head + "spec: {templateDefaults: &a {dag: {tasks: [{inline: *a}]}}}",
		head + "spec: {templates: [{steps: [[{withItems: [a, 1, 1.50, .5, 0x1F, true, null, {b: [c]}, \"\\ud83d\"]}]]}]}",
		head + "spec: {arguments: {parameters: [{name: a, value: 1e3}, {value: ''}, {value: yes}, {enum: [~, 1]}]}}",
		head + "metadata: {creationTimestamp: 2026-01-02T03:04:05.6Z, labels: {a: b, 1: c}}\nstatus: {startedAt: null}",
		head + "spec:\n  templates:\n  - script:\n      source: |\n        a\n         b\n\n  - suspend: {}\n  - script: {source: \" a\\n\\tb\\u0085\\r\\n\"}\n",
		head + "spec: {metrics: {prometheus: [{histogram: {buckets: [1, 2.50, 1e400]}}]}}",
		head + "metadata: {labels: {'<<': '<<', '=': '=', 'y': 'n'}}\nspec: {templates: [{steps: [[{withItems: ['<<', '=', 'Y', \"\\u0085 \"]}]]}]}",
		`{"apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow", "spec": {"schedules": ["* * * * *"], "workflowSpec": {}}}`,
		"apiVersion: v1\nkind: ConfigMap\ndata: {a: '1'}\nbinaryData: {b: YQ==}\nimmutable: true",
		"apiVersion: v1\nkind: PersistentVolumeClaim\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
		"apiVersion: v1\nkind: ResourceQuota\nspec: {hard: {count/workflows.argoproj.io: '2'}}\n---\napiVersion: v1\nkind: Secret",
		head + "spec: {templates: [{plugin: {a: {b: !!binary YQ==}}, http: {bodyFrom: {bytes: YQ==}}}]}\n---\n" + head,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := spec.Decode(bytes.NewReader(data))
		if err != nil {
			onlyDecodeErrors(t, err)
			return
		}
		var first, second bytes.Buffer
		if err := spec.Encode(&first, objects...); err != nil {
			t.Fatalf("encode: %v", err)
		}
		again, err := spec.Decode(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("decode what was encoded: %v\n%s", err, first.Bytes())
		}
		if err := spec.Encode(&second, again...); err != nil {
			t.Fatalf("encode again: %v", err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("encoded again it is another:\n%s\n%s", first.Bytes(), second.Bytes())
		}
	})
}

func onlyDecodeErrors(t *testing.T, err error) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		var problem *spec.DecodeError
		if !errors.As(err, &problem) || problem.Problem == "" {
			t.Errorf("no problem: %v", err)
		}
	}
}
