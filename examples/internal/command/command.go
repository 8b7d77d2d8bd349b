// Package command is what the example programs have in common: their flags, and a run with its progress and logs.
package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/progress"
	"github.com/podflow/podflow/workflow/spec"
)

// Main runs a program that builds one workflow, and exits.
func Main(build func() (*workflow.Workflow, error)) {
	MainArgs(func([]string) (*workflow.Workflow, error) { return build() })
}

// MainArgs is Main for a program whose workflow depends on its arguments.
func MainArgs(build func(args []string) (*workflow.Workflow, error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr, build)
	stop()
	os.Exit(code)
}

// Run is a program: it parses its arguments, builds the workflow from those that are no flags, and prints or runs it.
// What it returns is the exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, build func(args []string) (*workflow.Workflow, error)) int {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(stderr)
	kind := flags.String("executor", "local", "what runs the nodes: local, fake or k8s")
	print := flags.String("print", "", "print the workflow instead: yaml, dot or mermaid")
	namespace := flags.String("namespace", "default", "the namespace of the Pods, with -executor k8s")
	var params parameters
	flags.Var(&params, "p", "`name=value` of a parameter of the workflow; may be repeated")
	rest, err := parse(flags, args)
	if err != nil {
		return 2
	}
	wf, err := build(rest)
	if err == nil && *print != "" {
		err = show(stdout, wf, *print)
	} else if err == nil {
		err = run(ctx, wf, *kind, *namespace, params, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// parse parses flags that may stand before and behind the other arguments.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// parameters are the values of -p.
type parameters []workflow.RunOption

func (p *parameters) String() string { return "" }

func (p *parameters) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("expected name=value")
	}
	*p = append(*p, workflow.Param[string](name).Set(value))
	return nil
}

func show(w io.Writer, wf *workflow.Workflow, format string) error {
	var text []byte
	var err error
	switch format {
	case "yaml":
		text, err = wf.YAML()
	case "dot":
		text = []byte(wf.DOT())
	case "mermaid":
		text = []byte(wf.Mermaid())
	default:
		return fmt.Errorf("-print %s: expected yaml, dot or mermaid", format)
	}
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// run runs the workflow with its progress, then prints the log of each node that has one.
func run(ctx context.Context, wf *workflow.Workflow, kind, namespace string, options []workflow.RunOption, w io.Writer) error {
	for _, warning := range wf.Warnings() {
		fmt.Fprintln(w, "warning:", warning.Error())
	}
	x, err := newExecutor(kind, namespace)
	if err != nil {
		return err
	}
	if c, ok := x.(io.Closer); ok {
		defer c.Close()
	}
	runner := workflow.NewRunner(x)
	defer runner.Close()
	run, err := runner.Start(ctx, wf, options...)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { run.Cancel(context.Cause(ctx)) })
	defer stop()
	done := context.WithoutCancel(ctx) // a cancelled run is waited for too
	logs := make(chan []byte)
	go func() { logs <- follow(done, run) }()
	if err := progress.Watch(done, run, w); err != nil {
		return err
	}
	err = run.Wait(done)
	_, _ = w.Write(<-logs)
	return err
}

// follow is the logs of all nodes, one after another. It reads them while the run is on: Pods, and their logs with
// them, go when it ends.
func follow(ctx context.Context, run *workflow.Run) []byte {
	var wait sync.WaitGroup
	var order []*bytes.Buffer
	begun := map[string]bool{}
	for e := range run.Events(ctx) {
		n := e.Node
		if n.Type != spec.TypePod || n.Phase == workflow.Pending || begun[n.Path] {
			continue
		}
		begun[n.Path] = true
		b := &bytes.Buffer{}
		order = append(order, b)
		wait.Go(func() {
			log, err := run.Logs(ctx, n.Path)
			if err != nil {
				return // there is none
			}
			defer log.Close()
			for lines := bufio.NewScanner(log); lines.Scan(); {
				fmt.Fprintf(b, "%s: %s\n", n.DisplayName, lines.Text())
			}
		})
	}
	wait.Wait()
	var all []byte
	for _, b := range order {
		all = append(all, b.Bytes()...)
	}
	return all
}

func newExecutor(kind, namespace string) (executor.Executor, error) {
	switch kind {
	case "local":
		return local.New(), nil
	case "fake":
		return fake.New(nil), nil
	case "k8s":
		config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
			clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
		if err != nil {
			return nil, err
		}
		return k8s.FromConfig(config, namespace)
	}
	return nil, fmt.Errorf("-executor %s: expected local, fake or k8s", kind)
}
