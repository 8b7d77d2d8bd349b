package plan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// rules compiles what few templates have besides a body. written is the template without the workflow's defaults.
func (c *compiler) rules(path string, t *Template, written *spec.Template) {
	s := t.Spec
	r := Rules{Daemon: isTrue(s.Daemon), FailFast: isTrue(s.FailFast)}
	at := scope{c: c, t: t, call: -1, body: true}
	at.number(path+".activeDeadlineSeconds", s.ActiveDeadlineSeconds)
	t.Display = at.text(path+".annotations", s.Annotations[displayName])
	if r.Parallelism = c.parallelism(path, s.Parallelism); r.Parallelism > 0 {
		c.plan.Gates = true
	}
	if t.Kind == DAG || t.Kind == Steps {
		for _, f := range []struct{ name, text string }{{"timeout", written.Timeout}, {"pendingTimeout", written.PendingTimeout}} {
			if f.text != "" {
				c.problem(path+"."+f.name, "a %v template has none: give it to the templates that it calls, or the workflow an activeDeadlineSeconds", t.Kind)
			}
		}
	} else {
		r.Timeout = at.duration(path+".timeout", s.Timeout)
		r.PendingTimeout = at.duration(path+".pendingTimeout", s.PendingTimeout)
	}
	if r.Daemon && t.Kind.Leaf() {
		c.plan.Daemons = true
	}
	if s.RetryStrategy != nil {
		r.Retry = c.retry(path+".retryStrategy", &at, s.RetryStrategy)
	}
	r.Locks = at.locks(path+".synchronization", s.Synchronization)
	r.Memo = at.memo(path+".memoize", s.Memoize)
	r.Metrics = c.metrics(path+".metrics", t, s.Metrics)
	if !isZeroRules(&r) {
		t.Rules = &r
	}
}

// displayName is the annotation of a template that says what its nodes are shown as.
const displayName = "workflows.argoproj.io/display-name"

func isTrue(b *bool) bool { return b != nil && *b }

func isZeroRules(r *Rules) bool {
	return r.Retry == nil && r.Timeout == nil && r.PendingTimeout == nil && r.Parallelism == 0 && !r.FailFast && !r.Daemon &&
		r.Locks == nil && r.Memo == nil && r.Metrics == nil
}

// parallelism is how many may run at a time; 0 is any number, which is said by saying nothing.
func (c *compiler) parallelism(path string, n *int64) int {
	if n == nil {
		return 0
	}
	if *n < 1 {
		c.problem(path+".parallelism", "is %d; it must be at least 1", *n)
	}
	return int(*n)
}

// text compiles a text that may be missing.
func (s *scope) text(path, source string) *Text {
	if source == "" {
		return nil
	}
	t := s.parse(path, source)
	return &t
}

// duration compiles a text that is to be a duration.
func (s *scope) duration(path, source string) *Text {
	t := s.text(path, source)
	if t != nil && len(t.Refs) == 0 {
		if d, err := expr.Duration(source); err != nil {
			s.c.problem(path, "%v", err)
		} else if d < 0 {
			s.c.problem(path, "%s is negative", source)
		}
	}
	return t
}

// number compiles what is to be a number, or a text that becomes one.
func (s *scope) number(path string, n *intstr.IntOrString) *Text {
	if n == nil {
		return nil
	}
	t := s.parse(path, n.String())
	if len(t.Refs) == 0 && strings.Trim(t.Source, "-0123456789.") != "" {
		s.c.problem(path, "%q is not a number", t.Source)
	}
	return &t
}

// policies are what the retry policies mean.
var policies = map[spec.RetryPolicy]Retry{
	spec.RetryAlways:           {OnFailed: true, OnErrored: true},
	spec.RetryOnFailure:        {OnFailed: true},
	spec.RetryOnError:          {OnErrored: true},
	spec.RetryOnTransientError: {OnFailed: true, OnErrored: true, Transient: true},
}

func (c *compiler) retry(path string, at *scope, s *spec.RetryStrategy) *Retry {
	policy := s.RetryPolicy
	switch {
	case policy == "" && s.Expression != "":
		policy = spec.RetryAlways
	case policy == "":
		policy = spec.RetryOnFailure
	}
	r, ok := policies[policy]
	if !ok {
		c.problem(path+".retryPolicy", "%q is not one of Always, OnFailure, OnError, OnTransientError%s", policy,
			c.hint(string(policy), slices.Values([]string{"Always", "OnFailure", "OnError", "OnTransientError"})))
	}
	if r.Limit = at.number(path+".limit", s.Limit); r.Limit != nil && strings.HasPrefix(r.Limit.Source, "-") {
		c.problem(path+".limit", "%s is negative", r.Limit.Source)
	}
	if s.Expression != "" {
		r.Expression = at.taggedExpression(path+".expression", s.Expression)
	}
	if b := s.Backoff; b != nil {
		r.Base = at.duration(path+".backoff.duration", b.Duration)
		if r.Base == nil {
			c.problem(path+".backoff.duration", "there is none: it is how long to wait the first time")
		}
		r.Factor = at.number(path+".backoff.factor", b.Factor)
		r.Cap = at.duration(path+".backoff.cap", b.Cap)
		r.MaxDuration = at.duration(path+".backoff.maxDuration", b.MaxDuration)
		if s.Limit == nil {
			c.warn(path+".backoff", "without a limit no backoff is honoured")
		}
	}
	return &r
}

// control compiles what few calls have besides a template and its inputs.
func (b *binder) control(path string, k callSpec) *Control {
	ctl := &Control{}
	s := &b.s
	if k.loops() {
		ctl.Loop = b.loop(path, k)
	}
	s.item = ctl.Loop != nil
	if k.when != "" {
		text := s.parse(path+".when", k.when)
		if err := expr.CheckWhen(k.when); err != nil {
			b.c.problem(path+".when", "%v", err)
		}
		ctl.When, ctl.EachWhen = &text, text.names(RefItem, RefItemField)
	}
	if k.continueOn != nil {
		ctl.ContinueFailed, ctl.ContinueErrored = k.continueOn.Failed, k.continueOn.Error
	}
	s.hook = true
	ctl.Hooks = b.hooks(path, k.hooks, k.onExit, k.arguments)
	s.hook = false
	return ctl
}

// hooks compiles hooks and an exit handler, which takes the place of the hook called exit. Without arguments of its own
// an exit handler has those of what it is of.
func (b *binder) hooks(path string, hooks map[string]spec.LifecycleHook, onExit string, of *spec.Arguments) (all []Hook) {
	for _, name := range sortedKeys(hooks) {
		h, at := hooks[name], path+".hooks["+name+"]"
		switch {
		case name != "exit":
			all = append(all, b.hook(at, name, &h, nil))
		case onExit != "":
			b.c.warn(at, "%s.onExit takes its place", path)
		default:
			all = append(all, b.hook(at, name, &h, of))
		}
	}
	if onExit != "" {
		all = append(all, b.hook(path+".onExit", "exit", &spec.LifecycleHook{Template: onExit}, of))
	}
	return all
}

// hook compiles a hook. The one called exit is the exit handler.
func (b *binder) hook(path, name string, h *spec.LifecycleHook, of *spec.Arguments) Hook {
	hook := Hook{Name: name}
	if name == "exit" {
		hook.Name = ""
	} else if h.Expression == "" {
		b.c.problem(path+".expression", "there is none: only the hook called exit needs no condition")
	}
	if h.Expression != "" {
		hook.When = b.s.expressionAt(path+".expression", h.Expression)
	}
	hook.Call.Template = b.c.callee(b.t.home, path, h.Template, h.TemplateRef, nil)
	if t := hook.Call.Template; t != nil {
		args := &h.Arguments
		if of != nil && len(args.Parameters) == 0 && len(args.Artifacts) == 0 {
			args = takenBy(t, of)
		}
		b.arguments(path, &hook.Call, args)
	}
	return hook
}

// takenBy are those of the arguments that a template takes.
func takenBy(t *Template, of *spec.Arguments) *spec.Arguments {
	taken := &spec.Arguments{}
	for _, p := range of.Parameters {
		if InputNamed(t.Inputs, p.Name) != nil {
			taken.Parameters = append(taken.Parameters, p)
		}
	}
	for _, a := range of.Artifacts {
		if slices.ContainsFunc(t.Spec.Inputs.Artifacts, func(in spec.Artifact) bool { return in.Name == a.Name }) {
			taken.Artifacts = append(taken.Artifacts, a)
		}
	}
	return taken
}

// workflowHooks compiles the exit handler of the workflow and its other hooks.
func (c *compiler) workflowHooks() {
	w := &c.plan.Resolved.Spec
	b := &binder{c: c, t: &Template{home: c.main}}
	b.s = scope{c: c, call: -1}
	args := &spec.Arguments{}
	for i := range c.plan.Arguments {
		name := c.plan.Arguments[i].Name
		args.Parameters = append(args.Parameters, spec.Parameter{Name: name, Value: new(spec.AnyString("{{workflow.parameters." + name + "}}"))})
	}
	c.plan.Hooks = b.hooks("spec", w.Hooks, w.OnExit, args)
}

// loop compiles the items of a call.
func (b *binder) loop(path string, k callSpec) *Loop {
	s, l := &b.s, &Loop{}
	forms := 0
	if k.withItems != nil {
		forms++
		b.withItems(path+".withItems", k.withItems, l)
	}
	if k.withParam != "" {
		forms++
		l.Param = s.text(path+".withParam", k.withParam)
		if len(l.Param.Refs) == 0 {
			if _, err := expr.ParseItems(l.Param.Source); err != nil {
				b.c.problem(path+".withParam", "%v", err)
			}
		}
	}
	if q := k.withSequence; q != nil {
		forms++
		at := path + ".withSequence"
		l.Sequence = &Sequence{s.number(at+".count", q.Count), s.number(at+".start", q.Start), s.number(at+".end", q.End), s.text(at+".format", q.Format)}
		if (q.Count == nil) == (q.End == nil) {
			b.c.problem(at, "needs one of count and end")
		}
		if q.Format != "" && !strings.Contains(q.Format, "{{") {
			if err := expr.CheckFormat(q.Format); err != nil {
				b.c.problem(at+".format", "%v", err)
			}
		}
	}
	if forms > 1 {
		b.c.problem(path, "has more than one of withItems, withParam and withSequence")
	}
	return l
}

// withItems compiles items that are written down.
func (b *binder) withItems(path string, items []spec.Item, l *Loop) {
	if !slices.ContainsFunc(items, func(it spec.Item) bool { return bytes.Contains(it, []byte("{{")) }) {
		var err error
		if l.Fixed, err = expr.Items(items); err != nil {
			b.c.problem(path, "%v", err)
		}
		return
	}
	l.Items = make([]Text, len(items))
	for i, it := range items {
		l.Items[i] = b.s.parse(fmt.Sprintf("%s[%d]", path, i), string(it))
	}
}

// conditional says that something may end a recursion through the call.
func (c *Call) conditional() bool {
	return c.Control != nil && (c.When != nil || c.Loop != nil || c.Depends != nil)
}
