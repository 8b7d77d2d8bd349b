package k8s_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// checkResource is what Check says of a resource template, line by line without the template's path.
func checkResource(t testing.TB, x *k8s.Executor, template spec.Template, usesResult bool) []string {
	err := x.Check(&spec.Workflow{}, []executor.Leaf{{Path: "templates[r]", Template: &template, UsesResult: usesResult}})
	if err == nil {
		return nil
	}
	var problems []string
	for _, line := range strings.Split(err.Error(), "\n") {
		problems = append(problems, strings.TrimPrefix(line, "templates[r]."))
	}
	return problems
}

func TestResourceCheck(t *testing.T) {
	const ok = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"
	patch := func(strategy, manifest string, flags ...string) spec.Resource {
		return spec.Resource{Action: "patch", MergeStrategy: strategy, Manifest: manifest, Flags: flags}
	}
	for name, tt := range map[string]struct {
		r    spec.Resource
		want []string // what each problem begins with
	}{
		"fine":             {r: spec.Resource{Action: "create", Manifest: ok, SetOwnerReference: true, SuccessCondition: "a.b == c", FailureCondition: "!x, y in (a, b)"}},
		"with tags":        {r: spec.Resource{Action: "{{inputs.parameters.a}}", Manifest: "{{x}}", Flags: []string{"{{x}}"}, SuccessCondition: "{{x}}", MergeStrategy: "{{x}}"}},
		"a List":           {r: spec.Resource{Action: "create", Manifest: "{apiVersion: v1, kind: List, items: [" + ok + "," + ok + "]}"}},
		"no name":          {r: spec.Resource{Action: "create", Manifest: "{apiVersion: v1, kind: ConfigMap}"}, want: []string{"resource.manifest: a ConfigMap needs a metadata.name or metadata.generateName"}},
		"no name to apply": {r: spec.Resource{Action: "apply", Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: x}}"}, want: []string{"resource.manifest: a ConfigMap needs a metadata.name to apply it"}},
		"no kind":          {r: spec.Resource{Action: "get", Manifest: "{metadata: {name: x}}"}, want: []string{"resource.manifest: Object 'Kind' is missing"}},
		"no apiVersion":    {r: spec.Resource{Action: "get", Manifest: "{kind: Pod, metadata: {name: x}}"}, want: []string{"resource.manifest: a Pod needs an apiVersion"}},
		"no YAML":          {r: spec.Resource{Action: "get", Manifest: "{"}, want: []string{"resource.manifest: yaml: "}},
		"a key twice":      {r: spec.Resource{Action: "get", Manifest: "apiVersion: v1\nkind: Pod\nkind: Node"}, want: []string{"resource.manifest: yaml: ", `  line 3: key "kind" already set`}},
		"no manifest":      {r: spec.Resource{Action: "get"}, want: []string{"resource.manifest: it has no object"}},
		"all wrong": {r: spec.Resource{Action: "creat", Manifest: ok, MergeStrategy: "x", SuccessCondition: "a b", FailureCondition: "a = = b"}, want: []string{
			`resource.action: unknown action "creat"; did you mean "create"?; there are get, create, apply, delete, replace, patch`,
			`resource.mergeStrategy: unknown strategy "x"`, "resource.successCondition: expected what a label selector has", "resource.failureCondition: expected"}},
		"strategy":               {r: spec.Resource{Action: "apply", Manifest: ok, MergeStrategy: "merge"}, want: []string{"resource.mergeStrategy: it is for patch"}},
		"owner":                  {r: spec.Resource{Action: "get", Manifest: ok, SetOwnerReference: true}, want: []string{"resource.setOwnerReference: it is for create, apply and replace, not for get"}},
		"condition of a deleted": {r: spec.Resource{Action: "delete", Manifest: ok, SuccessCondition: "a"}, want: []string{"resource: a condition is about"}},
		"condition of many":      {r: spec.Resource{Action: "get", Flags: []string{"cm", "-l", "a=b"}, FailureCondition: "a"}, want: []string{"resource: a condition is about"}},
		"manifest from":          {r: spec.Resource{Action: "get", ManifestFrom: &spec.ManifestFrom{Artifact: &spec.Artifact{ArtifactLocation: spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: ok}}}}}},
		"manifest from s3":       {r: spec.Resource{Action: "get", Manifest: ok, ManifestFrom: &spec.ManifestFrom{Artifact: &spec.Artifact{}}}, want: []string{"resource.manifestFrom: there is a manifest too"}},
		"manifest from nowhere":  {r: spec.Resource{Action: "get", ManifestFrom: &spec.ManifestFrom{Artifact: &spec.Artifact{}}}},
		"patch":                  {r: patch("", ok)},
		"patch by flags":         {r: patch("merge", "data: {}", "configmap", "x")},
		"json patch":             {r: patch("json", "- {op: remove, path: /a}", "configmap/x", "--subresource=status")},
		"json patch of what":     {r: patch("json", ok), want: []string{"resource.flags: a json patch needs the kind and the name"}},
		"empty patch":            {r: patch("merge", "", "configmap", "x"), want: []string{"resource.manifest: the patch is empty"}},
		"patch of two":           {r: patch("", ok+"\n---\n"+ok), want: []string{"resource.manifest: a patch is of one object"}},
		"patch of many":          {r: patch("", "{}", "cm", "x", "y", "-n", "z")},
	} {
		t.Run(name, func(t *testing.T) {
			got := checkResource(t, unconnected(t), spec.Template{Resource: &tt.r}, false)
			require.Len(t, got, len(tt.want), "%q", got)
			for i, w := range tt.want {
				assert.True(t, strings.HasPrefix(got[i], w), got[i])
			}
		})
	}
}

func TestResourceFlags(t *testing.T) {
	const ok = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: here}}"
	for _, tt := range []struct{ action, flags, want string }{
		{"create", "--validate=false --dry-run=server --field-manager=me -n here", ""},
		{"create", "--validate --validate=strict --validate=warn --validate=ignore", ""},
		{"create", "--prune", "unknown flag: --prune; create has --dry-run, --field-manager, --namespace, --subresource, --validate here"},
		{"create", "--validat=false", `unknown flag: --validat; did you mean "validate"?; create has`},
		{"create", "-f x", "unknown shorthand flag: 'f' in -f; create has"},
		{"create", "--dry-run=client", `--dry-run: "client" is none of none, server`},
		{"create", "--validate=x", `--validate: "x" is none of false, ignore, strict, true, warn`},
		{"create", "configmap", `which configmap? Give its name, or --selector`},
		{"create", "configmap x", `create takes its objects from the manifest, not "configmap"`},
		{"create", "-n there", `the namespace "there" is not "here", that of the manifest`},
		{"apply", "--server-side --force-conflicts", ""},
		{"get", "pod x", "pod is named by the flags, and there is a manifest too"},
		{"get -", "pod/x pod/y --ignore-not-found", ""},
		{"get -", "pod/x node/y", `"node/y": expected TYPE NAME or TYPE/NAME, all of one type`},
		{"get -", "pods,nodes x", `"pods,nodes": expected one type`},
		{"get -", "pod", "which pod? Give its name, or --selector"},
		{"get -", "pod -l a=b,c!=d", ""},
		{"get -", "pod --selector a=b", ""},
		{"get -", "pod --selector a==", ""},
		{"get -", "pod --selector ==a", "--selector: "},
		{"get -", "pod x -l a=b", "objects are chosen by name or by labels, not by both"},
		{"get", "-l a=b", "labels choose among objects of a kind"},
		{"patch -", "pod -l a=b", "unknown shorthand flag: 'l' in -l; patch has"},
		{"delete", "--ignore-not-found --wait=false --cascade=orphan --grace-period=0 --now --force", ""},
		{"delete", "--cascade=x", `--cascade: "x" is none of background, foreground, orphan`},
		{"delete", "--grace-period=soon", `invalid argument "soon" for "--grace-period" flag`},
		{"delete -", "pod --all", ""},
	} {
		r := spec.Resource{Flags: strings.Fields(tt.flags), Manifest: ok}
		if action, without := strings.CutSuffix(tt.action, " -"); without {
			r.Action, r.Manifest = action, ""
		} else {
			r.Action = tt.action
		}
		if r.Action == "patch" {
			r.Manifest = "{}"
		}
		got := strings.Join(checkResource(t, unconnected(t), spec.Template{Resource: &r}, false), "\n")
		if tt.want == "" {
			assert.Empty(t, got, "%s %s", tt.action, tt.flags)
			continue
		}
		assert.Contains(t, got, "resource.flags: "+tt.want, "%s %s", tt.action, tt.flags)
	}
}

func TestResourceOutputsCheck(t *testing.T) {
	x := unconnected(t)
	yes := true
	r := &spec.Resource{Action: "get", Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"}
	template := spec.Template{Resource: r, Daemon: &yes, ServiceAccountName: "other",
		Inputs: spec.Inputs{Artifacts: []spec.Artifact{{Name: "in"}}}, Outputs: spec.Outputs{Artifacts: []spec.Artifact{{Name: "out"}}}}
	for _, v := range []spec.ValueFrom{{JSONPath: "{.a"}, {JSONPath: ".a"}, {JQFilter: ".a |"}, {JQFilter: "nothing(.)"}, {JSONPath: "{.a}"}, {JQFilter: ".a"},
		{JQFilter: "{{inputs.parameters.f}}"}, {Expression: "1"}} {
		template.Outputs.Parameters = append(template.Outputs.Parameters, spec.Parameter{Name: "p", ValueFrom: &v})
	}
	const at = "outputs.parameters[p].valueFrom."
	for i, got := range checkResource(t, x, template, true) {
		assert.True(t, strings.HasPrefix(got, []string{at + "jsonPath: unclosed action", at + `jsonPath: ".a" is plain text`, at + "jqFilter: unexpected EOF",
			at + "jqFilter: function not defined: nothing/1", "templates[r]: its result is used", "inputs.artifacts[in]: ", "outputs.artifacts[out]: ", "daemon: ",
			"serviceAccountName: "}[i]), "%d: %s", i, got)
	}
	assert.Len(t, checkResource(t, x, template, true), 9)
	r.Action = "delete"
	got := checkResource(t, x, spec.Template{Resource: r, Outputs: spec.Outputs{Parameters: template.Outputs.Parameters[4:5]}}, false)
	assert.Equal(t, []string{"outputs.parameters[p].valueFrom: a deleted object gives nothing"}, got)

	given, err := k8s.New(fake.NewClientset(), "jobs")
	require.NoError(t, err)
	assert.Equal(t, []string{"resource: an Executor that was made by New has no client for objects of all kinds: make it by FromConfig"},
		checkResource(t, given, spec.Template{Resource: &spec.Resource{Action: "get", Manifest: r.Manifest}}, false))
}

// FuzzResource reads resource templates that nobody would write: they are refused, or they are fine.
func FuzzResource(f *testing.F) {
	f.Add("create", "merge", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n---\n", "--validate=false -n x", "a.b == c, !d", "{.items[?(@.a==1)].b}", ".a[] | .b")
	f.Add("delete", "", "", "pod --selector a=b --cascade", "a in (b)", "{range .a[*]}{.b}{end}", "def f: f; f")
	f.Add("patch", "json", "[{op: add}]", "deploy/x", "x > 1", "{..a}", ". as [$a] | $a")
	config := unconnected(f)
	f.Fuzz(func(t *testing.T, action, strategy, manifest, flags, condition, path, filter string) {
		r := &spec.Resource{Action: action, MergeStrategy: strategy, Manifest: manifest, Flags: strings.Fields(flags), SuccessCondition: condition, FailureCondition: condition}
		template := spec.Template{Resource: r, Outputs: spec.Outputs{Parameters: []spec.Parameter{
			{Name: "a", ValueFrom: &spec.ValueFrom{JSONPath: path}}, {Name: "b", ValueFrom: &spec.ValueFrom{JQFilter: filter}}}}}
		for _, problem := range checkResource(t, config, template, false) {
			assert.NotEmpty(t, problem)
		}
	})
}
