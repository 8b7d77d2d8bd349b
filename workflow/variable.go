package workflow

import (
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/internal/build"
)

// Variable is a name that the language defines, with the type of its value.
type Variable[T any] string

// Variables of the run that any text may use. See also the list in the package documentation.
const (
	Name      = Variable[string]("workflow.name")
	Namespace = Variable[string]("workflow.namespace")
	UID       = Variable[string]("workflow.uid")
	NodeName  = Variable[string]("node.name") // of the node that uses it
)

// Variables of a run that changes: in exit handlers, and in the conditions of the workflow's hooks.
const (
	Status   = Variable[Phase]("workflow.status") // of the entry template
	Failures = Variable[[]Failure]("workflow.failures")
	Duration = Variable[float64]("workflow.duration") // in seconds
)

// Variables of a node that is tried again: Retries in its template, the others in the condition of its [Retry] too.
const (
	Retries      = Variable[int]("retries") // 0 in the first attempt
	LastExitCode = Variable[int]("lastRetry.exitCode")
	LastStatus   = Variable[Phase]("lastRetry.status")
	LastMessage  = Variable[string]("lastRetry.message")
	LastDuration = Variable[float64]("lastRetry.duration") // in seconds
)

// Variables in the condition for the success of an [HTTP] request.
const (
	ResponseStatus = Variable[int]("response.statusCode")
	ResponseBody   = Variable[string]("response.body")
)

// Failure is an element of [Failures].
type Failure struct {
	DisplayName  string `json:"displayName"`
	Message      string `json:"message"`
	TemplateName string `json:"templateName"`
	Phase        Phase  `json:"phase"`
	PodName      string `json:"podName"`
	// FinishedAt is when the node ended.
	FinishedAt time.Time `json:"finishedAt"`
}

// Ref is the tag that stands for the variable.
func (v Variable[T]) Ref() string { return "{{" + string(v) + "}}" }

// Env is an environment variable that holds the value, for EnvVars.
func (v Variable[T]) Env(name string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: v.Ref()} }

// Is is the condition that the variable has this value. A number is compared as a number, all else as text.
func (v Variable[T]) Is(x T) Condition { return compare(v, "==", x) }

// IsNot is the opposite of Is.
func (v Variable[T]) IsNot(x T) Condition { return compare(v, "!=", x) }

func (v Variable[T]) from() (o build.Origin) { return o }
func (v Variable[T]) supplies() (t T)        { return t }

// Global is the name of an output that the whole workflow knows, with its type: what [OutputParam.Global] makes of an
// output. Who reads it must run later; nothing makes sure of that.
type Global[T any] string

// Ref is the tag that stands for the value: {{workflow.outputs.parameters.NAME}}.
func (g Global[T]) Ref() string { return "{{workflow.outputs.parameters." + string(g) + "}}" }

// Is is the condition that the output has this value. A number is compared as a number, all else as text.
func (g Global[T]) Is(x T) Condition { return compare(g, "==", x) }

// IsNot is the opposite of Is.
func (g Global[T]) IsNot(x T) Condition { return compare(g, "!=", x) }

func (g Global[T]) from() (o build.Origin) { return o }
func (g Global[T]) supplies() (t T)        { return t }

// Property is something that is known of every task and step, with its type.
type Property[T any] string

// The properties of tasks and steps.
const (
	NodePhase  = Property[Phase]("status")
	ExitCode   = Property[int]("exitCode")
	IP         = Property[string]("ip") // of the Pod: where a daemon listens
	StartedAt  = Property[time.Time]("startedAt")
	FinishedAt = Property[time.Time]("finishedAt")
)

// Of is the property of a task or step. Using it makes a task wait for n; a hook of n may use it as it is then.
func (p Property[T]) Of(n Node) Value[T] {
	c := build.CallOf(n)
	return Value[T]{build.Ref(c, string(p)), build.Origin{Call: c, Type: reflect.TypeFor[T]()}}
}
