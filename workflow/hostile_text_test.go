package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// TestTextThatIsNotUTF8 puts such text wherever New takes text.
func TestTextThatIsNotUTF8(t *testing.T) {
	const bad = "\xff"
	leaf := func() *workflow.ContainerTemplate { return workflow.Container("main", "alpine:3.23") }
	task := func(build func(*dag.DAG)) workflow.Template {
		d := dag.New("main")
		build(d)
		return d
	}
	for _, tt := range []struct {
		name  string
		entry workflow.Template
		opts  []workflow.Option
		path  string
	}{
		{"command", leaf().Command("echo", bad), nil, "templates[main].container.command[1]"},
		{"args", leaf().Args(bad), nil, "templates[main].container.args[0]"},
		{"env", leaf().Env("A", bad), nil, "templates[main].container.env[A].value"},
		{"env's name", leaf().Env(bad, "a"), nil, "templates[main].container.env[\ufffd].name"},
		{"source", workflow.Script("main", "alpine:3.23", "sh", bad), nil, "templates[main].script.source"},
		{"default", leaf().Inputs(message.Default(bad)), nil, "templates[main].inputs.parameters[message].default"},
		{"enum", leaf().Inputs(message.Default("a").Enum("a", bad)), nil, "templates[main].inputs.parameters[message].enum[1]"},
		{"argument", leaf().Inputs(message), []workflow.Option{message.Set(bad)}, "arguments.parameters[message].value"},
		{"label", leaf(), []workflow.Option{workflow.With(func(w *spec.Workflow) { w.Labels = map[string]string{"a": bad, bad: "b"} })}, "metadata.labels[a]"},
		{"a spec's field", leaf().With(func(s *spec.Template) {
			s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
				EmptyDir: &corev1.EmptyDirVolumeSource{Medium: bad}}}}
		}), nil, "templates[main].volumes[v].emptyDir.medium"},
		{"task", task(func(d *dag.DAG) { d.Task("A", echoTemplate(), message.Set(bad)) }), nil,
			"templates[main].tasks[A].arguments.parameters[message].value"},
		{"textf", task(func(d *dag.DAG) {
			d.Task("A", echoTemplate(), message.From(workflow.Textf(bad+"%s", workflow.Variable[string]("workflow.name"))))
		}), nil,
			"templates[main].tasks[A].arguments.parameters[message].value"},
		{"step", func() workflow.Template {
			s := steps.New("main")
			s.Step("A", echoTemplate(), message.Set(bad))
			return s
		}(), nil, "templates[main].steps[A].arguments.parameters[message].value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := workflow.New("x-", tt.entry, tt.opts...)
			require.ErrorContains(t, err, tt.path+": is not UTF-8")
			var wrong *workflow.Error
			assert.ErrorAs(t, err, &wrong)
		})
	}
	t.Run("templates of others", func(t *testing.T) {
		lib := &spec.WorkflowTemplate{}
		lib.Name = "lib"
		lib.Spec.Templates = []spec.Template{{Name: "a", Container: &corev1.Container{Image: "a", Args: []string{bad}}}}
		from, err := source.Of(lib)
		require.NoError(t, err)
		_, err = workflow.New("x-", task(func(d *dag.DAG) { d.Task("A", workflow.TemplateRef("lib", "a")) }), workflow.Templates(t.Context(), from))
		assert.EqualError(t, err, "workflowTemplates[lib].templates[a].container.args[0]: is not UTF-8")
	})
	t.Run("arguments of a run", func(t *testing.T) {
		wf := workflow.Must(workflow.New("x-", echoTemplate()))
		_, err := wf.Run(t.Context(), fake.New(t), message.Set(bad))
		assert.EqualError(t, err, "arguments.parameters[message]: is not UTF-8")
	})
}
