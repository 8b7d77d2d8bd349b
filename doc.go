// Package podflow is a library for building container workflows as typed Go code and running them as Kubernetes Pods,
// as processes of this machine, or against a fake in unit tests. Nothing is installed in the cluster.
//
// The words are Argo Workflows': a template is a unit of work, a task or step calls one, a dag or steps put calls in
// order, parameters go in and outputs come out.
//
//	const message = workflow.Param[string]("message")
//
//	echo := workflow.Container("echo", "alpine:3.23").Inputs(message).Command("echo", message.Ref())
//
//	d := dag.New("diamond")
//	a := d.Task("A", echo, message.Set("A"))
//	b := d.Task("B", echo, message.Set("B")).Dependencies(a)
//	c := d.Task("C", echo, message.Set("C")).Dependencies(a)
//	d.Task("D", echo, message.Set("D")).Dependencies(b, c)
//
//	wf, err := workflow.New("diamond-", d) // every mistake at once, each with its path
//	run, err := wf.Run(ctx, local.New())   // or fake.New(t), or k8s.FromConfig(config, "jobs")
//
// # Where to go on
//
// Package workflow has the handles (Param, Output, Result), the templates that run something (Container, Script, Func and
// more), New and Load, and the Runner for services; its numbered examples show one thing each. Packages dag and steps put
// templates in order. Package executor is the contract of what runs them; executor/fake is for unit tests, executor/local
// for trying a workflow out, k8s for production. Package workflow/source has what a workflow refers to, WorkflowTemplates
// and ConfigMaps; workflow/cron runs workflows at times; workflow/journal is the record from which a run is recovered.
// Package workflow/spec is the workflow as data, which Argo's YAML is read into and written from. Package
// workflow/progress shows a run on a terminal.
package podflow
