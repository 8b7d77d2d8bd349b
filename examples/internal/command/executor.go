package command

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/k8s"
)

// chosen is the executor that the command line asks for.
type chosen struct {
	executor.Executor
	// close ends its use.
	close func() error
	// report says after a run what is to be said of it.
	report func(io.Writer) error
}

func newExecutor(name, namespace string) (*chosen, error) {
	x := &chosen{close: func() error { return nil }, report: func(io.Writer) error { return nil }}
	switch name {
	case "local":
		x.Executor = local.New()
	case "fake":
		f := fake.New(nil)
		x.Executor, x.report = f, func(w io.Writer) error { return list(w, f.Calls()) }
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
