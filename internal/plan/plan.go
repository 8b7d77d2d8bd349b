// Package plan is what a spec compiles to: for each template a graph, every reference resolved, every tag parsed
// once. All checks that are not Go's own typing are made here, before anything runs. It is pure: no I/O, no clock,
// no goroutines.
package plan

import (
	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Plan is a compiled workflow. It does not change.
type Plan struct {
	// Spec is the workflow as it was given, and Resolved with what its workflowTemplateRef brings.
	Spec     *spec.Workflow
	Resolved spec.Workflow
	// Library is what the workflow refers to outside of itself, or nil.
	Library   *Library
	Templates []*Template
	Entry     *Template
	// Arguments are the workflow's parameters, in the order of their declaration.
	Arguments []Input
	// ArgumentFiles are the artifacts of its arguments.
	ArgumentFiles []*FileSource
	// Fields are the texts with tags of the workflow's spec outside of the templates.
	Fields Stencil
	// Hooks are what runs because of the run: its exit handler, and others.
	Hooks []Hook
	// Parallelism bounds how many Pods of the run are at work at a time; 0: not bounded.
	Parallelism int
	// Locks are what the run holds from its begin to its end.
	Locks []Lock
	// Metrics are computed at the end of the run.
	Metrics []Metric
	// Daemons and Gates say that some template is a daemon, or bounds how many of its children run.
	Daemons, Gates bool
	// Config are the keys of ConfigMaps that the workflow uses.
	Config []ConfigKey
	// Warnings are what the workflow says and nothing acts on.
	Warnings []Problem
}

// Problem is one thing that is wrong, with the path to it.
type Problem struct{ Path, Text string }

// Template is a compiled template.
type Template struct {
	Name string
	// Path is where the template stands: templates[echo].
	Path string
	Kind Kind
	// Spec is the template with the workflow's defaults.
	Spec    *spec.Template
	Inputs  []Input
	Outputs []Output

	// Fields are the texts with tags of a leaf's spec.
	Fields Stencil
	// Func is the Go function of a leaf that is one.
	Func executor.Func
	// WantsResult says that the standard output is always kept, UsesResult that some call of the template uses it.
	WantsResult, UsesResult bool

	// Files are its artifacts; nil: it has none.
	Files *Files
	// Rules are what few templates have besides; nil: none.
	*Rules
	// Display is what people are shown as the name of the template's nodes; nil: the name.
	Display *Text
	// Duration is how long a suspend template waits; nil: until it is resumed.
	Duration *Text

	// Calls are the tasks of a dag, or the steps, group after group.
	Calls []Call
	// Groups are where each group of steps ends in Calls.
	Groups []int32
	// Graph is the order of the calls.
	Graph *Graph
	// Targets are the calls that decide the phase of a dag, in the order in which they are named.
	Targets []int32
	// Target is a dag's target that has tags: Targets and Wanted are known when it runs.
	Target *Text
	// Wanted says for each call whether a target needs it. Nil: all are.
	Wanted []bool

	index int32
	home  *home
	names map[string]int32 // of the calls; only while compiling
}

// Kind is what a template does.
type Kind uint8

// The kinds of template.
const (
	Container Kind = iota
	Script
	Func
	ContainerSet
	Resource
	HTTP
	Data
	Plugin
	DAG
	Steps
	Suspend
)

var kindNames = [...]string{"container", "script", "plugin", "containerSet", "resource", "http", "data", "plugin", "dag", "steps", "suspend"}

// String is the word of the spec for the kind.
func (k Kind) String() string { return kindNames[k] }

// Leaf says that the kind runs something, rather than calling other templates or waiting.
func (k Kind) Leaf() bool { return k < DAG }

// Calls says that the kind calls other templates.
func (k Kind) Calls() bool { return k == DAG || k == Steps }

// hasResult says that the kind has a standard output, or what stands for one.
func (k Kind) hasResult() bool {
	return k == Container || k == Script || k == ContainerSet || k == HTTP || k == Data || k == Resource || k == Plugin
}

// Pod says that the kind is the work of a Pod.
func (k Kind) Pod() bool { return k.Leaf() && k != Func && k != HTTP && k != Plugin }

// Input is a parameter that a template or the workflow takes.
type Input struct {
	Name string
	// Default is its value where none is given; nil if one must be.
	Default *Text
	// Enum are the permitted values; none: all are.
	Enum []spec.AnyString
}

// Output is a parameter that a template gives.
type Output struct {
	Name string
	// From is what a dag or steps template gives.
	From Text
	// Default is the value where the container left none, or nil.
	Default *string
	// Expression is what the value is computed from, or nil.
	Expression *Expression
	// Global is the name under which the whole run sees the value, or empty.
	Global string
}

// Call is a compiled task or step.
type Call struct {
	Name     string
	Template *Template
	// Inputs are the values for the template's inputs, in their order. Where a value holds references it is in Control.Texts.
	Inputs []executor.Value
	// WantResult says that something uses the standard output of the node.
	WantResult bool
	// Control is what few calls have besides; nil: nothing.
	*Control
}

// Group is the group of steps that a call is in.
func (t *Template) Group(call int32) int32 {
	lo, hi := 0, len(t.Groups)
	for lo < hi {
		if mid := (lo + hi) / 2; t.Groups[mid] <= call {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return int32(lo)
}

// Begin is where a group of steps begins in Calls.
func (t *Template) Begin(group int32) int32 {
	if group == 0 {
		return 0
	}
	return t.Groups[group-1]
}

// InputNamed is the input of that name, or nil.
func InputNamed(in []Input, name string) *Input {
	for i := range in {
		if in[i].Name == name {
			return &in[i]
		}
	}
	return nil
}

// Output is the index of an output parameter, or -1.
func (t *Template) Output(name string) int32 {
	for i := range t.Outputs {
		if t.Outputs[i].Name == name {
			return int32(i)
		}
	}
	return -1
}

// Permits says whether an input may have the value.
func (i *Input) Permits(value string) bool {
	for _, e := range i.Enum {
		if string(e) == value {
			return true
		}
	}
	return len(i.Enum) == 0
}

// Leaves are the templates that the entrypoint may run as leaves, as an executor checks them.
func (p *Plan) Leaves() []executor.Leaf {
	var leaves []executor.Leaf
	seen := make([]bool, len(p.Templates))
	queue := []*Template{p.Entry}
	for i := range p.Hooks {
		queue = append(queue, p.Hooks[i].Call.Template)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		t := queue[0]
		if seen[t.index] {
			continue
		}
		seen[t.index] = true
		if t.Kind.Leaf() {
			leaves = append(leaves, executor.Leaf{
				Path: t.Path, Template: t.Spec, Func: t.Func != nil,
				UsesResult: t.UsesResult || t.WantsResult,
			})
		}
		for i := range t.Calls {
			if c := t.Calls[i].Template; !seen[c.index] {
				queue = append(queue, c)
			}
			if t.Calls[i].Control == nil {
				continue
			}
			for h := range t.Calls[i].Hooks {
				queue = append(queue, t.Calls[i].Hooks[h].Call.Template)
			}
		}
	}
	return leaves
}
