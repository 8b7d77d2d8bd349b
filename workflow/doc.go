// Package workflow builds, checks and runs workflows.
//
//	const message = workflow.Param[string]("message")
//
//	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())
//	s := steps.New("hello")
//	s.Step("first", echo, message.Set("one"))
//	wf, err := workflow.New("hello-", s) // all mistakes at once, each with its path
//	run, err := wf.Run(ctx, local.New()) // or a Runner, for services
//
// A template is a unit of work: [Container], [Script], [Func], [ContainerSet], [Resource], [HTTP], [Suspend],
// [PluginWork], or [TemplateRef] for one that stands elsewhere. Packages dag and steps put calls of templates in order.
// [Load] reads Argo's YAML into the same [Workflow]. The numbered examples show one thing each, in the order in which one
// may want to read them.
//
// # Values
//
// A handle is the name of a value with its Go type: [Param] of what a template takes, [Output] and [Result] of what it
// gives, [Artifact] of files, [Variable], [Global] and [Property] of what the run knows. A handle can be a constant. It
// declares a value, gives it to a call, reads it from a run, and makes conditions: [Param.Set], [Output.Of],
// [Value.Is].
//
// Between tasks values are text. A Ref is a tag in a text, {{inputs.parameters.message}}, which is replaced when the
// node begins; where the text is a program's or a shell's, the value becomes a part of it, so that belongs into an
// argument of its own or into the environment. A [Condition], [If] and [Eval] are expressions, {{=…}}, of the expr
// language, in which values are variables and never become a part of the text.
//
// All text that the program writes may have tags: commands, the format of [Textf], defaults, items, and what it gives to a
// task, a step or [New] by [Param.Set]. What the tags stand for has none: arguments of [Workflow.Run] and [Runner.Start],
// and outputs of nodes, are put in as they are and are not searched for tags again. So text from outside belongs there.
//
// # Files
//
// An [Artifact] is a file or directory that a task leaves and others are given. Where it is kept is said by its template,
// by the workflow's artifactRepositoryRef, by the Runner ([WithRepository]), or by the executor, in this order; who uses it
// need not know. Its bytes go from Pod to store to Pod and never through this process, unless a Go function
// ([FuncTemplate.Inputs]), [Run.Open] or [Run.Fetch] reads them. Its size and its SHA-256 are in the status of the node,
// and what is read is compared with them. Small values are better outputs: they travel in the status of the node.
//
// # Variables
//
// In texts, and by the same names in expressions:
//
//	inputs.parameters.NAME                        the template's own inputs; inputs.parameters is all of them as JSON
//	inputs.artifacts.NAME.path, outputs.artifacts.NAME.path, outputs.parameters.NAME.path
//	tasks.NAME.outputs.parameters.OUTPUT          what a task gave; steps.NAME in a steps template
//	tasks.NAME.outputs.result, .exitCode          its standard output, and how it ended
//	tasks.NAME.status, .id, .ip, .hostNodeName, .startedAt, .finishedAt
//	item, item.FIELD                              in the arguments, the condition and the hooks of a loop's call
//	retries, lastRetry.exitCode, .status, .duration, .message
//	workflow.name, .namespace, .uid, .mainEntrypoint, .serviceAccountName, .priority
//	workflow.parameters.NAME, .labels.NAME, .annotations.NAME, .outputs.parameters.NAME
//	workflow.creationTimestamp, .creationTimestamp.RFC3339, .creationTimestamp.s
//	workflow.creationTimestamp.L                  with L one of A a B b d H I L M m p S Y y Z z: a part as strftime writes it
//	workflow.status, .failures, .duration         in exit handlers and hooks of the workflow
//	workflow.scheduledTime                        the time for which a schedule started the run
//	node.name                                     of the node that uses it
//
// # Runs
//
// A [Runner] owns what runs share: the executor, the journal, locks, memoized outputs. [Runner.Start] begins a [Run],
// which tells all that happens ([Run.Events], [Run.Nodes]), and may be suspended, stopped, retried or resubmitted. With a
// journal, [Runner.Recover] goes on with what an earlier process left. The error of a run is a [*RunError], which holds
// the nodes that went wrong by themselves.
package workflow
