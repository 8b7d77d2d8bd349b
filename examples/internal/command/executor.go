package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
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

func newExecutor(name, namespace string, given outputs) (*chosen, error) {
	nothing := func() error { return nil }
	x := &chosen{
		close:  nothing,
		resume: func(context.Context, *workflow.Run) func() error { return nothing },
		report: func(io.Writer) error { return nil },
	}
	switch name {
	case "local":
		x.Executor = local.New()
	case "fake":
		r := &rehearsal{Executor: fake.New(nil), outputs: given}
		x.Executor, x.resume = r, r.resume
		x.report = func(w io.Writer) error { return list(w, r.Calls()) }
	case "k8s":
		overrides := clientcmd.ConfigOverrides{}
		overrides.Context.Namespace = namespace
		kubeconfig := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), &overrides)
		config, err := kubeconfig.ClientConfig()
		if err != nil {
			return nil, err
		}
		if namespace, _, err = kubeconfig.Namespace(); err != nil {
			return nil, err
		}
		pods, err := k8s.FromConfig(config, namespace)
		if err != nil {
			return nil, err
		}
		x.Executor, x.close = pods, pods.Close
	default:
		return nil, fmt.Errorf("-executor %s: expected local, fake or k8s", name)
	}
	return x, nil
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
