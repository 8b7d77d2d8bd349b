package workflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// plugin is a function as a plugin.
type plugin func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error)

func (p plugin) Execute(ctx context.Context, t *executor.Task, config json.RawMessage) (executor.Result, error) {
	return p(ctx, t, config)
}

// withPlugin runs a workflow with one plugin, called p.
func withPlugin(t *testing.T, wf *workflow.Workflow, p plugin, args ...workflow.RunOption) *workflow.Run {
	runner := workflow.NewRunner(unused{t}, workflow.WithPlugin("p", p))
	defer runner.Close()
	run, err := runner.Start(t.Context(), wf, args...)
	require.NoError(t, err)
	_ = run.Wait(t.Context())
	return run
}

// The configuration is JSON with its tags replaced, whatever stands in their place.
func TestPluginConfig(t *testing.T) {
	const x = workflow.Param[string]("x")
	for _, tt := range []struct{ config, x, want string }{
		{`{a: 1, b: [true, null, 1.50]}`, "", `{"a":1,"b":[true,null,1.50]}`},
		{`{a: "{{inputs.parameters.x}}", b: {c: ["<{{inputs.parameters.x}}>", 12345678901234567890]}}`, "v", `{"a":"v","b":{"c":["<v>",12345678901234567890]}}`},
		{`{a: "{{inputs.parameters.x}}"}`, "\",\"evil\":\"\n\x00</script>{{x}}", `{"a":"\",\"evil\":\"\n\u0000</script>{{x}}"}`},
		{`{"{{inputs.parameters.x}}": 1}`, "k", `{"k":1}`},
		{`"{{inputs.parameters.x}}"`, "7", `"7"`},
		{`{a: '{{=inputs.parameters.x == "7" ? "yes" : "no"}}'}`, "7", `{"a":"yes"}`},
		{`{a: "{{ .Values.own }}"}`, "", `{"a":"{{ .Values.own }}"}`},
		{`null`, "", `null`},
	} {
		wf := loaded(t, "templates:\n- {name: main, inputs: {parameters: [{name: x}]}, plugin: {p: "+tt.config+"}}")
		var got string
		run := withPlugin(t, wf, func(_ context.Context, _ *executor.Task, config json.RawMessage) (executor.Result, error) {
			got = string(config)
			return executor.Result{}, nil
		}, x.Set(tt.x))
		assert.Equal(t, workflow.Succeeded, run.Phase(), tt.config)
		assert.Equal(t, spec.TypePlugin, run.Node("").Type)
		assert.JSONEq(t, tt.want, got, tt.config)
	}
}

// A node of a plugin ends as the plugin says.
func TestPluginEnds(t *testing.T) {
	const text = `
templates:
- name: main
  plugin: {p: {}}
  outputs: {result: "", parameters: [{name: x}]}`
	done := "done"
	for _, tt := range []struct {
		p       plugin
		phase   workflow.Phase
		message string
	}{
		{func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error) {
			return executor.Result{Outputs: []executor.Value{{Name: "x", Value: "1"}}, Result: &done}, nil
		}, workflow.Succeeded, ""},
		{func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error) {
			return executor.Result{}, nil
		}, workflow.Errored, "outputs.parameters.x: it left no value, and there is no default"},
		{func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error) {
			return executor.Result{Phase: workflow.Failed, Message: "no"}, nil
		}, workflow.Failed, "no"},
		{func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error) {
			return executor.Result{}, errOops
		}, workflow.Errored, errOops.Error()},
		{func(context.Context, *executor.Task, json.RawMessage) (executor.Result, error) {
			panic("oh")
		}, workflow.Errored, "panic: oh"},
	} {
		n := withPlugin(t, loaded(t, text), tt.p).Node("")
		assert.Equal(t, tt.phase, n.Phase)
		assert.Contains(t, n.Message, tt.message)
		if tt.phase == workflow.Succeeded {
			assert.Equal(t, "done", *n.Result)
			assert.Equal(t, []executor.Value{{Name: "x", Value: "1"}}, n.Outputs)
		}
	}
}

// A plugin's context ends with the node's time.
func TestPluginTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wf := loaded(t, "templates:\n- {name: main, timeout: 5s, retryStrategy: {limit: 1}, plugin: {p: {}}}")
		run := withPlugin(t, wf, func(ctx context.Context, _ *executor.Task, _ json.RawMessage) (executor.Result, error) {
			<-ctx.Done()
			return executor.Result{}, ctx.Err()
		})
		n := run.Node("")
		assert.Equal(t, workflow.Failed, n.Phase)
		assert.Equal(t, "Step exceeded its deadline", run.Node("(1)").Message)
		assert.Equal(t, 10*time.Second, n.Finished.Sub(n.Started))
	})
}

// A plugin that the Runner does not have is refused before anything begins, and when a run is recovered.
func TestPluginUnknown(t *testing.T) {
	const text = "templates:\n- {name: main, steps: [[{name: a, template: b}]]}\n- {name: b, plugin: {slak: {}}}"
	j := journal.NewMemory()
	runner := workflow.NewRunner(unused{t}, workflow.WithPlugin("slak", nil))
	defer runner.Close()
	_, err := runner.Start(t.Context(), loaded(t, text))
	assert.EqualError(t, err, `templates[b].plugin: the runner has no plugin "slak"`)

	began := make(chan struct{})
	wait := plugin(func(ctx context.Context, _ *executor.Task, _ json.RawMessage) (executor.Result, error) {
		close(began)
		<-ctx.Done()
		return executor.Result{}, ctx.Err()
	})
	before := workflow.NewRunner(unused{t}, workflow.WithJournal(j), workflow.WithPlugin("slak", wait))
	_, err = before.Start(t.Context(), loaded(t, text))
	require.NoError(t, err)
	<-began
	require.NoError(t, before.Close())
	after := workflow.NewRunner(unused{t}, workflow.WithJournal(j), workflow.WithPlugin("slack", wait))
	defer after.Close()
	runs, err := after.Recover(t.Context())
	assert.Empty(t, runs)
	_, version := errors.AsType[*workflow.VersionError](err)
	assert.True(t, version, "%v", err)
	assert.ErrorContains(t, err, `templates[b].plugin: the runner has no plugin "slak"; did you mean "slack"?`)
}

// Mistakes are found when a template is read, or built.
func TestPluginProblems(t *testing.T) {
	for _, tt := range []struct{ plugin, want string }{
		{"{a: {}, b: {}}", "templates[main].plugin: names 2 plugins; expected one"},
		{"{a: {b: '{{inputs.parameters.y}}'}}", `templates[main].plugin.a.b: {{inputs.parameters.y}}: template "main" declares no input "y"`},
		{"{a: ['{{=nosuch}}']}", `templates[main].plugin.a[0]: {{=nosuch}}: no such variable: "nosuch"`},
	} {
		_, err := workflow.Load(strings.NewReader(document("templates:\n- {name: main, plugin: " + tt.plugin + "}")))
		assert.EqualError(t, err, tt.want, tt.plugin)
	}
	_, err := workflow.New("w", workflow.PluginWork("a", "p", func() {}))
	assert.ErrorContains(t, err, "templates[a].plugin: the configuration cannot be written as JSON")
}

// On the fake the work of plugins is scripted, and no plugin is needed.
func TestPluginFake(t *testing.T) {
	const (
		x    = workflow.Param[string]("x")
		size = workflow.Output[int]("size")
	)
	wf := workflow.Must(workflow.New("w", workflow.PluginWork("a", "p", map[string]string{"x": x.Ref()}).Inputs(x).Outputs(size.Supplied())))
	run, err := wf.Run(t.Context(), fake.New(t).On("a", fake.Succeed(size.Set(3))), x.Set("v"))
	require.NoError(t, err)
	n, err := size.Get(run)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}
