package workflow_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

// yamlOf is a workflow as the builders make it.
func yamlOf(t *testing.T, entry workflow.Template, opts ...workflow.Option) string {
	t.Helper()
	w, err := workflow.Assemble("x-", entry, opts...)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, spec.Encode(&b, w))
	return b.String()
}

// What the builders say becomes the YAML of the files in testdata/build.
func TestBuilders(t *testing.T) {
	nightly, nightlyOptions := nightly()
	for name, tt := range map[string]struct {
		entry workflow.Template
		opts  []workflow.Option
	}{
		"coinflip":     {coinflip(), nil},
		"mapreduce":    {mapReduce(), []workflow.Option{NumParts.Set(4)}},
		"nightly":      {nightly, nightlyOptions},
		"release":      {release(), nil},
		"rollout":      {rollout("eu", "us"), nil},
		"loops":        {loops(), nil},
		"hooks":        {hooks(), nil},
		"kinds":        {kinds(), nil},
		"outputs":      {outputs(), []workflow.Option{message.Set("main")}},
		"artifacts":    {artifacts(), nil},
		"templaterefs": {templateRefs(), []workflow.Option{workflow.Templates(t.Context(), tools(t))}},
		"options":      {leafWithSettings(), optionsOfAllSorts()},
		"depends":      {depends(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := yamlOf(t, tt.entry, tt.opts...)
			path := filepath.Join("testdata", "build", name+".yaml")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
			assert.Equal(t, got, yamlOf(t, tt.entry, tt.opts...), "building it again")
			_, err = workflow.New("x-", tt.entry, tt.opts...)
			require.NoError(t, err)
		})
	}
}

// Job is an item with fields.
type Job struct {
	ID      int           `json:"id"`
	Name    string        `json:"name"`
	Timeout time.Duration `json:"-"`
}

func loops() workflow.Template {
	const (
		id, seconds = workflow.Param[int]("id"), workflow.Param[time.Duration]("wait")
		jobs        = workflow.Param[[]Job]("jobs")
		names       = workflow.Param[[]string]("names")
		waits       = workflow.Param[[]time.Duration]("waits")
		nodes       = workflow.Param[[]map[string]int]("nodes")
		jobID       = workflow.Field[int]("id")
		jobName     = workflow.Field[string]("name")
		name        = workflow.Output[string]("name")
		wait        = workflow.Output[time.Duration]("wait")
		node        = workflow.Output[map[string]int]("node")
	)
	var line workflow.Result[string]
	var count workflow.Result[int]
	work := workflow.Container("work", "busybox").Inputs(id.Default(0), message.Default(""), seconds.Default(0)).
		Outputs(name.File("/name"), wait.File("/wait"), node.File("/node"), line)
	counting := workflow.Container("counting", "busybox").Outputs(count)
	gather := workflow.Container("gather", "busybox").
		Inputs(names.Default(nil), waits.Default(nil), nodes.Default(nil), Counts.Default(nil))

	d := dag.New("loops").Inputs(jobs.Default([]Job{{ID: 1, Name: "<one> & two"}}))
	job := workflow.Each(jobs)
	fields := d.Task("fields", work, id.From(jobID.Of(job)), message.From(workflow.Textf("job %s", jobName.Of(job)))).Each(job).
		When(jobID.Of(job).IsNot(3))
	d.Task("texts", work, message.Each(workflow.Items("a", `say "b"`, "<c>")))
	d.Task("durations", work, seconds.Each(workflow.Items(time.Second, time.Hour)))
	d.Task("up", work, id.Each(workflow.Sequence(1, 5)))
	down := workflow.Each(workflow.Sequence(5, 1))
	d.Task("down", work).Each(down).When(workflow.Less(down, 4).And(down.IsNot(2).Not()))
	d.Task("none", work, message.Each(workflow.Items[string]()))
	numbers := d.Task("numbers", counting).Each(workflow.Each(workflow.Items(1, 2)))
	d.Task("all", gather, names.From(name.All(fields)), waits.From(wait.All(fields)), nodes.From(node.All(fields)),
		Counts.From(count.All(numbers)))
	d.Task("lines", work, message.Each(line.All(fields)))
	return d
}

func hooks() workflow.Template {
	notify := workflow.Container("notify", "busybox").Inputs(message).Command("echo", message.Ref())
	src := srcTemplate()

	inner := steps.New("inner")
	one := inner.Step("step-1", src)
	one.OnExit(notify, message.From(rows.Of(one).Text())).
		Hook("running", workflow.NodePhase.Of(one).Is(workflow.Running), notify, message.Set("running"))

	d := dag.New("hooks")
	first := d.Task("first", src)
	second := d.Task("second", inner).OnExit(notify, message.From(rows.Of(first).Text()))
	third := d.Task("third", src).ContinueOn(workflow.Failed, workflow.Errored)
	third.Hook("late", workflow.Less(workflow.ExitCode.Of(third), 2).Or(workflow.NodePhase.Of(second).Is(workflow.Failed)),
		notify, message.Set("late"))
	return d
}

func kinds() workflow.Template {
	const (
		approved = workflow.Output[bool]("approved")
		reason   = workflow.Output[string]("reason")
		uid      = workflow.Output[string]("uid")
	)
	var body workflow.Result[string]
	approval := workflow.Suspend("approval").Inputs(message.Default("?")).
		Outputs(approved.Supplied(), reason.Supplied().Default("none"))
	pause := workflow.Suspend("pause").For(90 * time.Second)
	call := workflow.HTTP("call", "https://example.com/").Method("POST").Header("Accept", "text/plain").
		SecretHeader("Authorization", "tokens", "example").Inputs(message).Body(`{"text": ` + workflow.JSON(message) + `}`).
		Success(workflow.ResponseStatus.Is(201).And(workflow.ResponseBody.IsNot(""))).
		Outputs(body).Retry(workflow.Retry{Limit: 1}).Timeout(time.Minute)
	object := workflow.Resource("object", "create", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: x-\ndata:\n  n: "+workflow.JSON(n)+"\n").
		Inputs(n.Default(1)).Success("status.ready == true").Failure("status.failed > 0").Owned().
		Outputs(uid.JSONPath("{.metadata.uid}"), reason.JQ(".status.reason")).Timeout(time.Minute)
	set := workflow.ContainerSet("set").Inputs(message).Outputs(body).
		Volumes(corev1.Volume{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}).
		Mount("work", "/work").Retry(2, time.Second).Timeout(time.Minute)
	a := set.Container("a", "busybox", "touch", "/work/a").EnvVars(message.Env("MESSAGE"))
	b := set.Container("b", "busybox").With(func(c *corev1.Container) { c.Args = []string{"b"} })
	set.Container("main", "busybox", "ls", "/work").Dependencies(a, b)
	server := workflow.Container("server", "nginx").Daemon()

	d := dag.New("kinds")
	ok := d.Task("approval", approval)
	d.Task("pause", pause)
	d.Task("call", call, message.Set("hi")).When(approved.Of(ok).Is(true))
	d.Task("object", object)
	daemon := d.Task("server", server)
	d.Task("set", set, message.From(workflow.IP.Of(daemon)))
	return d
}

func outputs() workflow.Template {
	const (
		total = workflow.Global[int]("total")
		pick  = workflow.Output[int]("pick")
		even  = workflow.Output[bool]("even")
		from  = workflow.Param[string]("from")
	)
	src := workflow.Container("src", "busybox").Outputs(rows.File("/rows").Default(7).Global(total))
	show := workflow.Container("show", "busybox").Inputs(n, message.Default("x"),
		from.FromConfigMap("settings", "from").Default("nowhere"))
	d := dag.New("outputs").Inputs(message.Default("main"))
	a := d.Task("a", src).When(message.Is("main").Or(workflow.Expr(`inputs.parameters.message startsWith "v"`)))
	b := d.Task("b", src).When(message.IsNot("main"))
	d.Task("either", show, n.From(workflow.If(message.Is("main"), rows.Of(a), rows.Of(b))), message.From(message.OfWorkflow()))
	d.Task("or", show, n.From(rows.Of(b).Or(3)), message.From(workflow.Name))
	d.Task("less-one", show, n.From(workflow.Eval[int]("asInt(tasks.a.outputs.parameters.rows) - 1")))
	d.Task("global", show, n.From(total)).When(total.Is(7))
	return d.Outputs(pick.From(workflow.If(message.Is("main"), rows.Of(a), rows.Of(b))),
		even.Expr("asInt(tasks.a.outputs.parameters.rows) % 2 == 0"))
}

func artifacts() workflow.Template {
	const raw, clean = workflow.Artifact("raw"), workflow.Artifact("clean")
	extract := workflow.Container("extract", "acme/extract:1.4").Command("extract", "--out", "/data/raw.csv").
		Outputs(raw.At("/data/raw.csv"), rows.File("/data/rows"))
	transform := workflow.Container("transform", "acme/transform:2.0").
		Inputs(n, raw.At("/data/raw.csv").With(func(a *spec.Artifact) { a.Optional = true })).
		Command("transform", "--rows", n.Ref(), raw.Path(), "/data/clean.parquet").
		Outputs(clean.At("/data/clean.parquet"))
	load := dag.New("load").Inputs(clean)
	load.Task("copy", workflow.Container("copy", "acme/load:1").Inputs(clean.At("/in")).Command("cp", clean.Path(), "/out"), clean.Pass())

	d := dag.New("etl")
	e := d.Task("extract", extract)
	t := d.Task("transform", transform, raw.From(raw.Of(e)), n.From(rows.Of(e)))
	d.Task("load", load, clean.From(clean.Of(t)))
	return d.Outputs(clean.From(clean.Of(t)))
}

// tools has the templates that templateRefs refers to.
func tools(t *testing.T) *source.Memory {
	from, err := source.Of(
		&spec.WorkflowTemplate{
			TypeMeta: metav1.TypeMeta{APIVersion: spec.APIVersion, Kind: "WorkflowTemplate"}, ObjectMeta: metav1.ObjectMeta{Name: "tools"},
			Spec: specOf(t, workflow.Container("print", "busybox").Inputs(message).
				Outputs(rows.File("/rows"), stdout, workflow.Artifact("files").At("/files"))),
		},
		&spec.ClusterWorkflowTemplate{
			TypeMeta: metav1.TypeMeta{APIVersion: spec.APIVersion, Kind: "ClusterWorkflowTemplate"}, ObjectMeta: metav1.ObjectMeta{Name: "shared"},
			Spec: specOf(t, workflow.Container("anything", "busybox").Inputs(n.Default(0), message.Default(""))),
		})
	require.NoError(t, err)
	return from
}

func specOf(t *testing.T, entry workflow.Template) spec.WorkflowSpec {
	w, err := workflow.Assemble("x-", entry)
	require.NoError(t, err)
	return w.Spec
}

func templateRefs() workflow.Template {
	var line workflow.Result[string]
	const files = workflow.Artifact("files")
	print := workflow.TemplateRef("tools", "print").Inputs(message).Outputs(rows, line, files)
	untyped := workflow.ClusterTemplateRef("shared", "anything")
	s := steps.New("main")
	p := s.Step("print", print, message.Set("x")).OnExit(untyped)
	s.Step("any", untyped, n.From(rows.Of(p)), message.From(line.Of(p)), files.From(files.Of(p)))
	return s
}

func leafWithSettings() workflow.Template {
	return workflow.Container("leaf", "busybox").Inputs(message.Default("x")).
		Retry(workflow.Retry{
			Limit: workflow.Unlimited, Policy: workflow.OnError, OtherMachine: true,
			Backoff:    workflow.Backoff{Duration: time.Second, Max: time.Hour},
			Expression: workflow.LastExitCode.IsNot(2).And(workflow.LastStatus.Is(workflow.Errored)),
		}).
		Timeout(time.Hour).PendingTimeout(time.Minute).
		Mutex("{{inputs.parameters.message}}").Mutex("two").Semaphore("limits", "leaf").
		Memoize("cache", message.Ref(), 24*time.Hour)
}

func optionsOfAllSorts() []workflow.Option {
	notify := workflow.Container("notify", "busybox").Inputs(message).Command("echo", message.Ref())
	return []workflow.Option{
		workflow.Deadline(1500 * time.Millisecond), workflow.Parallelism(3), workflow.Priority(5),
		workflow.Mutex("one"), workflow.Semaphore("limits", "runs"), workflow.ServiceAccount("runner"),
		workflow.Labels(map[string]string{"team": "a"}), workflow.Labels(map[string]string{"stage": "b"}),
		workflow.Annotations(map[string]string{"note": "c"}),
		workflow.TemplateDefaults(func(t *spec.Template) { t.NodeSelector = map[string]string{"pool": "big"} }),
		workflow.VolumeClaims(corev1.PersistentVolumeClaim{}),
		workflow.OnExit(notify, message.From(workflow.Textf("%s ended %s", workflow.Name, workflow.Status))),
		workflow.Hook("running", workflow.Status.Is(workflow.Running), notify, message.Set("runs")),
	}
}

func depends() workflow.Template {
	a, src := workflow.Container("a", "busybox"), srcTemplate()
	d := dag.New("depends").FailFast(false).Parallelism(2).Retry(workflow.Retry{Limit: 1}).Mutex("m").Semaphore("c", "k")
	first := d.Task("first", src).ContinueOn(workflow.Failed, workflow.Errored)
	loop := d.Task("loop", a).Each(workflow.Each(workflow.Items(1, 2)))
	use := d.Task("use", numTemplate(), n.From(rows.Of(first)))
	d.Task("both", a).Dependencies(first, use).When(rows.Of(first).Is(1))
	d.Task("mixed", a).Dependencies(use).Depends(loop.AnySucceeded().Or(loop.AllFailed()))
	last := d.Task("last", a).Depends(first.Succeeded().Or(first.Skipped()).And(use.Omitted().Or(use.Daemoned()).Not()).And(loop.Errored().Not()))
	return d.Target(last, use)
}
