package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/git"
	"github.com/podflow/podflow/executor/artifact/http"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// chosen is the executor that the command line asks for.
type chosen struct {
	executor.Executor
	// close ends its use.
	close func() error
	// resume begins to resume what a run suspends; ended waits for its end.
	resume func(context.Context, *workflow.Run) (ended func() error)
	// report says after a run what is to be said of it.
	report func(io.Writer) error
}

// cluster is what the command line says of the Pods.
type cluster struct{ namespace, agent, mirror string }

func newExecutor(name string, of cluster, given outputs) (*chosen, error) {
	nothing := func() error { return nil }
	x := &chosen{
		close:  nothing,
		resume: func(context.Context, *workflow.Run) func() error { return nothing },
		report: func(io.Writer) error { return nil },
	}
	switch name {
	case "local":
		l := local.New()
		l.Artifacts = artifact.New(local.Secrets, s3.Driver{}, http.Driver{}, git.Driver{})
		x.Executor, x.close = l, l.Close
	case "fake":
		r := &rehearsal{Executor: fake.New(nil), outputs: given}
		x.Executor, x.resume = r, r.resume
		x.report = func(w io.Writer) error { return list(w, r.Calls()) }
	case "k8s":
		overrides := clientcmd.ConfigOverrides{}
		overrides.Context.Namespace = of.namespace
		kubeconfig := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), &overrides)
		config, err := kubeconfig.ClientConfig()
		if err != nil {
			return nil, err
		}
		namespace, _, err := kubeconfig.Namespace()
		if err != nil {
			return nil, err
		}
		var opts []k8s.Option
		if of.agent != "" {
			opts = append(opts, k8s.WithAgentImage(of.agent))
		}
		if of.mirror != "" {
			opts = append(opts, k8s.WithMirror("docker.io", of.mirror))
		}
		pods, err := k8s.FromConfig(config, namespace, opts...)
		if err != nil {
			return nil, err
		}
		x.Executor, x.close = pods, pods.Close
	default:
		return nil, fmt.Errorf("-executor %s: expected local, fake or k8s", name)
	}
	return x, nil
}

// keepIn is the setting of a Runner that keeps artifacts in the repository of a file; none if its name is empty.
func keepIn(file string) ([]workflow.RunnerOption, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r spec.ArtifactRepository
	if err := yaml.UnmarshalStrict(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if r.S3 == nil {
		return nil, fmt.Errorf("%s: expected s3", file)
	}
	return []workflow.RunnerOption{workflow.WithRepository(spec.ArtifactLocation{
		S3: &spec.S3Artifact{S3Bucket: r.S3.S3Bucket, Key: r.S3.KeyFormat},
	})}, nil
}

// list says what a fake would have run.
func list(w io.Writer, calls []*executor.Task) error {
	for _, task := range calls {
		t, err := task.Template()
		if err != nil {
			return err
		}
		path := task.Path
		if path == "" {
			path = task.Name
		}
		text := "a Go function"
		switch {
		case t.ContainerSet != nil:
			text = "several containers"
			for _, c := range t.ContainerSet.Containers {
				text += fmt.Sprintf("\n%s: %s %q", c.Name, c.Image, append(c.Command, c.Args...))
			}
		case t.Resource != nil:
			text = fmt.Sprintf("%s\n%s", t.Resource.Action, strings.TrimSpace(t.Resource.Manifest))
		case t.HTTP != nil:
			text = fmt.Sprintf("%s %s", cmp.Or(t.HTTP.Method, "GET"), t.HTTP.URL)
		case t.Data != nil:
			text = "a list of artifacts"
		case t.Plugin != nil && task.Func == nil:
			text = "a plugin"
		case t.Container != nil:
			text = fmt.Sprintf("%s %q", t.Container.Image, append(t.Container.Command, t.Container.Args...))
		case t.Script != nil:
			text = fmt.Sprintf("%s %q\n%s", t.Script.Image, t.Script.Command, strings.TrimRight(t.Script.Source, "\n"))
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", path, text); err != nil {
			return err
		}
	}
	return nil
}
