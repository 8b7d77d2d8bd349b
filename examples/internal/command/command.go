// Package command is what the example programs have in common: their flags, and a run with its progress and logs.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/progress"
	"github.com/podflow/podflow/workflow/source"
)

// Build makes the workflow of a program from its arguments that are no flags. library holds what the workflow may refer
// to: the templates and ConfigMaps of -templates, and what Build adds.
type Build func(args []string, library *source.Memory) (*workflow.Workflow, error)

// Main runs a program that builds one workflow, and exits.
func Main(build func() (*workflow.Workflow, error)) { MainArgs(Plain(build)) }

// Plain is a Build that refuses arguments.
func Plain(build func() (*workflow.Workflow, error)) Build {
	return func(args []string, _ *source.Memory) (*workflow.Workflow, error) {
		if len(args) > 0 {
			return nil, fmt.Errorf("%q: %w", args[0], errSurplus)
		}
		return build()
	}
}

// errSurplus is of an argument that a program does not take.
var errSurplus = errors.New("expected flags only")

// MainArgs is Main for a program whose workflow depends on its arguments. An interrupt, or the end of the terminal, cancels
// the run and waits until it has ended; a second interrupt does not wait.
func MainArgs(build Build) {
	ctx := context.Background()
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ctx, _ = signal.NotifyContext(ctx, syscall.SIGHUP) // for good: a terminal that ends may say so twice
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr, build))
}

// Run is a program: it parses its arguments, builds the workflow from those that are no flags, and prints or runs it,
// with the progress on stderr and what the nodes wrote on stdout. What it returns is the exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, build Build) int {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(stderr)
	kind := flags.String("executor", "local", "what runs the nodes: local, fake or k8s")
	print := flags.String("print", "", "print the workflow instead: yaml, dot or mermaid")
	namespace := flags.String("namespace", "", "the namespace of the Pods, with -executor k8s; that of the kubeconfig if empty")
	agent := flags.String("agent", "", "the agent's `image`, with -executor k8s: see go run ./k8s/agent/push")
	mirror := flags.String("mirror", "", "another `host` for the images of docker.io, with -executor k8s")
	repository := flags.String("repository", "", "a YAML `file` with the artifact repository: s3: {bucket: …}")
	given := outputs{}
	flags.Var(given, "o", "`node=value` that a node gives with -executor fake, by its name or path, instead of 1; may be repeated")
	templates := flags.String("templates", "", "a `directory` of YAML files with the WorkflowTemplates, ClusterWorkflowTemplates and ConfigMaps\nthat the workflow refers to")
	var params parameters
	flags.Var(&params, "p", "`name=value` of a parameter of the workflow; may be repeated")
	rest, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	library, err := source.Of()
	if *templates != "" {
		library, err = source.Dir(*templates)
	}
	var wf *workflow.Workflow
	if err == nil {
		wf, err = build(rest, library)
	}
	switch {
	case errors.Is(err, errSurplus):
		fmt.Fprintln(stderr, err)
		flags.Usage()
		return 2
	case err != nil:
	case *print != "":
		err = show(stdout, wf, *print)
	default:
		var x *chosen
		if x, err = newExecutor(*kind, cluster{*namespace, *agent, *mirror}, given); err != nil {
			break
		}
		defer x.close()
		var settings []workflow.RunnerOption
		if settings, err = keepIn(*repository); err == nil {
			settings = append(settings, workflow.WithConfig(library), workflow.MaxDepth(maxDepth))
			err = run(ctx, wf, x, settings, params, stdout, stderr)
		}
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

// maxDepth is how deep nodes may be nested: deep enough for what somebody reads, and soon reached by a recursion whose
// end depends on a value that never comes.
const maxDepth = 500

// run runs the workflow with its progress, and then says what the nodes wrote, or on a fake what they are.
func run(ctx context.Context, wf *workflow.Workflow, x *chosen, settings []workflow.RunnerOption, options []workflow.RunOption, stdout, stderr io.Writer) error {
	for _, warning := range wf.Warnings() {
		fmt.Fprintln(stderr, "warning:", warning.Error())
	}
	run, err := workflow.NewRunner(x.Executor, settings...).Start(ctx, wf, options...)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { run.Cancel(context.Cause(ctx)) })
	defer stop()
	end := context.WithoutCancel(ctx) // a cancelled run is waited for too
	logs := follow(end, run)
	resumed := x.resume(end, run)
	shown := progress.Watch(end, run, stderr)
	err = run.Wait(end)
	return errors.Join(err, shown, resumed(), logs.write(stdout, run), x.report(stdout))
}
