package fake

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/nearest"
	"github.com/podflow/podflow/workflow/spec"
)

// Outcome is how an attempt ends. The zero value succeeds at once, without outputs.
type Outcome struct {
	// Result is the program's end. An output of the name "result" that the template does not declare is its standard
	// output.
	Result executor.Result
	// Err is trouble of the infrastructure; if it is not nil, Result does not count.
	Err error
	// After is how long the attempt runs.
	After time.Duration
	// IP and Host are where it runs, as {{tasks.NAME.ip}} and {{tasks.NAME.hostNodeName}} tell. Empty is not known;
	// a daemon's IP is then 127.0.0.1.
	IP, Host string

	optional bool
	files    map[string]string // the contents of artifacts, by name
}

// Output is an output with its value: Set of a workflow.Output, a workflow.Result or a workflow.Artifact makes one.
type Output interface{ Output() (name, value string) }

// Succeed ends well, with outputs.
func Succeed(outputs ...Output) Outcome {
	return Outcome{Result: executor.Result{Phase: spec.Succeeded}}.with(outputs)
}

// Fail ends with an exit code, and with what the program left before: none of its outputs has to be there.
func Fail(code int, message string, outputs ...Output) Outcome {
	return Outcome{Result: executor.Result{Phase: spec.Failed, ExitCode: &code, Message: message}}.with(outputs)
}

// with is the outcome of a new program with outputs.
func (o Outcome) with(outputs []Output) Outcome {
	for _, out := range outputs {
		name, value := out.Output()
		if f, ok := out.(interface{ IsArtifact() bool }); ok && f.IsArtifact() {
			if o.files == nil {
				o.files = map[string]string{}
			}
			o.files[name] = value
			continue
		}
		o.Result.Outputs = append(o.Result.Outputs, executor.Value{Name: name, Value: value})
	}
	return o
}

// Error is trouble of the infrastructure: the node's phase is Error. With an [*executor.LostError] the engine may run
// the node again, as it does after the loss of a Pod.
func Error(err error) Outcome {
	if err == nil {
		err = errors.New("fake: scripted error")
	}
	return Outcome{Err: err}
}

// Forever runs until it is stopped: by a timeout, or because the run ends.
func Forever() Outcome { return Outcome{After: math.MaxInt64} }

// Taking makes the outcome come after a time.
func (o Outcome) Taking(d time.Duration) Outcome { o.After = d; return o }

// Optional lets the outcome stay unused.
func (o Outcome) Optional() Outcome { o.optional = true; return o }

// String says what was scripted, for messages.
func (o Outcome) String() string {
	switch {
	case o.Err != nil:
		return fmt.Sprintf("Error(%v)", o.Err)
	case o.After == math.MaxInt64:
		return "Forever()"
	case o.Result.Phase.FailedOrErrored() && o.Result.ExitCode != nil:
		return fmt.Sprintf("Fail(%d, %q)", *o.Result.ExitCode, o.Result.Message)
	case o.Result.Phase.FailedOrErrored():
		return fmt.Sprintf("%s, %q", o.Result.Phase, o.Result.Message)
	}
	names := make([]string, len(o.Result.Outputs))
	for i, v := range o.Result.Outputs {
		names[i] = v.Name
	}
	return "Succeed(" + strings.Join(names, ", ") + ")"
}

// settle makes the result of an outcome: its outputs are those that the template declares, no more and no less.
func settle(o Outcome, s *script, t *executor.Task) (executor.Result, error) {
	if o.Err != nil {
		return executor.Result{}, o.Err
	}
	template, err := templateOf(t)
	if err != nil {
		return executor.Result{}, err
	}
	res := o.Result
	if res.Phase == "" {
		res.Phase = spec.Succeeded
	}
	succeeded := res.Phase == spec.Succeeded
	if succeeded && res.ExitCode == nil {
		res.ExitCode = exitCode(template)
	}
	if !succeeded && res.Message == "" && res.ExitCode != nil {
		res.Message = fmt.Sprintf("main: Error (exit code %d)", *res.ExitCode)
	}
	var lacks, unknown []string
	res.Outputs, lacks, unknown = outputs(&o, template)
	res.Result = nil
	if t.WantResult {
		stdout, ok := o.Result.Output("result")
		res.Result = &stdout
		if !ok {
			lacks = append(lacks, "its result, the standard output")
		}
	}
	switch {
	case len(unknown) > 0:
		return executor.Result{}, fmt.Errorf("fake: On(%q): %s: template %q declares no %s",
			s.key, o, template.Name, strings.Join(unknown, " and no "))
	case !succeeded || len(lacks) == 0:
		return res, nil
	case s == nil:
		return executor.Result{}, fmt.Errorf("fake: nothing is scripted for %q, and the workflow wants %s: add On(%q, fake.Succeed(...))",
			nameOf(t), strings.Join(lacks, " and "), nameOf(t))
	}
	return executor.Result{}, fmt.Errorf("fake: On(%q): %s lacks %s", s.key, o, strings.Join(lacks, " and "))
}

// isPlain says that all there is to know of a task for which nothing is scripted is that it succeeds.
func isPlain(t *executor.Task) bool {
	w := t.Written
	return w != nil && t.Func == nil && !t.WantResult && w.Daemon == nil && len(w.Outputs.Parameters) == 0 && len(w.Outputs.Artifacts) == 0
}

// templateOf is the task's template, with its tags if possible, since replacing them is work.
func templateOf(t *executor.Task) (*spec.Template, error) {
	if t.Written != nil {
		return t.Written, nil
	}
	return t.Template()
}

// begin is what the outcome tells of an attempt that begins, and how long it runs. A daemon is ready, unless it fails
// at once, and runs until it is stopped, unless it fails.
func (o *Outcome) begin(t *executor.Task) (u executor.Update, takes time.Duration) {
	u, takes = executor.Update{PodIP: o.IP, HostNode: o.Host}, o.After
	fails := o.Err != nil || o.Result.Phase.FailedOrErrored()
	if !isDaemon(t) || fails && takes == 0 {
		return u, takes
	}
	if !fails {
		takes = math.MaxInt64
	}
	u.Ready = true
	if u.PodIP == "" {
		u.PodIP = "127.0.0.1"
	}
	return u, takes
}

func isDaemon(t *executor.Task) bool {
	template, err := templateOf(t)
	return err == nil && template.Daemon != nil && *template.Daemon
}

// exceeded is what the kubelet says of a Pod that ran longer than its activeDeadlineSeconds.
const exceeded = "Pod was active on the node longer than the specified deadline"

// activeDeadline is how long the task's Pod may run; 0 is for ever.
func activeDeadline(t *executor.Task) (time.Duration, error) {
	template, err := templateOf(t)
	if err != nil || template.ActiveDeadlineSeconds == nil {
		return 0, err
	}
	if template, err = t.Template(); err != nil {
		return 0, err
	}
	text := template.ActiveDeadlineSeconds.String()
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("activeDeadlineSeconds: %q is not a number of seconds above 0", text)
	}
	return time.Duration(n) * time.Second, nil
}

// exitCode is that of a program that succeeded; a Go function has none.
func exitCode(t *spec.Template) *int {
	if t.Container == nil && t.Script == nil {
		return nil
	}
	return &zero
}

var zero int

// outputs are the values of the template's outputs in the order of their declaration, with the names of those that
// have no value, and of the values that are no outputs.
func outputs(o *Outcome, template *spec.Template) (vs []executor.Value, lacks, unknown []string) {
	declared := template.Outputs.Parameters
	for i := range declared {
		p := &declared[i]
		v, ok := o.Result.Output(p.Name)
		switch {
		case ok:
		case p.ValueFrom != nil && p.ValueFrom.Default != nil:
			v = string(*p.ValueFrom.Default)
		case p.Value != nil:
			v = string(*p.Value)
		default:
			lacks = append(lacks, fmt.Sprintf("output %q", p.Name))
			continue
		}
		vs = append(vs, executor.Value{Name: p.Name, Value: v})
	}
	names := func(yield func(string) bool) {
		for i := range declared {
			if !yield(declared[i].Name) {
				return
			}
		}
	}
	for _, v := range o.Result.Outputs {
		isDeclared := slices.ContainsFunc(declared, func(p spec.Parameter) bool { return p.Name == v.Name })
		if !isDeclared && v.Name != "result" {
			unknown = append(unknown, fmt.Sprintf("output %q%s", v.Name, nearest.Hint(v.Name, names)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.files)) {
		of := template.Outputs.Artifacts
		if !slices.ContainsFunc(of, func(a spec.Artifact) bool { return a.Name == name }) {
			unknown = append(unknown, fmt.Sprintf("artifact %q%s", name,
				nearest.Hint(name, nearest.Names(of, func(a *spec.Artifact) string { return a.Name }))))
		}
	}
	return vs, lacks, unknown
}
